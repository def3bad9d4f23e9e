"""`python -m tests.bench --fail-open`: what clients notice when the observer is stopped, full up, or killed."""

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from math import nan
from pathlib import Path
from statistics import median

from tests.bench import processes
from tests.bench.measure import Bench, Run
from tests.bench.peers import Place, Running, all_peers, launch
from tests.bench.programs import started_engine
from tests.bench.scenarios import WARM_UP, Scenario, scenarios
from tests.bench.summary import Spread, spread
from tests.bench.table import number
from tests.bench.targets import SIDECAR, Verdict

UNDISTURBED = "undisturbed"
STOPPED = "stopped"
FULL = "stopped, tap full"
KILLED = "killed"
AGAIN = "killed again and again"
KILLS = {KILLED: 1, AGAIN: 100}
"""How many observers are killed in one run, as long as it lasts."""
CONDITIONS = (UNDISTURBED, STOPPED, FULL, *KILLS)
SCENARIOS = "cr"
LIMIT = 1.2
HEAD = (
    "observer",
    "scenario",
    "p50, µs",
    "p99, µs",
    "p50 × undisturbed",
    "p99 × undisturbed",
    "relay CPU, µs",
    "rounds",
)
_FILLING = 0.6
"""Seconds of requests as fast as they go, after which an observer that is stopped has left the tap full."""
_KILL_SECONDS = 0.3
"""How long an observer that is killed lives, its start included."""


def runs(bench: Bench, engine: Path, sidecar: Path, seconds: float, rounds: int) -> Iterator[Run]:
    """Every scenario in each condition, which the run names as its peer; another order in each round."""
    work = [each for each in scenarios(seconds) if each.key in SCENARIOS]
    for turn in range(rounds):
        at = turn % len(CONDITIONS)
        for condition in CONDITIONS[at:] + CONDITIONS[:at]:
            with started_engine(engine, bench.load_core) as port, tempfile.TemporaryDirectory() as folder:
                place = Place(tuple(processes.free_ports(4)), port, Path(folder) / "proxy", sidecar)
                yield from _in(condition, bench, place, work, turn)


def _in(condition: str, bench: Bench, at: Place, work: Sequence[Scenario], turn: int) -> Iterator[Run]:
    """A new sidecar in one condition. Its observer's page is read only where nothing happens to the observer."""
    ours = next(each for each in all_peers() if each.name == SIDECAR)
    running = launch(replace(ours, name=condition), at, bench.proxy_core, bench.load_core)
    assert running.process is not None
    blind = replace(running, observer=())
    try:
        bench.run(WARM_UP, running, turn)
        if condition in {STOPPED, FULL}:
            _signal(running, signal.SIGSTOP)
        if condition == FULL:
            bench.run(next(each for each in scenarios(_FILLING) if each.key == "a"), blind, turn)
        for scenario in work:
            most = KILLS.get(condition)
            with _killing(running.process.pid, bench.load_core, most) if most else nullcontext():
                yield bench.run(scenario, running if condition == UNDISTURBED else blind, turn)
    finally:
        if condition in {STOPPED, FULL}:
            _signal(running, signal.SIGCONT)
        processes.end(running.process)


def _signal(running: Running, which: signal.Signals) -> None:
    for pid in running.observer:
        os.kill(pid, which)


@contextmanager
def _killing(supervisor: int, core: int, most: int) -> Iterator[None]:
    """Lets every observer that the supervisor starts run on its core, and kills the first `most` after a moment."""
    ended = threading.Event()
    seen: dict[int, float] = {}
    killed: set[int] = set()

    def look() -> None:
        for pid in processes.children(supervisor):
            if "observer" not in processes.title(pid):
                continue
            if pid not in seen:
                seen[pid] = time.monotonic()
                processes.place(pid, core, nice=19)
            elif time.monotonic() - seen[pid] > _KILL_SECONDS and len(killed | {pid}) <= most:
                killed.add(pid)
                os.kill(pid, signal.SIGKILL)

    def keep_looking() -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)  # the load generator has this core, too
        while not ended.wait(0.05):
            with suppress(OSError):  # it has just ended
                look()

    thread = threading.Thread(target=keep_looking)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def rows(found: Sequence[Run]) -> list[list[str]]:
    """A row for each scenario and condition, with `HEAD` above: medians, and ratios within the same round."""
    shown = []
    for (scenario, condition), group in _groups(found).items():
        compared = _pairs(group, found)
        shown.append(
            [
                condition,
                scenario,
                *(number(_known(map(value, group))) for value in (_p50, _p99)),
                *(_shown(_ratio(compared, value)) for value in (_p50, _p99)),
                number(_known(run.relay_us for run in group)) + _wrong(group),
                f"{len(group)}",
            ]
        )
    return shown


def _pairs(group: Sequence[Run], found: Sequence[Run]) -> list[tuple[Run, Run]]:
    """Each run with the undisturbed one of its round."""
    base = {(each.scenario, each.round): each for each in found if each.peer == UNDISTURBED}
    return [(each, base[each.scenario, each.round]) for each in group if (each.scenario, each.round) in base]


def _ratio(pairs: Sequence[tuple[Run, Run]], value: Callable[[Run], float | None]) -> Spread | None:
    known = ((value(mine), value(base)) for mine, base in pairs)
    return spread(mine / base if mine is not None and base else None for mine, base in known)


def verdicts(found: Sequence[Run]) -> list[Verdict]:
    """p99 in each condition beside the undisturbed run."""
    judged = []
    for (scenario, condition), group in _groups(found).items():
        times = _ratio(_pairs(group, found), _p99)
        if condition != UNDISTURBED and times is not None:
            judged.append(Verdict(f"p99 in {scenario}, observer {condition}", LIMIT, times.median, "× undisturbed"))
    return judged


def _p50(run: Run) -> float | None:
    return run.p50_us


def _p99(run: Run) -> float | None:
    return run.p99_us


def _known(values: Iterable[float | None]) -> float:
    return median(value if value is not None else nan for value in values)


def _groups(found: Sequence[Run]) -> Mapping[tuple[str, str], list[Run]]:
    groups: dict[tuple[str, str], list[Run]] = {}
    for key in SCENARIOS:
        for condition in CONDITIONS:
            group = [each for each in found if (each.scenario, each.peer) == (key, condition)]
            if group:
                groups[key, condition] = group
    return groups


def _shown(value: Spread | None) -> str:
    return f"{value.median:.2f} ({value.low:.2f}–{value.high:.2f})" if value is not None else "–"


def _wrong(group: Sequence[Run]) -> str:
    wrong = sum(run.wrong.get(why, 0) for run in group for why in ("refused", "broken", "bad", "unfinished"))
    return f", {wrong:,} wrong" if wrong else ""
