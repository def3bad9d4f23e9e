"""`python -m tests.bench --workers`: how much more two relays carry than one where all shares the same two cores."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench import processes
from tests.bench.measure import set_engine
from tests.bench.peers import Place, Running, launch, workers
from tests.bench.programs import started_engine
from tests.bench.scenarios import WARM_UP, Scenario
from tests.bench.table import number

COUNTS = (1, 2)
HEAD = (
    "workers",
    "scenario",
    "units a second",
    "× 1 worker",
    "relays, µs",
    "observer, µs",
    "engine and load, µs",
    "cores busy",
)
_WAITING_SECONDS = 1.0
"""How long the observer may still work between two runs."""


@dataclass(frozen=True, slots=True)
class Share:
    """One run: units per second, and microseconds of processor time per unit during the measured window.

    `rest_us` is what engine and load generator took, the bench itself included. `busy` is how many cores were busy, of
    `cores`, and `foreign` how many of them with programs of others. `wrong` answers are those that were not whole.
    """

    workers: int
    scenario: str
    round: int
    rate: float
    relays_us: float
    observer_us: float
    rest_us: float
    busy: float
    foreign: float
    cores: int
    wrong: int


def shares(engine: Path, load: Path, work: Sequence[Scenario], rounds: int, cores: Sequence[int]) -> Iterator[Share]:
    """Every scenario with each number of workers, the other way round in every other round."""
    for turn in range(rounds):
        for count in COUNTS if turn % 2 == 0 else COUNTS[::-1]:
            with started_engine(engine, None) as port, tempfile.TemporaryDirectory() as folder:
                at = Place(tuple(processes.free_ports(4)), port, Path(folder) / "proxy")
                running = launch(workers(count), at, None, None)
                try:
                    _run(WARM_UP, running, load, count, turn, cores)
                    for scenario in work:
                        yield _run(scenario, running, load, count, turn, cores)
                        time.sleep(_WAITING_SECONDS)
                finally:
                    if running.process is not None:
                        processes.end(running.process)


def _run(scenario: Scenario, running: Running, load: Path, count: int, turn: int, cores: Sequence[int]) -> Share:
    set_engine(running.at.engine, scenario)
    program = processes.start([str(load), *scenario.arguments(running.port, 0)], None, subprocess.PIPE)
    assert program.stdout is not None
    readings = []
    for name in ("begin", "end"):
        if program.stdout.readline().strip() != name:
            raise SystemExit(f"The load generator failed in scenario {scenario.key} with {count} workers.")
        readings.append(_reading(running, cores))
    said = json.loads(program.stdout.read())
    program.wait()
    window, relays, observer, ours, idle = (after - before for before, after in zip(*readings, strict=True))
    busy = len(cores) * window - idle
    units = max(1, said["requests" if scenario.unit == "request" else "chunks"])
    return Share(
        workers=count,
        scenario=scenario.key,
        round=turn,
        rate=units / said["seconds"],
        relays_us=relays / 1000 / units,
        observer_us=observer / 1000 / units,
        rest_us=(ours - relays - observer) / 1000 / units,
        busy=busy / window,
        foreign=max(0.0, (busy - ours) / window),
        cores=len(cores),
        wrong=said["refused"] + said["broken"] + said["bad"],
    )


def _reading(running: Running, cores: Sequence[int]) -> tuple[int, ...]:
    """Nanoseconds so far: the time, what relays, the observer and all of ours used, what the cores idled."""
    ours = processes.tree(os.getpid())
    used = (processes.cpu(pids).total_ns for pids in (running.relay, running.observer, ours))
    return (time.monotonic_ns(), *used, sum(map(processes.idle_ns, cores)))


def rows(found: Sequence[Share]) -> list[list[str]]:
    """A row for each scenario and number of workers, with `HEAD` above: medians of the rounds, and ranges of rates."""
    groups: dict[tuple[str, int], list[Share]] = {}
    for each in sorted(found, key=lambda share: share.workers):
        groups.setdefault((each.scenario, each.workers), []).append(each)
    alone = {(each.scenario, each.round): each.rate for each in found if each.workers == 1}
    order = list(dict.fromkeys(each.scenario for each in found))
    return [_row(groups[key], alone) for key in sorted(groups, key=lambda key: (order.index(key[0]), key[1]))]


def _row(group: Sequence[Share], alone: Mapping[tuple[str, int], float]) -> list[str]:
    first, rates = group[0], [each.rate for each in group]
    times = median(each.rate / alone[each.scenario, each.round] for each in group)
    wrong = sum(each.wrong for each in group)
    return [
        str(first.workers),
        first.scenario,
        f"{median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f})" + (f", {wrong:,} wrong" if wrong else ""),
        f"{times:.2f}",
        *(
            number(median(us))
            for us in zip(*((each.relays_us, each.observer_us, each.rest_us) for each in group), strict=True)
        ),
        f"{median(each.busy for each in group):.2f} of {first.cores}",
    ]
