"""Traffic laid out as local days of 24 hours, so that one hour can be compared with the same hour of other days."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from analyzer.histogram import Histogram, IntArray
from analyzer.shape import HourlyShape
from analyzer.window import HOUR_US, Window, hour_starts

SECOND_US = 1_000_000
HOURS = 24
WEEK_DAYS = 7
SATURDAY = 5
CUT = 0.1
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """An hour of traffic and its place: the number of its local day, and its hour of the day."""

    day: int
    hour: int
    shape: HourlyShape


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """The local days of a span in order, each with 24 hours.

    `weekdays` has for each day its day of the week, 0 for Monday. `seconds[day, hour]` says how much of an hour was
    seen between the first and the last request: 3600, more where the clocks repeat the hour, 0 where they skip it,
    where it lies outside, or where it was left out. `midnights` has the start of each day in microseconds since the
    epoch. `hours` are the hours with requests.
    """

    weekdays: IntArray
    midnights: IntArray
    seconds: FloatArray
    hours: tuple[Placed, ...]

    @property
    def days(self) -> int:
        """How many local days there are."""
        return len(self.weekdays)

    @property
    def weekends(self) -> BoolArray:
        """Which of the days are a Saturday or a Sunday."""
        found: BoolArray = self.weekdays >= SATURDAY
        return found

    @property
    def days_with_requests(self) -> int:
        """How many of them have requests."""
        return len({placed.day for placed in self.hours})

    def cut_days(self) -> frozenset[int]:
        """The numbers of the first and the last day where they were not seen whole; never of all days with requests.

        A day is cut where a tenth or more of the requests of the other days came in hours that it lacks at its end of
        the span: offices that open at nine have whole days all the same.
        """
        requests, seen = self.each(lambda shape: shape.requests), self.seconds > 0
        lacks = {0: np.cumsum(seen[0]) == 0, self.days - 1: np.cumsum(seen[-1][::-1])[::-1] == 0}
        found = set()
        for day, hours in lacks.items():
            others = np.delete(requests, day, axis=0)
            if others[:, hours].sum() >= CUT * others.sum() > 0:
                found.add(day)
        with_requests = {placed.day for placed in self.hours}
        return frozenset(found) if with_requests - found else frozenset()

    def each(self, figure: Callable[[HourlyShape], float]) -> FloatArray:
        """One figure of every hour, days × 24; hours in one place are added up, 0 where there is none."""
        found = np.zeros((self.days, HOURS))
        for placed in self.hours:
            found[placed.day, placed.hour] += figure(placed.shape)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Requests by day, hour of the day and value: `counts[day, hour, i]` had `values[i]`, which ascend."""

    values: IntArray
    counts: FloatArray


def calendar(
    window: Window, shapes: Sequence[HourlyShape], first: int, last: int, left_out: Collection[int] = ()
) -> Calendar:
    """The days of `window` between the arrivals `first` and `last`, with the hours of `shapes` in their places.

    Only the part of an hour between these two counts as seen. `left_out` are the starts of hours that do not count at
    all. All are in microseconds since the epoch.
    """
    unseen = frozenset(left_out)
    numbers: dict[date, int] = {}
    midnights: list[int] = []
    places: dict[int, tuple[int, int]] = {}
    for start in hour_starts(window):
        if start > last or start + HOUR_US <= first:
            continue
        local = window.local(start)
        if local.date() not in numbers:
            midnights.append(start - local.hour * HOUR_US)
        places[start] = numbers.setdefault(local.date(), len(numbers)), local.hour
    seconds = np.zeros((len(numbers), HOURS))
    for start, place in places.items():
        begin, end = max(start, first), min(start + HOUR_US - 1, last)
        if begin <= end and start not in unseen:
            seconds[place] += end // SECOND_US - begin // SECOND_US + 1
    placed = (Placed(*places[shape.start], shape) for shape in shapes if shape.start not in unseen)
    weekdays = np.array([day.weekday() for day in numbers], dtype=np.int64)
    return Calendar(weekdays, np.array(midnights, dtype=np.int64), seconds, tuple(placed))


def counts(days: Calendar, values: Callable[[HourlyShape], Histogram]) -> Counts:
    """How often each value occurred in each hour; `values` names the values that are meant."""
    found = [(placed, values(placed.shape)) for placed in days.hours]
    distinct = np.unique(np.concatenate([histogram.values for _, histogram in found]))
    table = np.zeros((days.days, HOURS, len(distinct)))
    for placed, histogram in found:
        table[placed.day, placed.hour, np.searchsorted(distinct, histogram.values)] += histogram.counts
    return Counts(distinct, table)
