"""The load of the busiest cell of hours, so that the rhythm of the day does not count as burstiness."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analyzer.demand.rate import (
    SECOND_US,
    Bins,
    bins,
    negative_binomial_p95,
    poisson_p95,
    with_empty,
)
from analyzer.histogram import Histogram
from analyzer.shape import HourlyShape, Residency
from analyzer.window import DAY_NAMES, HOUR_US, HourOfWeek, Window, hour_starts

TWO_WEEKS_DAYS = 14
DAY_HOURS = 24
SATURDAY = 5
WIDTHS_S = {1: "seconds", 10: "tens", 60: "minutes"}


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Arrivals in bins of `seconds`, aligned to UTC, empty ones counted.

    `poisson_p95` and `negative_binomial_p95` are the requests that 95 % of the bins stay at or below under the two
    laws, `observed_…` the same as counted (nearest-rank), all in requests per bin. `dispersion` is variance over mean.
    """

    seconds: int
    mean: float
    dispersion: float | None
    poisson_p95: int
    negative_binomial_p95: int
    observed_p50: int
    observed_p95: int
    observed_p99: int
    observed_max: int


@dataclass(frozen=True, slots=True)
class InFlight:
    """Requests in flight at the same time, weighted by time, over the hours in which requests came.

    `tokens_held` is how many tokens of the KV cache each holds, over its time: its input and half of its output.
    """

    mean: float
    p50: int
    p95: int
    p99: int
    max: int
    tokens_held: float | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of the week, or of the day, over all days: what was counted, and its one-second bins after shrinkage.

    `days` is on how many days it was seen. `seconds` are the bins to size for.
    """

    name: str
    days: int
    seconds: Bins
    arrivals: tuple[Arrivals, ...]


@dataclass(frozen=True, slots=True)
class Demand:
    """What the traffic without anomalies asks for, over the whole window and in its busiest cell of hours.

    `cells` says what the cells are: hours of the week, or of the day where there are fewer than two weeks. `busiest` is
    `None` where no cell was seen for an hour, `in_flight` where no end of a request is recorded.
    """

    cells: str
    window: tuple[Arrivals, ...]
    busiest: Cell | None
    in_flight: InFlight | None


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """The hours of one cell, and how long it was seen on how many days."""

    shapes: tuple[HourlyShape, ...]
    seconds: int
    days: int


def demand(
    window: Window, shapes: Sequence[HourlyShape], first: int, last: int, left_out: frozenset[int] = frozenset()
) -> Demand:
    """The demand of `shapes`, hours of `window` without those that start at `left_out`.

    `first` and `last` are the arrivals between which hours count as seen, in microseconds since the epoch; hours
    without requests in between count as empty. A cell of the week is shrunk by one day of the mean of that hour on all
    working days, or all weekend days, so that few days cannot look busier or calmer than their like. The busiest cell
    is the one whose seconds have the highest 95 % point under the negative binomial law.
    """
    weekly = window.days >= TWO_WEEKS_DAYS
    slots = {start: HourOfWeek.of(window.local(start)).index for start in hour_starts(window) if start not in left_out}
    kept = [shape for shape in shapes if shape.start not in left_out]
    whole = _seen(slots, first, last)
    keys = slots if weekly else {start: hour % DAY_HOURS for start, hour in slots.items()}
    counted = {
        key: cell for key, cell in _cells(kept, keys, first, last).items() if cell.seconds * SECOND_US >= HOUR_US
    }
    seconds = {key: _shrunk(key, counted) if weekly else _bins(cell) for key, cell in counted.items()}
    peak = {key: negative_binomial_p95(found.mean, found.variance) for key, found in seconds.items()}
    busiest = max(counted, key=lambda key: (peak[key], seconds[key].mean, -key), default=None)
    return Demand(
        cells="hours of the week" if weekly else "hours of the day",
        window=arrivals(kept, sum(whole.values())),
        busiest=None
        if busiest is None
        else Cell(
            name=_name(busiest, weekly=weekly),
            days=counted[busiest].days,
            seconds=seconds[busiest],
            arrivals=arrivals(counted[busiest].shapes, counted[busiest].seconds),
        ),
        in_flight=_in_flight(kept, whole),
    )


def _seen(slots: Mapping[int, int], first: int, last: int) -> dict[int, int]:
    """How many seconds of each hour lie between the first and the last arrival, where any do."""
    found: dict[int, int] = {}
    for start in slots:
        begin, end = max(start, first), min(start + HOUR_US - 1, last)
        if begin <= end:
            found[start] = end // SECOND_US - begin // SECOND_US + 1
    return found


def _cells(shapes: Sequence[HourlyShape], keys: Mapping[int, int], first: int, last: int) -> dict[int, _Counted]:
    """The hours of each cell, those that were seen without a request as well."""
    by_key: dict[int, list[HourlyShape]] = {}
    for shape in shapes:
        by_key.setdefault(keys[shape.start], []).append(shape)
    seconds: dict[int, list[int]] = {}
    for start, number in _seen(keys, first, last).items():
        seconds.setdefault(keys[start], []).append(number)
    return {key: _Counted(tuple(by_key.get(key, ())), sum(found), len(found)) for key, found in seconds.items()}


def _bins(cell: _Counted) -> Bins:
    return bins(Histogram.merged([shape.seconds for shape in cell.shapes]), cell.seconds)


def _shrunk(key: int, counted: Mapping[int, _Counted]) -> Bins:
    """The one-second bins of an hour of the week with one day more: the mean of that hour on days of the same kind."""
    own = _bins(counted[key])
    alike = [
        cell
        for other, cell in counted.items()
        if other % DAY_HOURS == key % DAY_HOURS and (other // DAY_HOURS >= SATURDAY) == (key // DAY_HOURS >= SATURDAY)
    ]
    days, prior = sum(cell.days for cell in alike), [_bins(cell) for cell in alike]
    return Bins(
        own.bins + round(sum(one.bins for one in prior) / days),
        own.sum + round(sum(one.sum for one in prior) / days),
        own.squares + round(sum(one.squares for one in prior) / days),
    )


def arrivals(shapes: Sequence[HourlyShape], seconds: int) -> tuple[Arrivals, ...]:
    """Bins of 1, 10 and 60 s of hours that were seen for `seconds` in all; a width that does not fit is left out."""
    found = []
    for width, name in WIDTHS_S.items():
        counts = Histogram.merged([getattr(shape, name) for shape in shapes])
        number = max(counts.total, seconds // width)
        if number:
            found.append(_arrivals(width, counts, number))
    return tuple(found)


def _arrivals(width: int, counts: Histogram, number: int) -> Arrivals:
    seen, every = bins(counts, number), with_empty(counts, number)
    return Arrivals(
        seconds=width,
        mean=seen.mean,
        dispersion=seen.dispersion,
        poisson_p95=poisson_p95(seen.mean),
        negative_binomial_p95=negative_binomial_p95(seen.mean, seen.variance),
        observed_p50=every.quantile(500),
        observed_p95=every.quantile(950),
        observed_p99=every.quantile(990),
        observed_max=int(every.values[-1]),
    )


def _in_flight(shapes: Sequence[HourlyShape], seen: Mapping[int, int]) -> InFlight | None:
    """Weighted by the time of the hours in which requests came, the time without any in flight counted as 0."""
    levels = Histogram.merged([shape.in_flight for shape in shapes])
    if not levels.total:
        return None
    stays = [shape.residency for shape in shapes]
    held = Residency(sum(one.time_us for one in stays), sum(one.half_token_us for one in stays))
    idle = sum(seen[shape.start] for shape in shapes) * SECOND_US - levels.total
    every = Histogram.merged([levels, Histogram.of([(0, idle)])]) if idle > 0 else levels
    return InFlight(
        mean=every.sum / every.total,
        p50=every.quantile(500),
        p95=every.quantile(950),
        p99=every.quantile(990),
        max=int(every.values[-1]),
        tokens_held=held.tokens,
    )


def _name(key: int, *, weekly: bool) -> str:
    hour = f"{key % DAY_HOURS:02d}:00 to {key % DAY_HOURS + 1:02d}:00"
    return f"{DAY_NAMES[key // DAY_HOURS]} {hour}" if weekly else hour
