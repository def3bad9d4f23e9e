"""The traffic that estimates rest on: the hours of the window and of the weeks before it, without anomalies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from analyzer.advise.drift import TWO_WEEKS, drift
from analyzer.advise.lengths import Trends
from analyzer.advise.shift import shift
from analyzer.demand import Weeks, weeks
from analyzer.histogram import Histogram
from analyzer.patterns.anomalies import Anomaly, anomalies
from analyzer.patterns.calendar import Calendar, calendar
from analyzer.shape import HourlyShape, merged
from analyzer.window import Window, hour_starts, microseconds, weeks_until

SIDES = ("isl", "osl", "total")


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """What is usual: the window's `hours` that no anomaly touches, added up as `whole` and by local day as `days`.

    `whole_days` are the days of them that were seen whole: only these are drawn when days are drawn anew.
    `anomalies` are those that touch the window, `left_out` the starts of the hours that any anomaly touches, in
    microseconds since the epoch, and `requests_left_out` the requests of the window in them. `history` are the eight
    weeks that end with the window, without anomalies, `by_day` its hours day by day, `weeks` the same by hour of the
    week.
    """

    anomalies: tuple[Anomaly, ...]
    left_out: frozenset[int]
    requests_left_out: int
    hours: tuple[HourlyShape, ...]
    whole: HourlyShape
    days: tuple[HourlyShape, ...]
    whole_days: tuple[HourlyShape, ...]
    history: Calendar
    weeks: Weeks

    @property
    def by_day(self) -> Mapping[int, tuple[HourlyShape, ...]]:
        """The hours of the history by the number of their day, days without any or not seen whole left out."""
        found: dict[int, list[HourlyShape]] = {}
        for placed in self.history.hours:
            found.setdefault(placed.day, []).append(placed.shape)
        cut = self.history.cut_days()
        return {day: tuple(found[day]) for day in sorted(found) if day not in cut}


def baseline(window: Window, hours: Sequence[HourlyShape], earlier: Sequence[HourlyShape]) -> Baseline:
    """What is usual in `hours`, those of `window`, of which there is one at least; `earlier` are hours before it."""
    every = sorted((*earlier, *hours), key=lambda shape: shape.start)
    first, last = every[0].first, max(shape.last for shape in every)
    recent = weeks_until(window)
    span = Window(min(window.start, recent.start), window.end, window.timezone)
    found = anomalies(calendar(span, every, first, last))
    left_out = frozenset(start for start in hour_starts(span) if any(one.touches(start) for one in found))
    kept = tuple(shape for shape in hours if shape.start not in left_out)
    if not kept:  # what is everywhere is no anomaly
        found, left_out, kept = (), frozenset(), tuple(hours)
    since = hour_starts(recent)[0]
    days = local_days(window, kept)
    cut = cut_dates(window, calendar(window, kept, first, last, left_out))
    return Baseline(
        anomalies=tuple(one for one in found if one.end > microseconds(window.start)),
        left_out=left_out,
        requests_left_out=sum(shape.requests for shape in hours) - sum(shape.requests for shape in kept),
        hours=kept,
        whole=merged(tuple(days.values())),
        days=tuple(days.values()),
        whole_days=tuple(day for date_of, day in days.items() if date_of not in cut),
        history=calendar(recent, [shape for shape in every if shape.start >= since], first, last, left_out),
        weeks=weeks(window, every, first, last, left_out),
    )


def local_days(window: Window, shapes: Sequence[HourlyShape]) -> Mapping[date, HourlyShape]:
    """The local calendar days on which requests came, each added up, in the order of `shapes`."""
    by_day: dict[date, list[HourlyShape]] = {}
    for shape in shapes:
        by_day.setdefault(window.local(shape.start).date(), []).append(shape)
    return {day: merged(found) for day, found in by_day.items()}


def cut_dates(window: Window, days: Calendar) -> frozenset[date]:
    """The dates of the days of `days` that were not seen whole."""
    cut = days.cut_days()
    return frozenset(window.local(placed.shape.start).date() for placed in days.hours if placed.day in cut)


def trends(base: Baseline) -> Trends:
    """How each side (isl, osl, total) moves over the history, of sides that have a trend at all."""
    if base.history.days < TWO_WEEKS:
        return Trends()
    by_day = base.by_day.items()
    daily = {
        side: [(day, Histogram.merged([getattr(shape, side) for shape in hours])) for day, hours in by_day]
        for side in SIDES
    }
    return Trends(
        drifts={side: found for side, days in daily.items() if (found := drift(days)) is not None},
        shifts={side: moved for side, days in daily.items() if (moved := shift(days)) is not None},
    )
