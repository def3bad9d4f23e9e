"""Whether the lengths of the last week are those of the weeks before it, judged by exchanging whole days."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyzer.histogram import Histogram, IntArray

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]

WEEK_DAYS = 7
PERMUTATIONS = 500
OCTAVE = 32
TENTHS = 10
BLANK = 0.5
SMALLEST = 1e-9
SURE = 0.05
STABLE, MOVED = 0.1, 0.25  # Siddiqi, Credit Risk Scorecards (2006): below the first stable, above the second another


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the lengths of one side in the last week lie from those of the weeks before it.

    `ks` is the largest distance between the two distribution functions (0..1, Kolmogorov and Smirnov), `psi` the
    population stability index over the tenths of the weeks before, `p` the p-value of `ks` where any day may have been
    one of the last week, and `days` on how many days all of it rests.
    """

    ks: float
    psi: float
    p: float
    days: int

    @property
    def sure(self) -> bool:
        """Whether it is no chance."""
        return self.p <= SURE


def shift(days: Sequence[tuple[int, Histogram]]) -> Shift | None:
    """The shift of the last seven of `days`, pairs of the day's number and its lengths, against all days before.

    Requests of a day are not independent of each other, so the textbook p-value of `ks` would call any two weeks
    different. Here each of the last seven days changes places with a day of the same weekday drawn by chance, 500 times
    with a fixed seed; p = (1 + those at least as far apart) / (1 + 500). Lengths are compared in bins of 1/32 octave.
    `None` where the days span less than two weeks.
    """
    if not days or days[-1][0] - days[0][0] + 1 < 2 * WEEK_DAYS:
        return None
    numbers = np.array([day for day, _ in days])
    last = numbers > numbers[-1] - WEEK_DAYS
    table = _table([lengths for _, lengths in days])
    recent = np.cumsum(np.concatenate([last[None, :], _exchanged(numbers, last)]) @ table, axis=1)
    before = np.cumsum(table.sum(axis=0)) - recent
    apart = np.abs(recent / recent[:, -1:] - before / before[:, -1:]).max(axis=1)
    return Shift(
        ks=float(apart[0]),
        psi=stability(table[~last].sum(axis=0), table[last].sum(axis=0)),
        p=float((1 + (apart[1:] >= apart[0] * (1 - SMALLEST)).sum()) / (1 + PERMUTATIONS)),
        days=len(days),
    )


def stability(before: FloatArray, after: FloatArray) -> float:
    """The population stability index Σ (a − b) · ln(a / b) over the tenths of `before`; both are counts by length.

    Half a request is added to each tenth, so that an empty one is not infinitely far away.
    """
    upto = np.cumsum(before)
    edges = np.unique(np.searchsorted(upto, upto[-1] * np.arange(1, TENTHS) / TENTHS))
    shares = []
    for counts in (before, after):
        parts = np.array([part.sum() for part in np.split(counts, edges + 1)]) + BLANK
        shares.append(parts / parts.sum())
    b, a = shares
    return float(((a - b) * np.log(a / b)).sum())


def _table(days: Sequence[Histogram]) -> FloatArray:
    """Requests by day and bin of 1/32 octave; 0 goes with 1."""
    binned = [
        lengths.grouped(np.floor(OCTAVE * np.log2(np.maximum(lengths.values, 1))).astype(np.int64)) for lengths in days
    ]
    values = np.unique(np.concatenate([one.values for one in binned]))
    found = np.zeros((len(days), len(values)))
    for row, one in zip(found, binned, strict=True):
        row[np.searchsorted(values, one.values)] = one.counts
    return found


def _exchanged(numbers: IntArray, last: BoolArray) -> BoolArray:
    """Other choices of the last week: for each of its weekdays any one day of that weekday."""
    generator = np.random.default_rng(0)
    found = np.zeros((PERMUTATIONS, len(numbers)), dtype=np.bool_)
    for weekday in np.unique(numbers[last] % WEEK_DAYS).tolist():
        alike = np.flatnonzero(numbers % WEEK_DAYS == weekday)
        found[np.arange(PERMUTATIONS), generator.choice(alike, PERMUTATIONS)] = True
    return found
