"""Weeks of arrivals by hour of the week, so that some weeks can be judged by others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analyzer.demand.rate import BUSY, SECOND_US
from analyzer.histogram import IntArray
from analyzer.shape import HourlyShape
from analyzer.window import HOUR_US, HourOfWeek, Window, hour_starts, weeks_until

FloatArray = NDArray[np.float64]
Law = Literal["negative_binomial", "poisson", "busy"]
HOURS = 168
DAY_HOURS = 24
SATURDAY_HOUR = 120


@dataclass(frozen=True, slots=True, eq=False)
class Week:
    """Seven days on the local clock from `start`.

    `days` are its local days in which requests came, each with its hours that are no anomaly; `unseen` counts
    the hours before the first or after the last request.
    """

    start: datetime
    end: datetime
    unseen: int
    days: tuple[tuple[HourlyShape, ...], ...]

    @property
    def whole(self) -> bool:
        """Whether all of it was seen."""
        return self.unseen == 0

    @property
    def requests(self) -> int:
        """The requests in it, those of anomalies left out."""
        return sum(shape.requests for day in self.days for shape in day)


@dataclass(frozen=True, slots=True, eq=False)
class Weeks:
    """Seconds of arrivals by week and hour of the week, counted from Monday 00:00; the oldest week first.

    `seconds[week, hour]` were seen; `counts[week, hour, i]` of them had `values[i]` requests, empty ones not counted.
    """

    weeks: tuple[Week, ...]
    seconds: FloatArray
    values: IntArray
    counts: FloatArray

    def only(self, chosen: Iterable[int]) -> "Weeks":
        """The weeks at these places alone."""
        places = list(chosen)
        weeks = tuple(self.weeks[place] for place in places)
        return Weeks(weeks, self.seconds[places], self.values, self.counts[places])

    def whole(self) -> "Weeks":
        """The weeks that were seen whole alone."""
        return self.only(place for place, week in enumerate(self.weeks) if week.whole)

    def without(self, place: int) -> "Weeks":
        """All weeks but the one at `place`."""
        return self.only(other for other in range(len(self.weeks)) if other != place)


def weeks(
    window: Window, shapes: Sequence[HourlyShape], first: int, last: int, left_out: frozenset[int] = frozenset()
) -> Weeks:
    """The weeks, up to eight, that end with `window`, of which anything lies between the arrivals `first` and `last`.

    `left_out` are the starts of hours that do not count, all in microseconds since the epoch.
    """
    span = weeks_until(window)
    places = {start: _place(window, start) for start in hour_starts(span)}
    seen = sorted({week for start, (week, _) in places.items() if start + HOUR_US > first and start <= last})
    kept = [shape for shape in shapes if shape.start in places and shape.start not in left_out]
    values = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(shape.seconds.values for shape in kept)]))
    seconds, counts = np.zeros((len(seen), HOURS)), np.zeros((len(seen), HOURS, len(values)))
    rows = {week: row for row, week in enumerate(reversed(seen))}
    for start, (week, hour) in places.items():
        begin, end = max(start, first), min(start + HOUR_US - 1, last)
        if begin <= end and start not in left_out:
            seconds[rows[week], hour] += end // SECOND_US - begin // SECOND_US + 1
    inside: list[dict[date, list[HourlyShape]]] = [{} for _ in seen]
    for shape in kept:
        week, hour = places[shape.start]
        inside[rows[week]].setdefault(window.local(shape.start).date(), []).append(shape)
        counts[rows[week], hour, np.searchsorted(values, shape.seconds.values)] += shape.seconds.counts
    unseen = [start for start in places if start + HOUR_US <= first or start > last]
    return Weeks(
        tuple(
            Week(
                start=window.end - timedelta(weeks=week + 1),
                end=window.end - timedelta(weeks=week),
                unseen=sum(places[start][0] == week for start in unseen),
                days=tuple(tuple(inside[row][day]) for day in sorted(inside[row])),
            )
            for week, row in rows.items()
        ),
        seconds,
        values,
        counts,
    )


def _place(window: Window, start: int) -> tuple[int, int]:
    """How many weeks before the last one an hour lies, and its hour of the week."""
    local = window.local(start)
    before_end = window.end.replace(tzinfo=None) - local.replace(tzinfo=None)
    return max(0, (before_end - timedelta(microseconds=1)) // timedelta(weeks=1)), HourOfWeek.of(local).index


def peaks(found: Weeks, law: Law = "negative_binomial", weights: FloatArray | None = None) -> FloatArray:
    """Requests in one second that 95 % of the seconds of each hour of the week stay at or below.

    Each hour is shrunk by one day of the mean of that hour on all working days, or all weekend days, as in `demand`.
    `weights[week, hour]` says how often each of them counts, once where nothing is said.
    """
    times = np.ones_like(found.seconds) if weights is None else weights
    seconds = (times * found.seconds).sum(axis=0)
    counts = (times[:, :, None] * found.counts).sum(axis=0)
    days = _alike((times * (found.seconds > 0)).sum(axis=0))
    if law == "busy":
        each = np.maximum(days, 1)
        return _counted(found.values, counts + _alike(counts) / each[:, None], seconds + _alike(seconds) / each)
    sums, squares = counts @ found.values, counts @ found.values.astype(np.float64) ** 2
    bins, total, square = (own + np.round(_alike(own) / np.maximum(days, 1)) for own in (seconds, sums, squares))
    mean = total / np.maximum(bins, 1)
    variance = (square - total**2 / np.maximum(bins, 1)) / np.maximum(bins - 1, 1)
    return _law(mean, mean if law == "poisson" else variance)


def _alike(figures: FloatArray) -> FloatArray:
    """The sum of each figure over the hours of the week with the same hour of the day on the same kind of day."""
    hour = np.arange(HOURS)
    kind = hour % DAY_HOURS + DAY_HOURS * (hour >= SATURDAY_HOUR)
    sums = np.zeros((2 * DAY_HOURS, *figures.shape[1:]))
    np.add.at(sums, kind, figures)
    found: FloatArray = sums[kind]
    return found


def _law(mean: FloatArray, variance: FloatArray) -> FloatArray:
    """The 95 % points of negative binomial laws, of Poisson laws where the variance is not above the mean."""
    found = np.asarray(stats.poisson.ppf(BUSY, mean), dtype=np.float64)
    bursty = (variance > mean) & (mean > 0)
    p = mean[bursty] / variance[bursty]
    found[bursty] = stats.nbinom.ppf(BUSY, mean[bursty] * p / (1 - p), p)
    return np.maximum(found, 0)  # the Poisson law of mean 0 answers −1


def _counted(values: IntArray, counts: FloatArray, seconds: FloatArray) -> FloatArray:
    """The nearest-rank 95 % points of the seconds as counted, the empty ones among them."""
    if not len(values):
        return np.zeros(HOURS)
    upto = np.cumsum(counts, axis=1) + np.maximum(seconds - counts.sum(axis=1), 0)[:, None]
    wanted = BUSY * upto[:, -1] - 1e-9
    empty = upto[:, 0] - counts[:, 0] >= wanted
    found: FloatArray = np.where(empty, 0, values[np.argmax(upto >= wanted[:, None], axis=1)]).astype(np.float64)
    return found
