"""Stretches without a request in which every other day has many."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analyzer.histogram import Histogram, IntArray
from analyzer.patterns.calendar import WEEK_DAYS, Calendar
from analyzer.patterns.usual import OTHER_DAYS
from analyzer.shape import MINUTE_US

SHORTEST_MINUTES = 10
DAY_MINUTES = 24 * 60
EXPECTED = 100


@dataclass(frozen=True, slots=True)
class Silence:
    """From `start` to `end` in microseconds since the epoch nothing came, where the emptiest other day had
    `expected` requests.
    """

    start: int
    end: int
    expected: int


def silences(days: Calendar) -> tuple[Silence, ...]:
    """Ten minutes or more without a request in which each other day had 100 requests or more, in order of time.

    A silence is compared with the same time on the clock of the other days of the same kind (working days or weekends),
    or of the same days of other weeks where it lasts a day or more. With fewer than three of these it is not judged.
    """
    minutes = Histogram.merged([placed.shape.by_minute for placed in days.hours])
    gaps = np.diff(minutes.values) - 1
    upto = np.concatenate([[0], np.cumsum(minutes.counts)])
    found: list[Silence] = []
    for place in np.flatnonzero(gaps >= SHORTEST_MINUTES).tolist():
        start, end = int(minutes.values[place]) + 1, int(minutes.values[place + 1])
        others = [
            int(
                upto[np.searchsorted(minutes.values, end + shift)]
                - upto[np.searchsorted(minutes.values, start + shift)]
            )
            for shift in _shifts(days, start, end)
            if minutes.values[0] <= start + shift and end + shift <= minutes.values[-1]
        ]
        if len(others) >= OTHER_DAYS and min(others) >= EXPECTED:
            found.append(Silence(start * MINUTE_US, end * MINUTE_US, min(others)))
    return tuple(found)


def _shifts(days: Calendar, start: int, end: int) -> Iterator[int]:
    """By how many minutes the stretch from minute `start` to `end` is moved to lie on comparable days."""
    own, last = _day(days, start), _day(days, end - 1)
    for other in range(days.days):
        moved = other + last - own
        if other == own or moved >= days.days:
            continue
        if end - start >= DAY_MINUTES:
            alike = (other - own) % WEEK_DAYS == 0
        else:
            ends = (days.weekends[other], days.weekends[moved])
            alike = ends == (days.weekends[own], days.weekends[last])
        if alike:
            yield int(days.midnights[other] - days.midnights[own]) // MINUTE_US


def _day(days: Calendar, minute: int) -> int:
    midnights: IntArray = days.midnights
    return max(0, int(np.searchsorted(midnights, minute * MINUTE_US, side="right")) - 1)
