"""`python -m tests.bench`: measures the sidecar beside other proxies, and prints what it found."""

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from contextlib import nullcontext, suppress
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from tests.bench import document, fail_open, plot, processes, profiling, programs, table, workers
from tests.bench.measure import Bench, Run
from tests.bench.peers import Peer, Place, all_peers, launch
from tests.bench.scenarios import STALL, WARM_UP, Scenario, scenarios
from tests.bench.summary import figures
from tests.bench.targets import verdicts

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance.md"
FULL = (4, 1.5)
QUICK = (2, 0.5)
_TAIL = 4
_WIDTH = 110
_NOISE = 0.05


def main() -> int:
    """Runs the bench; returns the exit status."""
    told = _told()
    _prepare(told)
    with processes.awake() if told.awake or told.fail_open else nullcontext():
        return _measure(told)


def _measure(told: argparse.Namespace) -> int:
    engine, load = programs.compiled(told.out / "programs")
    if told.workers:
        _workers(told, engine, load)
        return 0
    bench = Bench(load, told.load_core, told.proxy_core)
    work = [each for each in (*scenarios(told.seconds, _TAIL), STALL) if each.key in told.scenarios]
    if told.fail_open:
        _fail_open(told, bench, engine)
        return 0
    if told.profile:
        with programs.started_engine(engine, told.load_core) as port, tempfile.TemporaryDirectory() as folder:
            at = Place(tuple(processes.free_ports(4)), port, Path(folder) / "proxy", told.sidecar)
            print(profiling.profile(bench, at, told.profile, told.out))
        return 0
    peers = _chosen(told.peers, quick=told.quick)
    runs: list[Run] = []
    console = Console()
    console.width = max(console.width, _WIDTH)
    started = time.monotonic()
    for number in range(told.rounds):
        # another order in each round, so that no proxy is always measured after the same other one
        for peer in peers[number % len(peers) :] + peers[: number % len(peers)]:
            if peer.rounds < 1 and number >= max(1, round(peer.rounds * told.rounds)):
                continue
            console.print(f"[dim]{time.monotonic() - started:4.0f} s  round {number + 1}, {peer.name}[/]")
            runs += _runs(bench, engine, told.sidecar, peer, work, number)
    _report(console, told, peers, work, runs)
    return 0


