"""The most requests per second that one replica carries within its objectives, by bisection over simulated runs."""

import math
from dataclasses import dataclass, replace

import numpy as np

from analyzer.advise.capacity import Objectives
from analyzer.advise.sizing import streams
from analyzer.advise.sizing.mix import Mix
from analyzer.advise.sizing.trial import DEFAULT_PERCENTILE, Trial, trial
from analyzer.engine import EngineLimits, StepTimes
from analyzer.replay import REJECTED, Pool, replay

LIVES = 20.0
LIVES_ASKED = 24.0
TAIL_REQUESTS = 150  # behind a percentile there must be so many, or the next run brings another one
LIGHT = 0.02
BATCHES = 20


@dataclass(frozen=True, slots=True)
class Engine:
    """One replica: what its scheduler keeps to, and how long its steps take."""

    limits: EngineLimits
    times: StepTimes


@dataclass(frozen=True, slots=True)
class Effort:
    """How long and how often is simulated: seconds and requests of a run, and when a bisection ends (a share)."""

    seconds: float
    least: int
    most: int
    tolerance: float


FULL = Effort(900, 6000, 120_000, 0.01)
QUICK = Effort(240, 3000, 24_000, 0.02)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What one replica carries.

    `rps` is requests per second within the objectives, `None` where they are missed at any rate: then `missed` names
    them and `at` holds the latencies of the lightest load, the best that is reachable. `saturation_rps` is what the
    replica delivers with work waiting at all times. `at` is the run at `rps`.
    """

    rps: float | None
    saturation_rps: float
    at: Trial
    missed: tuple[str, ...]
    simulated: int


def saturation(mix: Mix, engine: Engine, effort: Effort) -> float:
    """Requests per second of one replica that always has work waiting: 0 where no request fits.

    All requests are there from the start, twenty times as many as run at once; what counts is the time between the
    first and the last quarter of the ends, when the replica neither fills nor drains.
    """
    limits = engine.limits
    at_once = min(limits.max_num_seqs, limits.kv_pool_tokens / (mix.mean_isl + mix.mean_osl / 2))
    number = int(np.clip(BATCHES * at_once, effort.least, effort.most))
    done = replay(streams.at_once(mix, number), limits, engine.times, Pool(1))
    ends = np.sort(done.e2e_ms[done.status != REJECTED])
    first, last = len(ends) // 4, len(ends) * 3 // 4
    if last - first < 1:
        return 0.0
    return float((last - first) / max(ends[last] - ends[first], 1e-9) * 1000)


def run(
    mix: Mix,
    engine: Engine,
    rate: float,
    percentile: float | None,
    effort: Effort,
    pool: Pool,
    dispersion: float = streams.CHANCE,
) -> Trial:
    """One run at `rate` requests per second, long enough for twenty mean E2E times after its warm-up."""
    tail = 1 - (percentile or DEFAULT_PERCENTILE) / 100
    least = max(effort.least, math.ceil(TAIL_REQUESTS / tail))
    number = int(np.clip(rate * effort.seconds, least, max(effort.most, least)))
    seen = _once(mix, engine, rate, percentile, pool, dispersion, number)
    if seen.steady and seen.lives < LIVES:
        longer = math.ceil(number * LIVES_ASKED / max(seen.lives, 1.0))
        seen = _once(mix, engine, rate, percentile, pool, dispersion, min(longer, 4 * effort.most))
    return seen


def _once(
    mix: Mix, engine: Engine, rate: float, percentile: float | None, pool: Pool, dispersion: float, number: int
) -> Trial:
    requests = streams.drawn(mix, rate, number, dispersion=dispersion)
    return trial(requests, replay(requests, engine.limits, engine.times, pool), percentile)


def capacity(
    mix: Mix, engine: Engine, objectives: Objectives, effort: Effort = FULL, dispersion: float = streams.CHANCE
) -> Capacity:
    """What one replica carries of `mix` within `objectives`, its saturation where there are none.

    Arrivals are Poisson unless `dispersion` says otherwise; see `streams`. Bisection between the lightest load and
    the saturation, with one seed, until the bounds are `effort.tolerance` apart.
    """
    most = saturation(mix, engine, effort)
    percentile = objectives.percentile

    def at(rate: float) -> Trial:
        return run(mix, engine, rate, percentile, effort, Pool(1), dispersion)

    low = LIGHT * most
    best = at(low) if most else _nothing(percentile)
    missed = best.missed(objectives)
    if missed or not most:
        return Capacity(None if most else 0.0, most, best, missed, best.requests)
    if not promised(objectives):
        return Capacity(most, most, best, (), best.requests)
    high, simulated = most, best.requests
    while high - low > effort.tolerance * low:
        middle = (low + high) / 2
        seen = at(middle)
        simulated += seen.requests
        if seen.missed(objectives):
            high = middle
        else:
            low, best = middle, seen
    return Capacity(low, most, best, (), simulated)


def promised(objectives: Objectives) -> bool:
    """Whether there is any objective."""
    return any(limit is not None for limit in (objectives.ttft_ms, objectives.itl_ms, objectives.e2e_ms))


def slower(times: StepTimes, factor: float) -> StepTimes:
    """The same engine with every step `factor` times as long."""
    return replace(times, **{name: getattr(times, name) * factor for name in StepTimes.__slots__})


def _nothing(percentile: float | None) -> Trial:
    nan = float("nan")
    return Trial(percentile or DEFAULT_PERCENTILE, nan, nan, nan, nan, 1.0, steady=True, lives=0.0, requests=0)
