"""How many replicas behind one router carry a load, by simulating them together."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analyzer.advise.capacity import Objectives
from analyzer.advise.sizing.mix import Mix
from analyzer.advise.sizing.search import FULL, Effort, Engine, run
from analyzer.advise.sizing.streams import CHANCE
from analyzer.advise.sizing.trial import Trial, trial
from analyzer.replay import Pool, Requests, Routing, replay

MOST_TIMES = 64
EASED = 0.99
_SELDOM = 1e-3
"""Requests per second where the peak is none: they come one at a time, and one of them must fit all the same."""


@dataclass(frozen=True, slots=True)
class Pooled:
    """The fewest replicas that keep the objectives together, and what their requests see; `None`: no number does.

    `hour` is the place of the recorded hour that `at` is of, where hours were replayed.
    """

    replicas: int | None
    at: Trial | None
    hour: int | None = None


def for_rate(
    mix: Mix,
    engine: Engine,
    objectives: Objectives,
    rate: float,
    bounds: tuple[int, int],
    effort: Effort = FULL,
    routing: Routing = "least_outstanding",
    dispersion: float = CHANCE,
) -> Pooled:
    """The fewest replicas that keep `objectives` at `rate` requests per second in all.

    `bounds` are the fewest and the most that are likely: the rate over the saturation of one, and over what one alone
    carries within the objectives. A pool does better than its parts alone, because a router evens out what chance does
    to each of them.
    """
    rate = max(rate, _SELDOM)

    def at(replicas: int) -> Trial:
        return run(mix, engine, rate, objectives.percentile, effort, Pool(replicas, routing), dispersion)

    return _fewest(at, objectives, bounds)


def for_hours(
    hours: Sequence[Requests],
    engine: Engine,
    objectives: Objectives,
    bounds: tuple[int, int],
    routing: Routing = "least_outstanding",
) -> Pooled:
    """The fewest replicas that keep `objectives` in each of the recorded `hours`, arrivals as they were.

    The trial that is answered is that of the hour with the longest TTFT. Whether the load grows is not judged: within
    an hour it does.
    """
    places: dict[Trial, int] = {}

    def at(replicas: int) -> Trial:
        seen = [_recorded(one, engine, objectives, Pool(replicas, routing)) for one in hours]
        places.update(zip(seen, range(len(seen)), strict=True))
        missing = [one for one in seen if one.missed(objectives)]
        return max(missing or seen, key=lambda one: one.ttft_ms)

    found = _fewest(at, objectives, bounds)
    return dataclasses.replace(found, hour=None if found.at is None else places[found.at])


def _recorded(requests: Requests, engine: Engine, objectives: Objectives, pool: Pool) -> Trial:
    seen = trial(requests, replay(requests, engine.limits, engine.times, pool), objectives.percentile)
    return dataclasses.replace(seen, steady=True)


def _fewest(at: Callable[[int], Trial], objectives: Objectives, bounds: tuple[int, int]) -> Pooled:
    """Bisection over whole numbers; where the upper bound is not enough it is doubled as long as that helps."""
    low, high = max(1, bounds[0]), max(1, *bounds)
    most = high * MOST_TIMES
    found = at(high)
    while found.missed(objectives):
        more = at(2 * high)
        if 2 * high > most or (more.missed(objectives) and not _eased(found, more, objectives)):
            return Pooled(None, more)
        low, high, found = high + 1, 2 * high, more
    while low < high:
        middle = (low + high) // 2
        seen = at(middle)
        if seen.missed(objectives):
            low = middle + 1
        else:
            high, found = middle, seen
    return Pooled(high, found)


def _eased(before: Trial, after: Trial, objectives: Objectives) -> bool:
    """Whether an objective that was missed is nearer with more replicas; never where requests are refused."""
    seen = {"ttft": (before.ttft_ms, after.ttft_ms), "itl": (before.itl_ms, after.itl_ms)}
    seen["e2e"] = before.e2e_ms, after.e2e_ms
    missed = before.missed(objectives)
    return "steady" in missed or any(seen[name][1] < EASED * seen[name][0] for name in missed if name in seen)
