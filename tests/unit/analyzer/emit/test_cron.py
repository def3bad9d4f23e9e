"""Cron windows open at exactly the hours that they are made from, judged by KEDA's rule written anew."""

import re
from bisect import bisect_right
from collections.abc import Collection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.emit.cron import CronWindow, cron_windows

WEEK_MINUTES = 7 * 24 * 60
FIELD = re.compile(r"\*|\d+(-\d+)?(,\d+(-\d+)?)*")


def numbers(field: str, everything: range) -> set[int]:
    """The values of one cron field; anything but lists, ranges and a star is not expected."""
    assert FIELD.fullmatch(field), field
    if field == "*":
        return set(everything)
    found: set[int] = set()
    for part in field.split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    assert found <= set(everything), field
    return found


def moments(expression: str) -> list[int]:
    """When an expression fires, in minutes since Monday 00:00."""
    minute, hour, day, month, weekday = expression.split()
    assert (day, month) == ("*", "*")
    return sorted(
        ((sunday_first - 1) % 7) * 1440 + h * 60 + m
        for sunday_first in numbers(weekday, range(7))
        for h in numbers(hour, range(24))
        for m in numbers(minute, range(60))
    )


def minutes_until(fires: list[int], now: int) -> int:
    """How long it takes from `now` on until the next moment, which is never `now` itself."""
    place = bisect_right(fires, now)
    return fires[place] - now if place < len(fires) else fires[0] + WEEK_MINUTES - now


def is_open(starts: list[int], ends: list[int], now: int) -> bool:
    """KEDA's cron scaler: open unless the next start comes before the next end."""
    return minutes_until(ends, now) <= minutes_until(starts, now)


def open_hours(windows: Collection[CronWindow]) -> set[int]:
    """Hours of the week in which a window is open, asked in the first, a middle and the last minute of each."""
    found = set()
    fires = [(moments(window.start), moments(window.end)) for window in windows]
    for hour in range(168):
        states = {any(is_open(*pair, hour * 60 + minute) for pair in fires) for minute in (0, 30, 59)}
        assert len(states) == 1, f"a window opens or closes within hour {hour}"
        if states.pop():
            found.add(hour)
    return found


def daily(days: range, hours: Collection[int]) -> set[int]:
    return {day * 24 + hour for day in days for hour in hours}


@settings(deadline=None)
@given(st.sets(st.integers(0, 167), min_size=1, max_size=167))
def test_windows_are_open_at_exactly_the_hours_that_are_asked_for(hours: set[int]) -> None:
    windows = cron_windows(hours)
    assert open_hours(windows) == hours
    for window in windows:
        assert window.start != window.end, "KEDA refuses a window that starts and ends by the same expression"


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 167), st.integers(4, 60)), min_size=1, max_size=5),
    st.booleans(),
)
def test_long_stretches_over_midnight_and_over_the_end_of_the_week_are_held(
    stretches: list[tuple[int, int]], inverted: bool
) -> None:
    hours = {(start + more) % 168 for start, length in stretches for more in range(length)}
    if inverted:
        hours = set(range(168)) - hours
    if hours and len(hours) < 168:
        assert open_hours(cron_windows(hours)) == hours


@pytest.mark.parametrize(
    ("hours", "windows"),
    [
        (daily(range(5), range(9, 18)), [("0 9 * * 1-5", "0 18 * * 1-5")]),
        (daily(range(7), [22, 23, 0, 1]), [("0 22 * * *", "0 2 * * *")]),
        (daily(range(5), [*range(8, 12), *range(14, 18)]), [("0 8,14 * * 1-5", "0 12,18 * * 1-5")]),
        (daily(range(5, 7), range(24)), [("0 0 * * 6", "0 0 * * 1")]),
        (set(range(4 * 24 + 18, 168)) | set(range(7)), [("0 18 * * 5", "0 7 * * 1")]),
        ({0}, [("0 0 * * 1", "0 1 * * 1")]),
        ({167}, [("0 23 * * 0", "0 0 * * 1")]),
    ],
)
def test_the_usual_plans_take_one_window(hours: set[int], windows: list[tuple[str, str]]) -> None:
    assert [(window.start, window.end) for window in cron_windows(hours)] == windows


def test_a_shorter_friday_takes_a_second_window() -> None:
    hours = daily(range(4), range(8, 18)) | daily(range(4, 5), range(8, 15))
    windows = cron_windows(hours)
    assert len(windows) == 2
    assert open_hours(windows) == hours


@pytest.mark.parametrize("hours", [set(), set(range(168))])
def test_no_hour_and_every_hour_need_no_window(hours: set[int]) -> None:
    assert cron_windows(hours) == ()


def test_a_second_end_in_a_row_would_hold_a_window_open_until_it() -> None:
    assert open_hours([CronWindow("0 8 * * 1-5", "0 18 * * *")]) > daily(range(5), range(8, 18))
