"""Requests by bucket of length: added up, summed up, with quantiles as bucket edges."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyzer.histogram import PER_MILLE


@dataclass(frozen=True, slots=True)
class Buckets:
    """Requests by length: `counts[i]` in (edges[i-1], edges[i]], the last edge infinite.

    `tokens` is the sum of all lengths, `None` where not known. Counts are not whole numbers: Prometheus extrapolates to
    the ends of an hour.
    """

    edges: tuple[float, ...]
    counts: tuple[float, ...]
    tokens: float | None = None

    @property
    def total(self) -> float:
        """All requests."""
        return sum(self.counts)

    def edge_at(self, wanted: float) -> int | None:
        """The upper edge of the bucket in which the request of rank `wanted` lies; `None` in the open bucket."""
        place = int(np.searchsorted(np.cumsum(self.counts), wanted - 1e-6))
        edge = self.edges[min(place, len(self.edges) - 1)] if self.edges else math.inf
        return math.floor(edge) if math.isfinite(edge) else None


@dataclass(frozen=True, slots=True)
class EdgeSummary:
    """A side's lengths in tokens: every quantile is the upper edge of its bucket, so the true one is not above it.

    `None` where it lies in the open bucket, or is not known at all.
    """

    mean: float | None
    p50: int | None
    p90: int | None
    p95: int | None
    p99: int | None
    p99_9: int | None
    max: int | None


def merged(parts: Sequence[Buckets]) -> Buckets:
    """All requests of `parts`, over the edges that every part has; counts between other edges go to the next one up."""
    known = [part for part in parts if part.edges]
    if not known:
        return Buckets((), ())
    edges = sorted(set.intersection(*(set(part.edges) for part in known)))
    counts = np.zeros(len(edges))
    for part in known:
        np.add.at(counts, np.searchsorted(edges, part.edges), part.counts)
    sums = [part.tokens for part in known]
    tokens = None if any(one is None for one in sums) else sum(one for one in sums if one is not None)
    return Buckets(tuple(edges), tuple(counts.tolist()), tokens)


def summary(buckets: Buckets) -> EdgeSummary:
    """Mean and quantiles of one side."""
    total = buckets.total
    quantiles = {name: buckets.edge_at(total * per_mille / 1000) for name, per_mille in PER_MILLE.items()}
    mean = None if buckets.tokens is None or total <= 0 else buckets.tokens / total
    return EdgeSummary(mean=mean, max=buckets.edge_at(total), **quantiles)
