"""Hours of the week as few pairs of cron expressions, of the kind that KEDA's cron trigger takes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from analyzer.emit.recommendation import WEEK_HOURS

_DAY = 24


@dataclass(frozen=True, slots=True)
class CronWindow:
    """A cron expression at which a window starts and one at which it ends: minute, hour, day, month, day of the week.

    Days of the week are 0 (Sunday) to 6, as robfig/cron reads them, which KEDA uses.
    """

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class _Pair:
    """Hours of the week at which a pair of expressions starts and ends, each all its hours of day on all its days."""

    starts: frozenset[int]
    ends: frozenset[int]


def cron_windows(hours: Collection[int]) -> tuple[CronWindow, ...]:
    """The windows that are open at exactly these hours of the week (0 is Monday 00:00 to 01:00).

    KEDA holds a window open while the next end comes before the next start, so that one pair serves several hours and
    days: "0 8,14 * * 1-5" to "0 12,18 * * 1-5" are mornings and afternoons of working days. Stretches of hours are
    merged into one pair wherever the pair still opens at no other hour. Nothing and the whole week need no window.
    """
    wanted = frozenset(hours)
    if not wanted or len(wanted) == WEEK_HOURS:
        return ()
    pairs: list[_Pair] = []
    for stretch in _by_length(_stretches(wanted)):
        for place, pair in enumerate(pairs):
            merged = _closed(pair.starts | stretch.starts, pair.ends | stretch.ends)
            if _open(pair) | _open(stretch) <= _open(merged) <= wanted:
                pairs[place] = merged
                break
        else:
            pairs.append(stretch)
    return tuple(CronWindow(_expression(pair.starts), _expression(pair.ends)) for pair in pairs)


def _stretches(wanted: frozenset[int]) -> list[tuple[int, int]]:
    """First hour of each unbroken stretch and the hour after its last; a stretch may go over the end of the week."""
    starts = sorted(hour for hour in wanted if (hour - 1) % WEEK_HOURS not in wanted)
    ends = sorted(hour for hour in range(WEEK_HOURS) if hour not in wanted and (hour - 1) % WEEK_HOURS in wanted)
    if ends[0] <= starts[0]:
        ends = [*ends[1:], ends[0]]
    return list(zip(starts, ends, strict=True))


def _by_length(stretches: Iterable[tuple[int, int]]) -> list[_Pair]:
    """Stretches with the same hours of day and days between them, as one pair each."""
    alike: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
    for start, end in stretches:
        length = (end - start) % WEEK_HOURS
        alike.setdefault((start % _DAY, end % _DAY, length), []).append((start, end))
    return [_closed({start for start, _ in same}, {end for _, end in same}) for same in alike.values()]


def _closed(starts: Iterable[int], ends: Iterable[int]) -> _Pair:
    """The pair that cron can express: every hour of day on every day that occurs."""
    return _Pair(_product(starts), _product(ends))


def _product(places: Iterable[int]) -> frozenset[int]:
    known = list(places)
    days, hours = {place // _DAY for place in known}, {place % _DAY for place in known}
    return frozenset(day * _DAY + hour for day in days for hour in hours)


def _open(pair: _Pair) -> frozenset[int]:
    """The hours at which KEDA holds the pair open: those after which the next event is an end, or both at once.

    Thus a second end in a row would open the window before it, and a second start close it.
    """
    held = set()
    is_open = False
    for moment in reversed(range(2 * WEEK_HOURS)):
        hour = (moment + 1) % WEEK_HOURS
        if hour in pair.starts or hour in pair.ends:
            is_open = hour in pair.ends
        if is_open and moment < WEEK_HOURS:
            held.add(moment)
    return frozenset(held)


def _expression(places: frozenset[int]) -> str:
    hours = {place % _DAY for place in places}
    days = {(place // _DAY + 1) % 7 for place in places}
    return f"0 {_listed(hours, _DAY)} * * {_listed(days, 7)}"


def _listed(numbers: Collection[int], everything: int) -> str:
    """1,2,3,5 as 1-3,5; all of them as *."""
    if len(numbers) == everything:
        return "*"
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
