"""Exact counts of whole numbers: mergeable, with exact order statistics."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
PER_MILLE = {"p50": 500, "p90": 900, "p95": 950, "p99": 990, "p99_9": 999}
DENSE = 8  # a table of so many places for each value is quicker than sorting them
SMALL = 4096


@dataclass(frozen=True, slots=True)
class Summary:
    """Lengths of many requests in tokens; the quantiles are nearest-rank, so each is a length that occurred."""

    min: int
    mean: float
    p50: int
    p90: int
    p95: int
    p99: int
    p99_9: int
    max: int


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Quantiles of a time in milliseconds."""

    p50: float
    p90: float
    p95: float
    p99: float
    p99_9: float


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """How often each whole number occurred: `values` ascending and distinct, `counts` above zero beside them."""

    values: IntArray
    counts: IntArray

    @classmethod
    def of(cls, counts: Iterable[tuple[int, int]]) -> "Histogram":
        """A histogram of (value, count) pairs in any order; a value may come more than once."""
        pairs = np.array(list(counts), dtype=np.int64).reshape(-1, 2)
        return _added_up(pairs[:, 0], pairs[:, 1])

    @classmethod
    def counted(cls, observations: IntArray) -> "Histogram":
        """A histogram of whole numbers, each an observation."""
        return cls(*np.unique(observations, return_counts=True))

    def grouped(self, values: IntArray) -> "Histogram":
        """The same observations under other values: `values[i]` stands for the i-th of the distinct ones."""
        return _added_up(values, self.counts)

    @classmethod
    def merged(cls, parts: Sequence["Histogram"]) -> "Histogram":
        """What one histogram over the observations of all `parts` would hold, exactly."""
        if not parts:
            return cls.of(())
        return _added_up(np.concatenate([p.values for p in parts]), np.concatenate([p.counts for p in parts]))

    @property
    def total(self) -> int:
        """How many observations there are."""
        return int(self.counts.sum())

    @property
    def sum(self) -> int:
        """The sum of all observations."""
        return int(self.values @ self.counts)

    def items(self) -> list[tuple[int, int]]:
        """(value, count) pairs, ascending."""
        return list(zip(self.values.tolist(), self.counts.tolist(), strict=True))

    def at_rank(self, rank: int) -> int:
        """The order statistic X₍rank₎, counted from 1; raises `ValueError` outside 1 … total."""
        if not 1 <= rank <= self.total:
            raise ValueError(f"rank {rank} is not among {self.total} observations")
        return int(self.values[np.searchsorted(np.cumsum(self.counts), rank)])

    def quantile(self, per_mille: int) -> int:
        """The nearest-rank quantile: the smallest value v with share(x ≤ v) ≥ per_mille / 1000.

        Reckoned in whole numbers, so that 0.999 · 1000 is rank 999 and no rounding can make it 1000.
        """
        return self.at_rank(max(1, -(-self.total * per_mille // 1000)))

    def over(self, limit: int) -> int:
        """How many observations are strictly above `limit`."""
        return int(self.counts[np.searchsorted(self.values, limit, side="right") :].sum())

    def between(self, low: float, high: float) -> int:
        """How many observations are above `low` and at or below `high`."""
        first, last = np.searchsorted(self.values, [low, high], side="right")
        return int(self.counts[first:last].sum())

    def summary(self) -> Summary:
        """Smallest, mean, quantiles and largest; raises `ValueError` when empty."""
        quantiles = {name: self.quantile(per_mille) for name, per_mille in PER_MILLE.items()}
        return Summary(min=int(self.values[0]), mean=self.sum / self.total, max=int(self.values[-1]), **quantiles)


def _added_up(values: IntArray, counts: IntArray) -> Histogram:
    if not len(values):
        return Histogram(values, counts)
    low = int(values.min())
    if int(values.max()) - low <= DENSE * len(values) + SMALL:
        sums = np.bincount(values - low, weights=counts)  # doubles hold whole numbers below 2^53 exactly
        found = np.flatnonzero(sums)
        return Histogram(found + low, sums[found].astype(np.int64))
    order = np.argsort(values, kind="stable")
    values, counts = values[order], counts[order]
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    return Histogram(values[starts], np.add.reduceat(counts, starts))


def interpolated(bounds: Sequence[float], counts: Sequence[int]) -> Quantiles:
    """Quantiles of bucketed values, in the unit of `bounds`, assuming that values are spread evenly inside a bucket.

    `counts[i]` are the values in (bounds[i-1], bounds[i]], from 0 for the first; the last bucket is open above and
    answers with its lower bound. Raises `ValueError` when all counts are zero.
    """
    cumulative = np.cumsum(np.array(counts, dtype=np.float64))
    if not len(cumulative) or cumulative[-1] == 0:
        raise ValueError("there is nothing to take a quantile of")
    edges = np.concatenate([[0.0], bounds])
    heights = np.concatenate([[0.0], cumulative])

    def at(per_mille: int) -> float:
        wanted = cumulative[-1] * per_mille / 1000
        bucket = int(np.searchsorted(cumulative, wanted))
        if bucket >= len(bounds):
            return float(bounds[-1])
        inside = (wanted - heights[bucket]) / (heights[bucket + 1] - heights[bucket])
        return float(edges[bucket] + inside * (edges[bucket + 1] - edges[bucket]))

    return Quantiles(**{name: at(per_mille) for name, per_mille in PER_MILLE.items()})
