from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from analyzer.window import (
    HOUR_US,
    HourOfWeek,
    Window,
    default,
    everything,
    hour_phases,
    hour_starts,
    last_whole_days,
    microseconds,
    moment,
    weeks_until,
)

BERLIN = ZoneInfo("Europe/Berlin")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year to microsecond, as they come


def test_the_window_is_the_seven_whole_local_days_before_the_newest_record() -> None:
    window = default(utc(2025, 1, 1), utc(2025, 3, 10, 23, 30), "Europe/Berlin")
    assert window.start == datetime(2025, 3, 4, tzinfo=BERLIN)  # 23:30 UTC is the 11th in Berlin
    assert window.end == datetime(2025, 3, 11, tzinfo=BERLIN)
    assert window.days == 7


@pytest.mark.parametrize(("second", "day"), [(0, 11), (-1, 11), (-60, 11), (-61, 10)])
def test_a_day_with_a_record_in_its_last_minute_is_over(second: int, day: int) -> None:
    newest = datetime(2025, 3, 11, tzinfo=BERLIN) + timedelta(seconds=second)
    assert default(utc(2025, 1, 1), newest, "Europe/Berlin").end == datetime(2025, 3, day, tzinfo=BERLIN)


def test_records_of_less_than_two_days_are_taken_whole() -> None:
    window = default(utc(2025, 3, 1, 10, 20), utc(2025, 3, 3, 10, 19), "UTC")
    assert (window.start, window.end) == (utc(2025, 3, 1, 10), utc(2025, 3, 3, 11))


def test_records_of_two_days_are_not_taken_whole() -> None:
    window = default(utc(2025, 3, 1, 10, 20), utc(2025, 3, 3, 10, 20), "UTC")
    assert (window.start, window.end) == (utc(2025, 2, 24), utc(2025, 3, 3))


def test_a_week_with_a_clock_change_has_seven_days_and_an_hour_less() -> None:
    window = last_whole_days(datetime(2025, 4, 2, 12, tzinfo=BERLIN), "Europe/Berlin")
    assert window.days == 7
    assert window.end.astimezone(UTC) - window.start.astimezone(UTC) == timedelta(days=7, hours=-1)
    assert len(hour_starts(window)) == 167


def test_everything_reaches_from_the_first_to_the_last_whole_hour() -> None:
    window = everything(utc(2023, 11, 16, 18, 17, 3), utc(2023, 11, 16, 19, 14, 19), "Asia/Kolkata")
    assert window.start.isoformat() == "2023-11-16T23:00:00+05:30"
    assert window.end.isoformat() == "2023-11-17T01:00:00+05:30"


def test_an_hour_in_kolkata_begins_at_half_past_in_utc() -> None:
    window = everything(utc(2025, 3, 3, 0, 10), utc(2025, 3, 3, 1, 40), "Asia/Kolkata")
    assert hour_phases(window) == ((0, HOUR_US // 2),)
    assert [window.local(start).strftime("%H:%M") for start in hour_starts(window)] == ["05:00", "06:00", "07:00"]


def test_where_the_clock_moves_by_half_an_hour_the_hours_follow_it() -> None:
    """Lord Howe Island goes from +11 to +10:30 on 2025-04-06 at 02:00 local time."""
    window = everything(utc(2025, 4, 5, 13), utc(2025, 4, 5, 17), "Australia/Lord_Howe")
    phases = hour_phases(window)
    assert [phase for _, phase in phases] == [0, HOUR_US // 2]
    assert phases[1][0] == microseconds(utc(2025, 4, 5, 15))
    assert all(window.local(start).minute == 0 for start in hour_starts(window) if start >= phases[1][0])


def test_a_time_without_an_offset_is_on_the_local_clock() -> None:
    assert moment("2025-04-07", "Asia/Shanghai") == utc(2025, 4, 6, 16)
    assert moment("2025-04-07T12:00Z", "Asia/Shanghai") == utc(2025, 4, 7, 12)
    with pytest.raises(ValueError, match="yesterday"):
        moment("yesterday", "UTC")


def test_the_hours_of_the_week_count_from_monday_midnight_on_the_local_clock() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    assert HourOfWeek.of(utc(2025, 4, 6, 16).astimezone(shanghai)) == HourOfWeek(0)
    assert HourOfWeek.of(utc(2025, 4, 13, 15, 59).astimezone(shanghai)) == HourOfWeek(167)


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [
        (utc(2025, 4, 7), utc(2025, 4, 14), "2025-04-07--2025-04-14"),
        (utc(2023, 11, 16, 18), utc(2023, 11, 16, 20), "2023-11-16T180000--2023-11-16T200000"),
    ],
)
def test_the_name_of_a_window_sorts_by_time_and_suits_a_folder(start: datetime, end: datetime, name: str) -> None:
    assert Window(start, end, "UTC").name == name


def test_microseconds_are_exact() -> None:
    at = utc(2025, 4, 7, 12, 0, 0) + timedelta(microseconds=123_457)
    assert Window(at, at, "UTC").local(microseconds(at)) == at


@pytest.mark.parametrize("end", [datetime(2025, 4, 7, tzinfo=BERLIN), datetime(2025, 11, 3, tzinfo=BERLIN)])
def test_eight_weeks_end_with_the_window_on_the_local_clock_also_over_a_clock_change(end: datetime) -> None:
    found = weeks_until(Window(end - timedelta(days=7), end, "Europe/Berlin"))
    assert (found.days, found.end) == (56, end)
    assert (found.start.hour, found.start.date()) == (0, end.date() - timedelta(days=56))
