from datetime import UTC, datetime

import pytest

from analyzer.report.numbers import days, milliseconds, moment, money, plural, power, rate, share, span, whole


@pytest.mark.parametrize(
    ("number", "read"),
    [(0, "0"), (0.01234, "0.0123"), (1.9884, "1.99"), (2.0, "2"), (45.25, "45.2"), (1234.4, "1,234"), (9, "9")],
)
def test_a_rate_has_three_significant_digits(number: float, read: str) -> None:
    assert rate(number) == read


@pytest.mark.parametrize(
    ("amount", "read"),
    [(0, "0.00"), (0.0938, "0.0938"), (0.45, "0.450"), (1, "1.00"), (9.6, "9.60"), (1234.567, "1,234.57")],
)
def test_an_amount_of_money_has_its_cents_and_three_digits_below_one(amount: float, read: str) -> None:
    assert money(amount) == read


@pytest.mark.parametrize(
    ("part", "read"),
    [(0, "0 %"), (0.001, "0.1 %"), (0.000516, "0.0516 %"), (0.425, "42.5 %"), (1, "100 %"), (1e-7, "under 0.001 %")],
)
def test_a_share_is_read_in_per_cent(part: float, read: str) -> None:
    assert share(part) == read


def test_what_is_not_all_is_never_called_all() -> None:
    assert share(0.99999) == "over 99.9 %"


def test_a_count_has_thousands_separators() -> None:
    assert whole(1_202_590) == "1,202,590"


@pytest.mark.parametrize(
    ("duration", "read"), [(0.85, "0.85 ms"), (231, "231 ms"), (1240, "1.24 s"), (186_000, "3.1 min")]
)
def test_a_duration_is_read_in_the_unit_that_keeps_it_short(duration: float, read: str) -> None:
    assert milliseconds(duration) == read


def test_powers_of_two_are_read_as_people_say_them() -> None:
    assert [power(1), power(512), power(1024), power(1 << 17), power(1 << 20)] == ["1", "512", "1k", "128k", "1M"]


def test_one_is_not_plural() -> None:
    assert [plural(1, "replica"), plural(2, "replica"), plural(1200, "row was", "rows were")] == [
        "1 replica",
        "2 replicas",
        "1,200 rows were",
    ]


def test_a_window_of_whole_days_is_named_by_its_first_and_last_day() -> None:
    week = span(datetime(2025, 12, 29, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC))
    assert week == "from Mon 29 Dec 2025 to Sun 4 Jan 2026"
    assert span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)) == "on Thu 1 Jan 2026"


def test_a_window_within_a_day_is_named_by_its_minutes() -> None:
    start, end = datetime(2023, 11, 16, 18, tzinfo=UTC), datetime(2023, 11, 16, 20, 30, tzinfo=UTC)
    assert span(start, end) == "on Thu 16 Nov 2023 from 18:00 to 20:30"


def test_a_window_that_ends_within_a_later_day_names_both_moments() -> None:
    start, end = datetime(2023, 11, 16, 18, tzinfo=UTC), datetime(2023, 11, 17, 2, tzinfo=UTC)
    assert span(start, end) == f"from {moment(start)} to {moment(end)}"


@pytest.mark.parametrize(
    ("number", "read"), [(7, "7 days"), (1, "24 hours"), (0.04, "58 minutes"), (0.0001, "1 minute")]
)
def test_a_short_span_is_read_in_hours_or_minutes(number: float, read: str) -> None:
    assert days(number) == read
