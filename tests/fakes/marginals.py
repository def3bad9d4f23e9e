"""Marginals made from plain lengths, as a histogram beside an engine would have counted them."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from analyzer.marginals import Buckets, MarginalHour, Marginals

EDGES = (100.0, 200.0, 500.0, 1000.0, math.inf)
HOUR_US = 3_600_000_000


def buckets(lengths: Sequence[int], edges: Sequence[float] = EDGES) -> Buckets:
    counts = np.bincount(np.searchsorted(edges, lengths), minlength=len(edges))
    return Buckets(tuple(edges), tuple(float(count) for count in counts), float(sum(lengths)))


def marginals(hours: Mapping[int, tuple[Sequence[int], Sequence[int]]], source: str = "m") -> Marginals:
    """Hours by their start, each with all inputs and all outputs."""
    return Marginals(
        source, tuple(MarginalHour(start, buckets(isl), buckets(osl)) for start, (isl, osl) in sorted(hours.items()))
    )
