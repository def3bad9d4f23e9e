"""Runs become figures: the median and range over rounds, and ratios to nginx within the same round."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.measure import PHASES, Run

BASE = "nginx"
DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some rounds, and the lowest and highest."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Own:
    """What the sidecar itself says that it added in one phase, in microseconds."""

    p50: Spread
    p99: Spread


@dataclass(frozen=True, slots=True)
class Figure:
    """One proxy in one scenario; None where a quantity does not exist or nothing was measured.

    CPU is in microseconds per unit, latencies in microseconds, memory in KB. Latency is what the proxy adds to the
    direct way of the same round. A ratio is the median over rounds of (this / nginx), the range beside it. `own` is the
    sidecar's own measure, by phase.
    """

    peer: str
    scenario: str
    rounds: int
    cpu: Spread | None
    cpu_ratio: Spread | None
    system: float | None
    core: float
    rate: float
    added_p50: Spread | None
    added_p99: Spread | None
    p50_ratio: Spread | None
    p99_ratio: Spread | None
    first: Spread | None
    first_ratio: Spread | None
    rss_idle_kb: float
    rss_kb: float
    observer: Spread | None
    observer_rss_kb: float
    exchanges: int
    dropped: int
    wrong: int
    unfinished: int
    foreign: float
    own: Mapping[str, Own]


def spread(values: Iterable[float | None]) -> Spread | None:
    """Median and range of the values that exist; None where none does."""
    known = [value for value in values if value is not None]
    return Spread(median(known), min(known), max(known)) if known else None


def figures(runs: Sequence[Run]) -> list[Figure]:
    """A figure for each proxy and scenario, in the order in which they first ran."""
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.peer, run.scenario), []).append(run)
    by_round = {(run.peer, run.scenario, run.round): run for run in runs}

    def beside(run: Run, peer: str) -> Run | None:
        return by_round.get((peer, run.scenario, run.round))

    return [_figure(group, beside) for group in groups.values()]


_Beside = Callable[[Run, str], Run | None]


def _figure(group: Sequence[Run], beside: _Beside) -> Figure:
    def ratio(value: Callable[[Run], float | None]) -> Spread | None:
        return spread(_divided(value(run), value(base)) for run in group if (base := beside(run, BASE)) is not None)

    def added(value: Callable[[Run], float | None]) -> Callable[[Run], float | None]:
        def difference(run: Run) -> float | None:
            direct = beside(run, DIRECT)
            with_proxy, without = value(run), value(direct) if direct is not None else None
            return with_proxy - without if with_proxy is not None and without is not None else None

        return difference

    p50, p99 = added(lambda run: run.p50_us), added(lambda run: run.p99_us)
    return Figure(
        peer=group[0].peer,
        scenario=group[0].scenario,
        rounds=len(group),
        cpu=spread(run.relay_us for run in group),
        cpu_ratio=ratio(lambda run: run.relay_us),
        system=_median(run.system for run in group),
        core=median(run.core for run in group),
        rate=median(run.rate for run in group),
        added_p50=spread(map(p50, group)),
        added_p99=spread(map(p99, group)),
        p50_ratio=ratio(p50),
        p99_ratio=ratio(p99),
        first=spread(run.first_p50_us for run in group),
        first_ratio=ratio(lambda run: run.first_p50_us),
        rss_idle_kb=median(run.rss_idle_kb for run in group),
        rss_kb=median(run.rss_kb for run in group),
        observer=spread(run.observer_us for run in group),
        observer_rss_kb=median(run.observer_rss_kb for run in group),
        exchanges=sum(run.exchanges for run in group),
        dropped=sum(sum(run.dropped.values()) for run in group),
        wrong=sum(run.wrong.get(why, 0) for run in group for why in ("refused", "broken", "bad")),
        unfinished=sum(run.wrong.get("unfinished", 0) for run in group),
        foreign=max(run.foreign for run in group),
        own={phase: own for phase in PHASES if (own := _own(group, phase)) is not None},
    )


def _own(group: Sequence[Run], phase: str) -> Own | None:
    known = [run.own[phase] for run in group if phase in run.own]
    p50, p99 = spread(each.p50_us for each in known), spread(each.p99_us for each in known)
    return Own(p50, p99) if p50 is not None and p99 is not None else None


def _divided(value: float | None, base: float | None) -> float | None:
    return value / base if value is not None and base is not None and base > 0 else None


def _median(values: Iterable[float | None]) -> float | None:
    found = spread(values)
    return found.median if found is not None else None
