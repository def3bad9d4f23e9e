"""Where the relay's time goes in one scenario: the kernel's share, and the functions that took the most."""

import subprocess
from collections import Counter
from pathlib import Path

from tests.bench import processes
from tests.bench.measure import Bench
from tests.bench.peers import BENCH_PYTHON, Place, all_peers, launch
from tests.bench.scenarios import WARM_UP, scenarios
from tests.bench.targets import SIDECAR

_SECONDS = 4.0
_LINES = 30


def profile(bench: Bench, at: Place, key: str, out: Path) -> str:
    """Runs one scenario with py-spy on relay and observer; returns the text that is also written to `out`.

    Raises SystemExit where py-spy is not installed. Sampling slows the process down by a few per cent.
    """
    spy = BENCH_PYTHON.with_name("py-spy")
    if not spy.exists():
        raise SystemExit("A profile needs py-spy in .venv-bench: `make bench` installs it.")
    peer = next(each for each in all_peers() if each.name == SIDECAR)
    scenario = next((each for each in scenarios(_SECONDS) if each.key == key), None)
    if scenario is None:
        raise SystemExit(f"There is no scenario {key!r} that can be profiled.")
    running = launch(peer, at, bench.proxy_core, bench.load_core)
    try:
        bench.run(WARM_UP, running, 0)
        spies = {
            who: _spy(spy, pid, option, at.folder / who, bench.load_core)
            for who, pid, option in (
                ("relay", running.relay[0], "--native"),  # half of its time is the kernel's
                ("observer", running.observer[0], "--gil"),  # most of its threads wait
            )
        }
        run = bench.run(scenario, running, 0)
        for each in spies.values():
            each.wait()
        told = [
            f"Scenario {key}: {scenario.title}; relay {run.relay_us:.1f} µs per {scenario.unit} under the profiler, "
        ]
        told[0] += f"{run.system or 0:.0%} of it in the kernel; observer {run.observer_us or 0:.1f} µs."
        told += [f"\n{who}\n{top((at.folder / who).read_text())}" for who in spies]
    finally:
        if running.process is not None:
            processes.end(running.process)
    text = "\n".join(told) + "\n"
    (out / f"profile-{key}.txt").write_text(text)
    return text


def _spy(spy: Path, pid: int, option: str, to: Path, core: int) -> "subprocess.Popen[str]":
    seconds = str(int(_SECONDS) + 1)
    options = [option, "--duration", seconds, "--rate", "400", "--format", "raw", "--output", str(to)]
    return processes.start([str(spy), "record", "--pid", str(pid), *options], core, subprocess.DEVNULL)


def top(stacks: str) -> str:
    """The functions with most samples of py-spy's raw format (`outer;…;inner count`): their own, and with callees."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        names = stack.split(";")
        own[names[-1]] += int(count)
        for name in set(names):
            whole[name] += int(count)
    total = sum(own.values()) or 1
    lines = ["   own    all"]
    lines += [f"{n / total:6.1%} {whole[name] / total:6.1%}  {name}" for name, n in own.most_common(_LINES)]
    lines.append("with callees, Python functions only")
    # what every stack has says nothing
    inside = [(name, n) for name, n in whole.most_common() if ".py:" in name and own[name] < n < 0.98 * total]
    lines += [f"{own[name] / total:6.1%} {n / total:6.1%}  {name}" for name, n in inside[:_LINES]]
    return "\n".join(lines)
