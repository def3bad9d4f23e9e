"""Exact counts of whole numbers: mergeable, with exact order statistics."""

from dataclasses import dataclass


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
    """Nearest-rank quantiles of a time in milliseconds."""

    p50: float
    p90: float
    p95: float
    p99: float
    p99_9: float
