"""Which recorded hours are replayed: the ones with most to read, most to write, and most requests."""

from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.replay import Requests
from analyzer.shape import HourlyShape

EACH = 2


@dataclass(frozen=True, slots=True)
class RecordedHour:
    """The requests of one hour, which begins at `start` in microseconds since the epoch."""

    start: int
    requests: Requests


def busiest(shapes: Sequence[HourlyShape], each: int = EACH) -> tuple[int, ...]:
    """Where the hours begin that ask for most, up to `each` of each measure, in order of time."""
    orders = (lambda one: one.requests, lambda one: one.isl.sum, lambda one: one.osl.sum)
    return tuple(sorted({one.start for order in orders for one in sorted(shapes, key=order, reverse=True)[:each]}))
