"""`python -m tests.bench --fail-open`: what clients notice of an observer in trouble, and what it costs the account."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path
from statistics import median

from tests.bench import processes, scrape, troubles
from tests.bench.measure import Bench, Run
from tests.bench.peers import Peer, Place, all_peers, launch
from tests.bench.programs import started_engine
from tests.bench.scenarios import WARM_UP, Scenario, scenarios
from tests.bench.soak.account import Terms, terms
from tests.bench.summary import Spread, spread
from tests.bench.table import number
from tests.bench.targets import SIDECAR, Verdict
from tests.bench.troubles import Condition

UNDISTURBED = "undisturbed"
CONTROL = "undisturbed, again"
"""What two runs differ by of which nothing befalls the observer: the noise of the machine."""
CONDITIONS = (
    Condition(UNDISTURBED, troubles.untouched, told=True),
    Condition("killed", troubles.killed_once),
    Condition("killed again and again", troubles.killed_again),
    Condition("stopped", troubles.stopped),
    Condition("slow", troubles.slowed),
    Condition(CONTROL, troubles.untouched, told=True),
    Condition("disk full", troubles.untouched, troubles.small_disk, filled=True, told=True),
    Condition("tokenizer broken", troubles.untouched, troubles.broken_tokenizer, told=True),
    Condition("stopped, tap full", troubles.stopped, filled=True),
)
ROUNDS, SECONDS = 5, 8.0
"""So long, because the hundredth of 1.5 seconds is made of four stretches of the scheduler's tick, 4 ms here."""
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
LOST = ("observer", "forwarded", "rows on disk", "dropped", "lost", "unaccounted for")
_FILLING_SECONDS = 0.6
"""Of requests as fast as they go, after which an observer that is stopped has left the tap full."""
_SETTLING_SECONDS = 30.0
"""An observer that was killed five times is started again after pauses of up to 5 seconds."""


@dataclass(frozen=True, slots=True)
class Account:
    """What became of all requests of one sidecar, when its observer had recovered."""

    condition: str
    round: int
    terms: Terms

    @property
    def unaccounted(self) -> int:
        """Requests that are neither on disk nor counted as dropped or lost."""
        return self.terms.difference - sum(self.terms.lost.values())


def results(bench: Bench, engine: Path, sidecar: Path, seconds: float, rounds: int) -> Iterator[Run | Account]:
    """Every scenario in each condition, which the run names as its peer; another order in each round."""
    work = [each for each in scenarios(seconds) if each.key in SCENARIOS]
    for turn in range(rounds):
        at = turn * len(CONDITIONS) // rounds
        for condition in CONDITIONS[at:] + CONDITIONS[:at]:
            with started_engine(engine, bench.load_core) as port, tempfile.TemporaryDirectory() as folder:
                place = Place(tuple(processes.free_ports(4)), port, Path(folder) / "proxy", sidecar)
                with condition.prepare(place.folder) as options:
                    yield from _in(condition, options, bench, place, work, turn)


def _in(
    condition: Condition, options: Sequence[str], bench: Bench, at: Place, work: Sequence[Scenario], turn: int
) -> Iterator[Run | Account]:
    """A new sidecar in one condition. Its observer's page is read only where it can answer."""
    running = launch(_sidecar(condition.name, options), at, bench.proxy_core, bench.load_core)
    assert running.process is not None
    seen = running if condition.told else replace(running, observer=())
    filling = next(each for each in scenarios(_FILLING_SECONDS) if each.key == "a")
    try:
        bench.run(WARM_UP, running, turn)
        for scenario in work:
            running = replace(running, observer=troubles.observers(running.process.pid))
            with condition.trouble(running, bench.load_core):
                if condition.filled:
                    bench.run(filling, seen, turn)
                run = bench.run(scenario, seen, turn)
            account = _settled(at)
            yield run
        yield Account(condition.name, turn, account)
    finally:
        processes.end(running.process)


def _sidecar(name: str, options: Sequence[str]) -> Peer:
    """The sidecar of the bench under another name, with more options."""
    ours = next(each for each in all_peers() if each.name == SIDECAR)

    def command(at: Place) -> list[str]:
        assert ours.command is not None
        return [*ours.command(at), *options]

    return replace(ours, name=name, command=command)


def _settled(at: Place) -> Terms:
    """The account once an observer has recovered and all is in its place, or when waiting any longer is pointless."""
    limit = time.monotonic() + _SETTLING_SECONDS
    found = None
    while time.monotonic() < limit:
        with suppress(OSError):  # nobody answers: an observer is about to start
            found = terms(scrape.read(f"http://127.0.0.1:{at.ports[1]}/metrics"), at.folder / "records")
            if found.exact or found.difference == sum(found.lost.values()) > 0:
                return found
        time.sleep(0.2)
    if found is None:
        raise SystemExit(f"No observer has answered for {_SETTLING_SECONDS:.0f} seconds.")
    return found


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


def lost(found: Sequence[Account]) -> list[list[str]]:
    """A row for each condition, with `LOST` above: the sums of all rounds."""
    shown = []
    for name in dict.fromkeys(each.condition for each in found):
        group = [each for each in found if each.condition == name]
        dropped, gone = Counter[str](), Counter[str]()
        for each in group:
            dropped.update(each.terms.dropped)
            gone.update(each.terms.lost)
        counts = (sum(each.terms.forwarded for each in group), sum(each.terms.rows for each in group))
        unaccounted = sum(abs(each.unaccounted) for each in group)
        shown.append([name, *(f"{n:,}" for n in counts), _by_reason(dropped), _by_reason(gone), f"{unaccounted:,}"])
    return shown


def _by_reason(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{why} {n:,}" for why, n in counts.items() if n) or "–"


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
        if condition not in {UNDISTURBED, CONTROL} and times is not None:
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
            group = [each for each in found if (each.scenario, each.peer) == (key, condition.name)]
            if group:
                groups[key, condition.name] = group
    return groups


def _shown(value: Spread | None) -> str:
    return f"{value.median:.2f} ({value.low:.2f}–{value.high:.2f})" if value is not None else "–"


def _wrong(group: Sequence[Run]) -> str:
    wrong = sum(run.wrong.get(why, 0) for run in group for why in ("refused", "broken", "bad", "unfinished"))
    return f", {wrong:,} wrong" if wrong else ""
