"""Which points of a sweep tell how long steps take: those that the engine kept up with."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import get_args

from analyzer.engine import EngineName, schedules_ahead
from analyzer.throughput.sweeps.point import BenchPoint

KEPT_UP = 0.95
QUEUED = 4.0
GAIN = 1.05


@dataclass(frozen=True, slots=True)
class Observed:
    """What one replica did under one load: times in milliseconds, lengths in tokens, `None` where it is not known.

    `per_ms` are requests a millisecond, `None` where nothing was read while tokens were written, so that `itl` is of
    `at_once` requests with `isl` tokens in the cache each. `requests` is how many stand behind it, at least one. Its
    engine decided on steps while those before them ran, or not: `ahead`.
    """

    per_ms: float | None
    isl: float
    osl: float
    ttft: float | None
    itl: float | None
    at_once: float | None
    requests: int
    ahead: bool = False


def steady(points: Sequence[BenchPoint]) -> tuple[Observed, ...]:
    """The points below saturation, as what one replica of them saw, the lowest load first.

    A rate is kept up with where 95 % of it completed. Of points with so many requests at once those count up to the
    first that completed less than 5 % more than the one before, for each pair of lengths. Where mean TTFT is more than
    four times the lowest for the same input, requests waited for others to end, and the point is left out too.
    """
    usable = [point for point in points if point.isl_mean is not None and _kept_up(point, points)]
    lowest: dict[float, float] = {}
    for point in usable:
        if point.isl_mean is not None and point.ttft.mean is not None:
            lowest[point.isl_mean] = min(point.ttft.mean, lowest.get(point.isl_mean, point.ttft.mean))
    kept = [
        point
        for point in usable
        if point.ttft.mean is None or point.ttft.mean <= QUEUED * min(_near(lowest, point.isl_mean))
    ]
    return tuple(_observed(point) for point in sorted(kept, key=lambda point: (point.load or 0.0, point.isl_mean or 0)))


def _near(lowest: dict[float, float], isl: float | None) -> list[float]:
    """The lowest TTFT of inputs that are at most 5 % longer or shorter."""
    return [ttft for length, ttft in lowest.items() if isl is not None and abs(length - isl) <= 0.05 * isl]


def _kept_up(point: BenchPoint, points: Sequence[BenchPoint]) -> bool:
    if point.rps is None or point.load is None:
        return True
    if point.load_kind == "rate":
        return point.rps >= KEPT_UP * point.load
    alike = [
        other
        for other in points
        if (other.load_kind, other.isl_mean, other.osl_mean) == (point.load_kind, point.isl_mean, point.osl_mean)
        and other.load is not None
        and other.rps is not None
        and other.load <= point.load
    ]
    rates = [other.rps or 0.0 for other in sorted(alike, key=lambda other: other.load or 0.0)]
    return all(later >= GAIN * earlier for earlier, later in pairwise(rates))


def _observed(point: BenchPoint) -> Observed:
    replicas = point.n_gpu / (point.tp * point.pp)
    arriving = point.rps is not None and point.osl_mean is not None
    return Observed(
        per_ms=point.rps / replicas / 1000 if arriving and point.rps is not None else None,
        isl=point.isl_mean or 1.0,
        osl=point.osl_mean or 1.0,
        ttft=point.ttft.mean,
        itl=point.itl.mean if arriving or point.conc is not None else None,
        at_once=None if point.conc is None else point.conc / replicas,
        requests=max(1, point.requests or 1),
        ahead=_ahead(point),
    )


def _ahead(point: BenchPoint) -> bool:
    name = next((name for name in get_args(EngineName) if name == point.backend), None)
    return name is not None and schedules_ahead(name, point.version, point.pp)
