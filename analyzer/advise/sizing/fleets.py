"""What is to be carried, and how many replicas of a candidate carry it together."""

from collections.abc import Callable
from dataclasses import dataclass

from analyzer.advise.capacity import replicas_for
from analyzer.advise.prices import Traffic
from analyzer.advise.sized import Peak, StatedCapacity
from analyzer.advise.sizing.choose import Gpus, Judged, headroom
from analyzer.advise.sizing.mix import Mix
from analyzer.advise.sizing.pool import Pooled, for_hours, for_rate
from analyzer.advise.sizing.question import Sizing
from analyzer.advise.sizing.search import QUICK, Effort, Engine, promised, slower
from analyzer.engine import ServingProfile
from analyzer.histogram import Histogram
from analyzer.replay import Requests

MEAN_FIELD_RHO = 0.7  # a saturation leaves no room for chance
TOGETHER = Effort(900, 6000, 60_000, 0.01)  # every candidate is tried


@dataclass(frozen=True, slots=True)
class Demanded:
    """What is to be carried: the peak, the mean traffic that is paid for, and the rate of the busiest hour.

    `hours` are recorded hours to replay, by `hour_names`, `seconds` the counts of requests in seconds; where there are
    records.
    """

    peak: Peak
    traffic: Traffic
    busy_hour_rps: float
    hours: tuple[Requests, ...] = ()
    seconds: Histogram | None = None
    hour_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fleet:
    """The replicas of one candidate that carry the load: `pooled` simulated together, the GPUs with the spare one."""

    pooled: Pooled
    gpus: Gpus


def fleets(sizing: Sizing, mix: Mix, demanded: Demanded, wanted: StatedCapacity) -> Callable[[Judged], Fleet]:
    """What answers the fleet of each candidate for this load, each found once; only for what keeps the objectives."""
    known: dict[ServingProfile, tuple[Judged, Fleet]] = {}

    def fleet(one: Judged) -> Fleet:
        profile = one.candidate.profile
        if profile not in known or known[profile][0] is not one:
            known[profile] = one, _fleet(one, sizing, mix, demanded, wanted)
        return known[profile][1]

    return fleet


def used_share(wanted: StatedCapacity, sizing: Sizing) -> float:
    """The share of a replica that may be used: less than all where no objective leaves room for chance."""
    return wanted.rho_max if promised(sizing.objectives) else min(wanted.rho_max, MEAN_FIELD_RHO)


def _fleet(one: Judged, sizing: Sizing, mix: Mix, demanded: Demanded, wanted: StatedCapacity) -> Fleet:
    """The fleet of one candidate, by the quotient where it is not simulated or no number keeps the objectives.

    With slower steps it takes no fewer than as expected; it is simulated shorter, as it is no more than an error bar.
    """
    rate, rho, carried = demanded.peak.rps, used_share(wanted, sizing), one.capacity.rps or 0.0
    each = one.candidate.profile.gpus_per_replica

    def replicas(carrying: int) -> int:
        return max(carrying, wanted.min_replicas) + wanted.n_plus_one

    def together(engine: Engine, rps: float, effort: Effort) -> tuple[Pooled, int]:
        bounds = replicas_for(rate, one.capacity.saturation_rps), replicas_for(rate, rps)
        simulated = promised(sizing.objectives) and rho == 1
        pooled = _pooled(engine, sizing, mix, demanded, bounds, effort) if simulated else Pooled(None, None)
        return pooled, replicas(replicas_for(rate, rps, rho) if pooled.replicas is None else pooled.replicas)

    pooled, own = together(one.candidate.engine, carried, TOGETHER)
    slow = None
    if one.slow_rps:
        longer = Engine(one.candidate.limits, slower(one.throughput.times, one.longest))
        slow = max(own, together(longer, one.slow_rps, QUICK)[1])
    gpus = Gpus(
        expected=each * own,
        slower=None if slow is None else each * slow,
        headroom=headroom(own - wanted.n_plus_one, carried, rate),
        kept=pooled.at is None or pooled.replicas is not None,
    )
    return Fleet(pooled, gpus)


def _pooled(
    engine: Engine, sizing: Sizing, mix: Mix, demanded: Demanded, bounds: tuple[int, int], effort: Effort
) -> Pooled:
    """The replicas simulated together, on the recorded hours where there are any, else with arrivals at the peak."""
    if demanded.hours:
        return for_hours(demanded.hours, engine, sizing.objectives, (1, bounds[1]), sizing.routing)
    return for_rate(mix, engine, sizing.objectives, demanded.peak.rps, bounds, effort, sizing.routing)
