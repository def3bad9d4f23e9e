import pytest

from analyzer.patterns.names import clock, mix, named, times
from analyzer.shape import Thresholds

WEEK = range(5)
ALL = range(7)


def hours(days: range, start: int, end: int) -> set[int]:
    return {day * 24 + hour for day in days for hour in range(start, end)}


@pytest.mark.parametrize(
    ("isl", "osl", "name"),
    [(1024, 256, "short-in/short-out"), (1025, 256, "long-in/short-out"), (9, 999, "short-in/long-out")],
)
def test_a_mix_is_named_after_its_medians(isl: int, osl: int, name: str) -> None:
    assert mix(isl, osl, Thresholds()) == name


@pytest.mark.parametrize(
    ("meant", "name"),
    [
        (hours(WEEK, 8, 12), "weekday mornings"),
        (hours(WEEK, 9, 18), "weekday mornings and afternoons"),
        (hours(ALL, 0, 6), "nights"),
        (hours(WEEK, 18, 24) | hours(range(5, 7), 10, 24), "weekday evenings, weekend afternoons and evenings"),
        (hours(ALL, 0, 24), "all hours"),
        (hours(WEEK, 0, 24), "weekdays"),
        (hours(range(5, 7), 0, 24), "weekends"),
        (hours(range(1), 9, 11), "Mon 09:00–11:00"),
    ],
)
def test_hours_of_the_week_have_words(meant: set[int], name: str) -> None:
    assert times(meant) == name


def test_the_clock_puts_days_alike_together() -> None:
    meant = hours(WEEK, 9, 12) | hours(WEEK, 14, 18) | hours(range(6, 7), 0, 24)
    assert clock(meant) == "Mon–Fri 09:00–12:00 and 14:00–18:00, Sun 00:00–24:00"


def test_no_part_of_the_day_is_named_for_two_numbers() -> None:
    """Three at 9 to 18 on working days, one before that, two after: mornings are half three and half one."""
    numbers = [(1 if hour % 24 < 9 else 3 if hour % 24 < 18 else 2) if hour < 120 else 1 for hour in range(168)]
    assert named(numbers) == {
        1: "weekday nights, weekends",
        2: "weekday evenings",
        3: "weekday mornings and afternoons",
    }


def test_a_number_that_no_part_of_the_day_goes_to_is_named_by_the_clock() -> None:
    assert named([7 if hour == 50 else 1 for hour in range(168)]) == {1: "all hours", 7: "Wed 02:00–03:00"}
