from datetime import UTC, datetime

import pyarrow as pa
import pytest

from analyzer.errors import BadSettings
from analyzer.traces.base import Wishes
from analyzer.traces.clock import NAIVE, moments
from analyzer.window import microseconds


def iso(column: pa.Array, wishes: Wishes | None = None, unit: str | None = None) -> list[str | None]:
    found = moments(column, wishes or Wishes(), unit).values.to_pylist()
    return [None if moment is None else moment.astimezone(UTC).isoformat() for moment in found]


def texts(*values: str | None) -> pa.Array:
    return pa.array(values, pa.string())


def test_seven_digits_after_the_second_are_cut_to_six() -> None:
    assert iso(texts("2023-11-16 18:17:03.9799609")) == ["2023-11-16T18:17:03.979960+00:00"]


def test_offsets_count_also_beside_times_without_one() -> None:
    column = texts(
        "2024-05-10 00:00:00.009930+00:00", "2024-05-10T02:00:00+02:00", "2024-05-10 00:00:00Z", "2024-05-10"
    )
    assert iso(column) == ["2024-05-10T00:00:00.009930+00:00", *["2024-05-10T00:00:00+00:00"] * 3]
    assert moments(column, Wishes()).notes == {NAIVE: 1}


def test_times_without_an_offset_are_on_the_clock_that_was_named() -> None:
    wishes = Wishes(timezone="Europe/Berlin")
    assert iso(texts("2025-07-01 12:00:00", "2025-01-01 12:00:00"), wishes) == [
        "2025-07-01T10:00:00+00:00",
        "2025-01-01T11:00:00+00:00",
    ]
    assert moments(texts("2025-07-01 12:00:00"), wishes).notes == {}


def test_on_the_days_of_the_switch_every_time_has_one_moment() -> None:
    wishes = Wishes(timezone="Europe/Berlin")
    assert iso(texts("2025-10-26 02:30:00", "2025-03-30 02:30:00"), wishes) == [
        "2025-10-26T00:30:00+00:00",
        "2025-03-30T01:00:00+00:00",
    ]


def test_what_is_no_time_is_null_and_costs_no_other_row_its_time() -> None:
    column = texts("2025-01-01 00:00:00", "yesterday", "2025-02-30 00:00:00", "", None, "9999-12-31 23:59:59")
    assert iso(column) == ["2025-01-01T00:00:00+00:00", None, None, None, None, None]
    assert iso(column, Wishes(timezone="Asia/Tokyo"))[0] == "2024-12-31T15:00:00+00:00"


@pytest.mark.parametrize(
    ("unit", "value"),
    [("s", "1735689600.25"), ("ms", "1735689600250"), ("us", "1735689600250000"), ("ns", "1735689600250000999")],
)
def test_numbers_count_from_1970_in_the_unit_that_was_named(unit: str, value: str) -> None:
    assert iso(texts(value), Wishes(unit=unit)) == ["2025-01-01T00:00:00.250000+00:00"]


def test_numbers_count_from_the_start_where_there_is_one() -> None:
    start = microseconds(datetime(2025, 1, 1, tzinfo=UTC))
    assert iso(pa.array([0, 1500]), Wishes(start=start), "ms") == [
        "2025-01-01T00:00:00+00:00",
        "2025-01-01T00:00:01.500000+00:00",
    ]


def test_numbers_without_a_unit_are_asked_about() -> None:
    for column in (pa.array([1735689600]), texts("1735689600"), pa.array([0.5])):
        with pytest.raises(BadSettings, match="--time-unit"):
            moments(column, Wishes())
    assert iso(texts("20250101"), Wishes(unit="iso")) == ["2025-01-01T00:00:00+00:00"]


def test_timestamps_of_any_resolution_and_zone_are_taken_as_they_are() -> None:
    naive = pa.array([datetime(2025, 1, 1)], pa.timestamp("ns"))  # noqa: DTZ001 - what pandas writes
    assert iso(naive, Wishes(timezone="Asia/Tokyo")) == ["2024-12-31T15:00:00+00:00"]
    assert moments(naive, Wishes()).naive == 1
    zoned = pa.array([datetime(2025, 1, 1, tzinfo=UTC)], pa.timestamp("ms", tz="America/New_York"))
    assert (iso(zoned), moments(zoned, Wishes()).naive) == (["2025-01-01T00:00:00+00:00"], 0)
