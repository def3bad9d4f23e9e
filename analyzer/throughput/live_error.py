"""How far a fit to records may be off, at what they show and beyond it."""

from dataclasses import replace

import numpy as np

from analyzer.throughput.closed_form import carried
from analyzer.throughput.live_steps import Alone, Expected, StepFit, Written, fit_steps
from analyzer.throughput.mix import Mix
from analyzer.throughput.timings import Ints

GROUPS = 10
HALF = 0.5  # of the largest batch: what the quieter requests are fitted up to, and the busier ones are foretold from
LEAST_REQUESTS = 200  # of the quieter ones
LEAST_BUSY = 50
LEAST_SPREAD = 2.0  # the largest mean concurrency over the smallest that a slope can be found from
BEYOND = (1, 2, 4)  # times the largest batch at which the error of what is carried is reckoned
DEVIATIONS = 2.0  # on either side


def varies(seen: Written) -> bool:
    """Whether concurrency varied enough to tell what one more request costs: the 95th percentile twice the 5th."""
    low, high = np.quantile(seen.batch, (0.05, 0.95))
    return bool(high >= LEAST_SPREAD * low)


def worst_group(seen: Written, found: StepFit) -> float:
    """How far the time of all tokens is off, at worst, over ten groups of requests from low to high concurrency."""
    said = seen.said(found.times)
    groups: list[Ints] = np.array_split(np.argsort(seen.batch, kind="stable"), GROUPS)
    return max(abs(float(said[group].sum() / seen.took[group].sum()) - 1) for group in groups)


def held_out(seen: Written, alone: Alone, expected: Expected) -> float | None:
    """How far a fit to the requests of up to half the largest batch is off for those beyond it.

    `None` where either are too few, or where the former ran all beside about as many.
    """
    quiet = seen.batch <= HALF * seen.batch.max()
    if quiet.sum() < LEAST_REQUESTS or (~quiet).sum() < LEAST_BUSY or not varies(seen.of(quiet)):
        return None
    found = fit_steps(seen.of(quiet), alone, expected)
    busy = seen.of(~quiet)
    return abs(float(busy.said(found.times).sum() / busy.took.sum()) - 1)


def uncertain(found: StepFit, mix: Mix, largest: float) -> float:
    """How far what is carried of `mix` is off by what the records leave open, for each time the `largest` batch.

    Two standard deviations of requests/s at one, two and four times that batch, over that many times, since whoever
    asks beyond what was measured widens the error in proportion.
    """
    return max(_deviations(found, mix, max(1, round(times * largest))) / times for times in BEYOND)


def _deviations(found: StepFit, mix: Mix, batch: int) -> float:
    base = carried(found.times, mix, batch).rps
    slopes = []
    for place, name in enumerate(found.names):
        value, deviation = getattr(found.times, name), float(np.sqrt(found.covariance[place, place]))
        nudge = max(1e-3 * value, 1e-2 * deviation)
        more = replace(found.times, **{name: value + nudge})
        slopes.append((carried(more, mix, batch).rps / base - 1) / nudge)
    gradient = np.array(slopes)
    return DEVIATIONS * float(np.sqrt(max(gradient @ found.covariance @ gradient, 0.0)))
