from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from analyzer.patterns.calendar import calendar, counts
from analyzer.window import Window
from tests.fakes.shapes import HOUR, SECOND, hours

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = 1_740_960_000 * SECOND  # 2025-03-03 00:00 UTC
START = datetime(2025, 3, 3, tzinfo=UTC)


@pytest.mark.parametrize(("month", "day", "seconds"), [(3, 30, 0), (10, 26, 7200)])
def test_the_hour_of_a_clock_change_is_seen_twice_or_never(month: int, day: int, seconds: int) -> None:
    midnight = datetime(2025, month, day, tzinfo=BERLIN)
    window = Window(midnight, midnight + timedelta(days=1), "Europe/Berlin")
    first, end = (int(at.timestamp()) * SECOND for at in (midnight, midnight + timedelta(days=1)))
    shapes = hours([(at, 10, 10) for at in range(first, end, 600 * SECOND)])
    found = calendar(window, shapes, first, end - 1)
    assert found.days == 1
    assert found.weekdays.tolist() == [6]
    assert found.seconds[0, 2] == seconds
    assert found.seconds[0].sum() == (end - first) // SECOND
    assert found.each(lambda shape: shape.requests)[0].tolist() == [6, 6, seconds / 600, *[6] * 21]


def test_days_are_local_and_weekends_are_told() -> None:
    window = Window(START, START + timedelta(days=7), "Asia/Shanghai")
    shapes = hours([(MONDAY + hour * HOUR, 1, 1) for hour in range(7 * 24)])
    found = calendar(window, shapes, MONDAY, MONDAY + 7 * 24 * HOUR - 1)
    assert found.weekdays.tolist() == [0, 1, 2, 3, 4, 5, 6, 0]
    assert found.weekends.tolist() == [False] * 5 + [True] * 2 + [False]
    assert (found.seconds[0] > 0).tolist() == [False] * 8 + [True] * 16
    assert found.midnights[1] - found.midnights[0] == 24 * HOUR


def test_only_what_lies_between_the_first_and_the_last_request_was_seen() -> None:
    window = Window(START - timedelta(days=50), START + timedelta(days=3), "UTC")
    shapes = hours([(MONDAY + HOUR // 2, 1, 1), (MONDAY + 30 * HOUR, 1, 1)])
    found = calendar(window, shapes, shapes[0].first, shapes[-1].last)
    assert found.days == 2
    assert found.seconds[0].tolist() == [1800, *[3600] * 23]
    assert found.days_with_requests == 2


def test_hours_that_are_left_out_are_neither_seen_nor_counted() -> None:
    window = Window(START, START + timedelta(days=1), "UTC")
    shapes = hours([(MONDAY + hour * HOUR, 1, 1) for hour in range(24)])
    found = calendar(window, shapes, MONDAY, MONDAY + 24 * HOUR - 1, left_out={MONDAY + 5 * HOUR})
    assert found.seconds[0, 5] == found.each(lambda shape: shape.requests)[0, 5] == 0
    assert found.seconds.sum() == 23 * 3600


def test_counts_hold_every_value_of_every_hour() -> None:
    window = Window(START, START + timedelta(days=1), "UTC")
    shapes = hours([(MONDAY, 7, 1), (MONDAY + 1, 7, 1), (MONDAY + HOUR, 9, 1)])
    found = counts(calendar(window, shapes, MONDAY, MONDAY + 2 * HOUR), lambda shape: shape.isl)
    assert found.values.tolist() == [7, 9]
    assert found.counts[0, :2].tolist() == [[2, 0], [0, 1]]
    assert found.counts.sum() == 3


@pytest.mark.parametrize(
    ("busy", "begins", "ends", "cut"),
    [
        (range(24), 0, 96, set()),
        (range(24), 15, 96, {0}),
        (range(24), 15, 81, {0, 3}),
        (range(24), 1, 96, set()),
        (range(9, 17), 9, 89, set()),
        (range(9, 17), 12, 86, {0, 3}),
    ],
    ids=["whole", "begins late", "both cut", "an hour late", "an office", "an office cut"],
)
def test_a_day_is_cut_where_other_days_have_requests_in_the_hours_that_it_lacks(
    busy: range, begins: int, ends: int, cut: set[int]
) -> None:
    window = Window(START, START + timedelta(days=4), "UTC")
    shapes = hours([(MONDAY + hour * HOUR, 1, 1) for hour in range(begins, ends) if hour % 24 in busy])
    found = calendar(window, shapes, shapes[0].first, shapes[-1].last)
    assert found.cut_days() == cut


def test_of_days_that_are_all_cut_none_is_called_so() -> None:
    window = Window(START, START + timedelta(days=2), "UTC")
    shapes = hours([(MONDAY + hour * HOUR, 1, 1) for hour in range(18, 30)])
    assert calendar(window, shapes, shapes[0].first, shapes[-1].last).cut_days() == frozenset()
