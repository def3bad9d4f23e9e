"""Kinds of hours with a mix of lengths of their own, and whether they come back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from analyzer.patterns import names
from analyzer.patterns import regime_words as words
from analyzer.patterns.calendar import HOURS, Calendar, counts
from analyzer.patterns.clusters import GROUPS, LEAST_REQUESTS, Division, divide, hours_of_week
from analyzer.patterns.repeats import Repeats, repeats
from analyzer.shape import HourlyShape, Thresholds, merged

Verdict = Literal["recurring", "none", "too_little_traffic"]

LEAST_DAYS = 5
TWO_WEEKS = 14
SURE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Regime:
    """Hours of one kind: which of the 168 hours of the week they are, and what was seen in them."""

    name: str
    label: int
    hours_of_week: tuple[int, ...]
    mean_rps: float
    whole: HourlyShape
    hours: tuple[HourlyShape, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Regimes:
    """Whether hours differ in their mix and whether that comes back, with the kinds of hours where it does.

    `labels` says for each hour of the week which kind it is, −1 where too few requests came to tell. `k` is 1 where the
    mix comes back although hours cannot be told apart. `repeat_p` is `None` with one day or less.
    """

    verdict: Verdict
    reason: str
    k: int | None
    labels: tuple[int, ...] | None
    repeat_p: Repeats | None
    kinds: tuple[Regime, ...]


def regimes(days: Calendar, thresholds: Thresholds) -> Regimes:
    """The kinds of hours in `days`, from which anomalies were left out already.

    The mix recurs where the permutation test gives p ≤ 0.01 over five days or more. With two weeks or more the 168
    hours of the week are grouped, with fewer the 24 hours of the day.
    """
    seen = days.days_with_requests
    if seen <= 1:
        return _too_little(words.of_few_days(seen), None)
    tested = repeats(days)
    weekly = days.days >= TWO_WEEKS
    requests = days.each(lambda shape: shape.requests)
    if seen < LEAST_DAYS:
        return _too_little(words.of_few_days(seen, tested), tested)
    if tested.mix > SURE:
        reason = words.of_no_repetition(tested, seen)
        return Regimes("none", reason, None, None, tested, ())
    division = divide(counts(days, lambda shape: shape.grid).counts, days.weekdays, weekly=weekly)
    if int((division.labels >= 0).sum()) <= GROUPS[-1]:
        return _too_little(words.of_few_requests(int(requests.sum()), LEAST_REQUESTS, weekly=weekly), tested)
    labels = hours_of_week(division.labels)
    reason = words.of_repetition(tested, seen, division, SURE)
    return Regimes("recurring", reason, division.k, labels, tested, _kinds(days, labels, division, thresholds))


def _too_little(reason: str, tested: Repeats | None) -> Regimes:
    return Regimes("too_little_traffic", reason, None, None, tested, ())


def _kinds(days: Calendar, labels: Sequence[int], division: Division, thresholds: Thresholds) -> tuple[Regime, ...]:
    found: list[Regime] = []
    for label in range(division.k):
        places = tuple(hour for hour, own in enumerate(labels) if own == label)
        meant = frozenset(places)
        shapes = tuple(
            placed.shape for placed in days.hours if int(days.weekdays[placed.day]) * HOURS + placed.hour in meant
        )
        whole = merged(shapes)
        seconds = sum(
            float(days.seconds[day, hour])
            for day, weekday in enumerate(days.weekdays.tolist())
            for hour in range(HOURS)
            if weekday * HOURS + hour in meant
        )
        name = f"{names.mix(whole.isl.quantile(500), whole.osl.quantile(500), thresholds)}, {names.times(places)}"
        found.append(Regime(name, label, places, whole.requests / seconds, whole, shapes))
    return _told_apart(found)


def _told_apart(kinds: Sequence[Regime]) -> tuple[Regime, ...]:
    """The same kinds; those whose names would be equal have the clock in their names."""
    often = [kind.name for kind in kinds]
    return tuple(
        kind
        if often.count(kind.name) == 1
        else Regime(
            f"{kind.name} ({names.clock(kind.hours_of_week)})",
            kind.label,
            kind.hours_of_week,
            kind.mean_rps,
            kind.whole,
            kind.hours,
        )
        for kind in kinds
    )
