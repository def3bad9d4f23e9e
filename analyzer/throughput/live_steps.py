"""The parameters of a step that fit the time between the tokens of recorded requests best."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from analyzer.engine import StepTimes
from analyzer.throughput.readings import Readings
from analyzer.throughput.timings import Bools, Floats, Ints

NAMES = ("b0", "b1", "b2", "m0", "a1", "a2", "overlap_ms")
OVERLAPS = (1.0, 0.0, 2.0)  # of what is expected; where the search begins decides on which side of a kink it ends
ROUNDS = 2  # how far requests are off the fit says how much what is expected weighs against them
UNTOLD = 0.7  # what is left of the width of an expectation where records hardly add to it
LEAST_OFF = 1e-4
FIRST_OFF = 0.01
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """What requests took from their first to their last token, one entry each.

    `took` milliseconds for `gaps` tokens after the first, beside `batch` requests with `kv_tokens` cached on average.
    The steps that read prompts meanwhile are those of `readings` from `since` on and before `until`.
    """

    took: Floats
    gaps: Floats
    batch: Floats
    kv_tokens: Floats
    since: Ints
    until: Ints
    readings: Readings

    def of(self, rows: Bools) -> "Written":
        """Only those requests; the steps stay."""
        took, gaps, batch, kv_tokens = (each[rows] for each in (self.took, self.gaps, self.batch, self.kv_tokens))
        return Written(took, gaps, batch, kv_tokens, self.since[rows], self.until[rows], self.readings)

    def said(self, times: StepTimes) -> Floats:
        """The milliseconds that they take by `times`."""
        sums = np.concatenate([[0.0], np.cumsum(self.readings.more_ms(times))])
        writing = times.b0 + times.b1 * self.batch + times.b2 * self.kv_tokens
        found: Floats = self.gaps * writing + sums[self.until] - sums[self.since]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Alone:
    """Prompts of `new` tokens with a `span` that found the engine empty, and their TTFT in milliseconds."""

    new: Floats
    span: Floats
    ttft: Floats


@dataclass(frozen=True, slots=True)
class Expected:
    """What is thought of each parameter before the records are looked at: its value, and by how much it may be off.

    A width of 0 keeps the value whatever the records say.
    """

    times: StepTimes
    widths: StepTimes


@dataclass(frozen=True, slots=True, eq=False)
class StepFit:
    """The parameters found; `covariance` of those in `names`, and which of these the records hardly tell (`untold`)."""

    times: StepTimes
    names: tuple[str, ...]
    covariance: Matrix
    untold: tuple[str, ...]


def fit_steps(seen: Written, alone: Alone, expected: Expected) -> StepFit:
    """b0, b1, b2, m0, a1, a2 and the overlap by least squares of the relative error of what requests took.

    Each request counts by its tokens, and each prompt that was `alone` once, with a constant of its own. What is
    `expected` counts as much as its width says against what requests are off the fit, of which those that ran together
    are taken for one. Whether a prompt hides behind the reading of the weights is a kink that no search passes, so the
    best of several beginnings is the answer.
    """
    names = tuple(name for name in NAMES if getattr(expected.widths, name) > 0)
    centre, width = (np.array([getattr(each, n) for n in names]) for each in (expected.times, expected.widths))
    scale = np.where(centre > 0, centre, width)
    weight = np.sqrt(seen.gaps / seen.gaps.mean()) / _at_least(seen)
    together = np.sqrt(max(1.0, float(seen.batch.mean())))
    off = FIRST_OFF

    def times(shares: Floats) -> StepTimes:
        return replace(expected.times, **dict(zip(names, (shares * scale).tolist(), strict=True)))

    def errors(shares: Floats) -> Floats:
        found = times(shares)
        measured = weight * (seen.said(found) - seen.took)
        return np.concatenate([measured, _alone_off(alone, found), off * together * (shares * scale - centre) / width])

    starts = _starts(names, centre / scale)
    for _ in range(ROUNDS):
        tried = [least_squares(errors, np.maximum(start, 1e-6), bounds=(0, np.inf)) for start in starts]
        best, trusted = min(tried, key=lambda each: float(each.cost)), off
        starts = [best.x]
        off = max(LEAST_OFF, float(np.sqrt(np.mean(best.fun[: len(seen.took)] ** 2))))
    slopes = np.asarray(best.jac, dtype=np.float64)
    covariance = np.linalg.inv(slopes.T @ slopes) * (trusted * together) ** 2 * np.outer(scale, scale)
    left = np.sqrt(np.diag(covariance)) / width
    untold = tuple(name for name, share in zip(names, left.tolist(), strict=True) if share > UNTOLD)
    return StepFit(times(best.x), names, covariance, untold)


def _at_least(seen: Written) -> Floats:
    """What errors are shares of: what a request took, or what its tokens take in short steps if it took even less."""
    short = float(np.quantile(seen.took / seen.gaps, 0.05))
    least: Floats = np.maximum(seen.took, short * seen.gaps)
    return least


def _alone_off(alone: Alone, times: StepTimes) -> Floats:
    """How far TTFT of prompts alone is off, as shares, with the constant that suits it best."""
    rest = alone.ttft - times.a1 * alone.new - times.a2 * alone.span
    constant = np.median(rest) if len(rest) else 0.0
    found: Floats = (constant - rest) / alone.ttft
    return found


def _starts(names: Sequence[str], shares: Floats) -> list[Floats]:
    """Where the search begins: at what is expected, with more of an overlap and less."""
    if "overlap_ms" not in names:
        return [shares]
    place, found = names.index("overlap_ms"), []
    for share in OVERLAPS:
        start = shares.copy()
        start[place] *= share
        found.append(start)
    return found