def _told() -> argparse.Namespace:
    cores = sorted(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser("tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two short rounds, without what takes long")
    parser.add_argument("--rounds", type=int, help=f"rounds ({FULL[0]}, quick {QUICK[0]})")
    length = f"length of one measurement ({FULL[1]}, quick {QUICK[1]}), of (c) {_TAIL} times that"
    parser.add_argument("--seconds", type=float, help=length)
    parser.add_argument("--scenarios", help="their letters (rcfeadbs)")
    parser.add_argument("--peers", help="names, separated by commas, or all (those of make bench)")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench", help="folder for results (build/bench)")
    parser.add_argument("--load-core", type=int, default=cores[0], help="core of engine and load generator")
    parser.add_argument("--proxy-core", type=int, default=cores[-1], help="core of the proxy")
    parser.add_argument("--sidecar", type=Path, default=ROOT, help="checkout whose sidecar is measured (this one)")
    parser.add_argument("--priority", action="store_true", help="take precedence over other programs (needs root)")
    parser.add_argument("--awake", action="store_true", help="keep idle cores from sleeping (needs root)")
    parser.add_argument("--write", action="store_true", help="also write the run into docs/performance.md")
    parser.add_argument("--workers", action="store_true", help="compare two relays with one on two cores instead")
    parser.add_argument("--fail-open", action="store_true", help="trouble the observer under traffic instead")
    parser.add_argument("--profile", metavar="SCENARIO", help="say where the relay's time goes instead")
    told = parser.parse_args()
    rounds, seconds = QUICK if told.quick else (fail_open.ROUNDS, fail_open.SECONDS) if told.fail_open else FULL
    told.rounds, told.seconds = told.rounds or rounds, told.seconds or seconds
    told.scenarios = told.scenarios or ("rcfeadb" if told.quick else "rcfeadbs")
    if told.load_core == told.proxy_core:
        parser.error("the bench needs two cores, one of them for the proxy alone")
    return told


def _prepare(told: argparse.Namespace) -> None:
    """Many files, and the driver beside the load generator, where it sleeps during a measurement."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.sched_setaffinity(0, {told.load_core, told.proxy_core} if told.workers else {told.load_core})
    if told.priority:
        with suppress(PermissionError):  # a session of our own, so that only the bench gets it
            os.setsid()
        processes.prefer(os.getpid(), -19)
    told.out.mkdir(parents=True, exist_ok=True)


def _chosen(names: str | None, *, quick: bool) -> list[Peer]:
    known = {peer.name: peer for peer in all_peers()}
    usual = [peer.name for peer in known.values() if not (peer.extra or (quick and peer.rounds < 1))]
    wanted = list(known) if names == "all" else [name.strip() for name in names.split(",")] if names else usual
    for name in wanted:
        if name not in known:
            raise SystemExit(f"There is no proxy {name!r}; there are: {'; '.join(known)}.")
        if known[name].missing:
            print(f"{name} is left out, because it is not installed.", file=sys.stderr)
    return [known[name] for name in wanted if not known[name].missing]


def _runs(bench: Bench, engine: Path, sidecar: Path, peer: Peer, work: list[Scenario], number: int) -> list[Run]:
    """All scenarios against one proxy; one that left answers unfinished is started anew for the next."""
    runs: list[Run] = []
    left = [each for each in work if not peer.scenarios or each.key in peer.scenarios]
    while left:
        with programs.started_engine(engine, bench.load_core) as port, tempfile.TemporaryDirectory() as folder:
            at = Place(tuple(processes.free_ports(4)), port, Path(folder) / "proxy", sidecar)
            running = launch(peer, at, bench.proxy_core, bench.load_core)
            try:
                bench.run(WARM_UP, running, number)
                while left:
                    runs.append(bench.run(left.pop(0), running, number))
                    if runs[-1].wrong.get("unfinished"):
                        break
            finally:
                if running.process is not None:
                    processes.end(running.process)
    return runs


def _workers(told: argparse.Namespace, engine: Path, load: Path) -> None:
    """Relays, observer, engine and load generator share the two cores, so that all inherit where the bench may run."""
    work = [each for each in scenarios(told.seconds) if each.key in "ab"]
    cores = (told.load_core, told.proxy_core)
    found = list(workers.shares(engine, load, work, told.rounds, cores))
    console = Console()
    console.width = max(console.width, _WIDTH)
    table.show_rows(console, "One relay and two, on the same two cores", workers.HEAD, workers.rows(found))
    machine = programs.machine()
    foreign = max(each.foreign for each in found)
    if foreign > _NOISE:
        machine["not quiet"] = f"other programs used up to {foreign:.2f} of the two cores during a run"
        console.print(f"\n[yellow]The machine was not quiet: {machine['not quiet']}.[/]")
    result = {"machine": machine, "seconds": told.seconds, "runs": [asdict(each) for each in found]}
    (told.out / "workers.json").write_text(json.dumps(result, indent=1) + "\n")
    console.print(f"\nResults are in {told.out}: workers.json.")
    if told.write:
        about = {**machine, "rounds": str(told.rounds), "seconds each": str(told.seconds)}
        document.write(PAGE, document.measured(about, workers.HEAD, workers.rows(found)), "workers")
        console.print(f"{PAGE} holds this run.")


def _fail_open(told: argparse.Namespace, bench: Bench, engine: Path) -> None:
    console = Console()
    console.width = max(console.width, _WIDTH)
    found: list[Run] = []
    accounts: list[fail_open.Account] = []
    for each in fail_open.results(bench, engine, told.sidecar, told.seconds, told.rounds):
        if isinstance(each, Run):
            console.print(f"[dim]round {each.round + 1}, {each.peer}, {each.scenario}: p99 {each.p99_us:,.0f} µs[/]")
            found.append(each)
        else:
            accounts.append(each)
    body, judged, lost = fail_open.rows(found), fail_open.verdicts(found), fail_open.lost(accounts)
    table.show_rows(console, "What clients notice of the observer's troubles", fail_open.HEAD, body)
    console.print(table.targets(judged))
    table.show_rows(console, "What became of the requests, in all rounds", fail_open.LOST, lost)
    machine = programs.machine()
    starting = {each.name for each in fail_open.CONDITIONS if "killed" in each.name}  # there our own observers start
    foreign = max(run.foreign for run in found if run.peer not in starting)
    if foreign > _NOISE:
        machine["not quiet"] = f"other programs used up to {foreign:.0%} of the proxy's core during a run"
        console.print(f"\n[yellow]The machine was not quiet: {machine['not quiet']}.[/]")
    result = {
        "machine": machine,
        "seconds": told.seconds,
        "runs": [asdict(run) for run in found],
        "accounts": [{**asdict(each), "unaccounted": each.unaccounted} for each in accounts],
    }
    (told.out / "fail-open.json").write_text(json.dumps(result, indent=1) + "\n")
    console.print(f"\nResults are in {told.out}: fail-open.json.")
    if told.write:
        about = {**machine, "rounds": str(told.rounds), "seconds each": str(told.seconds)}
        grids = (document.grid(fail_open.HEAD, body), document.judged(judged), document.grid(fail_open.LOST, lost))
        document.write(PAGE, "\n\n".join((*grids, document.measured_on(about))) + "\n", "fail-open")
        console.print(f"{PAGE} holds this run.")


def _report(
    console: Console, told: argparse.Namespace, peers: list[Peer], work: list[Scenario], runs: list[Run]
) -> None:
    order = {peer.name: place for place, peer in enumerate(peers)}
    found = sorted(figures(runs), key=lambda figure: order[figure.peer])
    offered = next((each.offered for each in work if each.key == "e"), None)
    judged = verdicts(found, offered)
    table.show(console, work, found, judged)
    foreign = max((run.foreign for run in runs), default=0.0)
    noise = f"other programs used up to {foreign:.0%} of the proxy's core during a run"
    if foreign > _NOISE:
        console.print(f"\n[yellow]The machine was not quiet: {noise}.[/]")
    plot.draw(work, found, told.out / "bench.svg")
    machine, versions = programs.machine(), programs.versions(filter(None, (peer.environment for peer in peers)))
    result = {
        "machine": machine,
        "programs": versions,
        "rounds": told.rounds,
        "seconds": told.seconds,
        "figures": [asdict(figure) for figure in found],
        "targets": [{**asdict(each), "met": each.met} for each in judged],
        "runs": [asdict(run) for run in runs],
    }
    (told.out / "bench.json").write_text(json.dumps(result, indent=1) + "\n")
    console.print(f"\nResults are in {told.out}: bench.json and bench.svg.")
    if told.write:
        seconds = f"{told.seconds}, of c {_TAIL * told.seconds}"
        about = {**machine, **versions, "rounds": str(told.rounds), "seconds each": seconds}
        if foreign > _NOISE:
            about["not quiet"] = noise
        document.write(PAGE, document.markdown(about, work, found, judged))
        shutil.copyfile(told.out / "bench.svg", PAGE.parent / "images" / "bench.svg")
        console.print(f"{PAGE} holds this run.")


if __name__ == "__main__":
    sys.exit(main())
