"""Hours of the week and mixes of lengths in words."""

from collections.abc import Iterable, Sequence

from analyzer.patterns.calendar import HOURS, SATURDAY, WEEK_DAYS
from analyzer.shape import Thresholds

PARTS = ("nights", "mornings", "afternoons", "evenings")
PART_HOURS = 6
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HALF = 0.5


def mix(isl: int, osl: int, thresholds: Thresholds) -> str:
    """`long-in/short-out` and its like, from the median lengths; long means strictly above the threshold."""
    return f"{_long(isl > thresholds.isl)}-in/{_long(osl > thresholds.osl)}-out"


def _long(is_long: bool) -> str:  # noqa: FBT001  it is the word's whole meaning
    return "long" if is_long else "short"


def times(hours: Iterable[int]) -> str:
    """When the hours of the week lie: `weekday mornings and afternoons, weekend nights`.

    Nights are 0 to 6, mornings 6 to 12, afternoons 12 to 18, evenings 18 to 24. A part is named where half of its
    hours or more are meant on half of the days or more; hours that make no such part are named by their clock.
    """
    meant = frozenset(hours)
    week, end = _parts(meant, range(SATURDAY)), _parts(meant, range(SATURDAY, WEEK_DAYS))
    if week == end == PARTS:
        return "all hours"
    if week == end and week:
        return _and(week)
    named = [_kind("weekday", week), _kind("weekend", end)]
    return ", ".join(filter(None, named)) or clock(meant)


def _parts(hours: frozenset[int], days: range) -> tuple[str, ...]:
    """The parts of the day that `hours` cover on `days`."""
    often = [sum(day * HOURS + hour in hours for day in days) >= HALF * len(days) for hour in range(HOURS)]
    return tuple(
        part
        for number, part in enumerate(PARTS)
        if sum(often[number * PART_HOURS : (number + 1) * PART_HOURS]) >= HALF * PART_HOURS
    )


def named(numbers: Sequence[int]) -> dict[int, str]:
    """The hours of the week of each of `numbers[hour]`, so that no part of the day is named twice.

    A part of the day on working days, or at weekends, goes to the number that most of its hours have, the largest of
    equals; a number that no part goes to is named by the clock.
    """
    own: dict[int, list[int]] = {number: [] for number in sorted(set(numbers))}
    for days in (range(SATURDAY), range(SATURDAY, WEEK_DAYS)):
        for part in range(0, HOURS, PART_HOURS):
            hours = [day * HOURS + hour for day in days for hour in range(part, part + PART_HOURS)]
            found = [numbers[hour] for hour in hours]
            own[max(found, key=lambda number: (found.count(number), number))] += hours
    return {
        number: times(hours) if hours else clock(hour for hour, mine in enumerate(numbers) if mine == number)
        for number, hours in own.items()
    }


def _kind(name: str, parts: tuple[str, ...]) -> str:
    if parts == PARTS:
        return f"{name}s"
    return f"{name} {_and(parts)}" if parts else ""


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def clock(hours: Iterable[int]) -> str:
    """The same to the hour, days alike together: `Mon–Fri 09:00–18:00, Sat–Sun 10:00–24:00`."""
    meant = frozenset(hours)
    of_day = [tuple(hour for hour in range(HOURS) if day * HOURS + hour in meant) for day in range(WEEK_DAYS)]
    found: list[str] = []
    first = 0
    for day in range(1, WEEK_DAYS + 1):
        if day == WEEK_DAYS or of_day[day] != of_day[first]:
            if of_day[first]:
                name = DAYS[first] if day - first == 1 else f"{DAYS[first]}–{DAYS[day - 1]}"
                found.append(f"{name} {' and '.join(_spans(of_day[first]))}")
            first = day
    return ", ".join(found)


def _spans(hours: Sequence[int]) -> list[str]:
    """Hours that follow each other as one span: `09:00–18:00`."""
    starts = [hour for hour in hours if hour - 1 not in hours]
    ends = [hour + 1 for hour in hours if hour + 1 not in hours]
    return [f"{start:02}:00–{end:02}:00" for start, end in zip(starts, ends, strict=True)]
