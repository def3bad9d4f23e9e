"""What the sidecar says of its own cost: quantiles of its histogram between two readings."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import TypeAlias

Buckets: TypeAlias = Sequence[tuple[float, int]]
"""Upper bound in seconds and cumulative count of each bucket, the open one last."""


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Microseconds, interpolated within a bucket, and how many were measured; a bucket reaches 2 or 2.5 times as far as
    the one before.
    """

    p50_us: float
    p99_us: float
    count: int


def between(before: Buckets, after: Buckets) -> Quantiles | None:
    """Quantiles of what was counted between two readings; None where nothing was."""
    earlier = dict(before)
    grown = [(bound, count - earlier.get(bound, 0)) for bound, count in after]
    total = grown[-1][1] if grown else 0
    return Quantiles(_quantile(grown, 0.5) * 1e6, _quantile(grown, 0.99) * 1e6, total) if total > 0 else None


def _quantile(buckets: Buckets, share: float) -> float:
    """As Prometheus does it: linear within a bucket, and the last bound for what lies beyond."""
    wanted = share * buckets[-1][1]
    low, below = 0.0, 0
    for bound, count in buckets:
        if count >= wanted and count > below:
            return low if bound == inf else low + (bound - low) * (wanted - below) / (count - below)
        low, below = bound, count
    return low
