from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from pyarrow import parquet

from analyzer.shape import Caller, Prefix, Refusals, Thresholds, Traffic, merged
from analyzer.store import Reading, find, opened
from analyzer.window import Window, hour_starts
from tests.fakes.recordings import MONDAY, row, write
from tests.fakes.shapes import SECOND, shape

DAY = Window(MONDAY, MONDAY + timedelta(days=1), "UTC")
MONDAY_US = int(MONDAY.timestamp()) * SECOND


def read(folder: Path, window: Window = DAY, models: Sequence[str] = ("m",)) -> Reading:
    with opened(find([str(folder)])) as records:
        assert records.unreadable == ()
        return records.read(window, models, Thresholds())


def traffic(folder: Path, window: Window = DAY) -> Traffic:
    return read(folder, window).traffic["m"]


def test_hours_are_counted_as_plain_python_counts_them(tmp_path: Path) -> None:
    requests = [(i * 37.5 % 7200, (i * 97) % 3000, (i * 31) % 900) for i in range(500)]
    write(tmp_path / "a.parquet", [row(at, isl, osl) for at, isl, osl in requests])
    counted = traffic(tmp_path).hours
    expected = shape([(MONDAY_US + int(at * SECOND), isl, osl) for at, isl, osl in requests])
    found = merged(counted)
    assert len(counted) == 2
    for name in ("isl", "osl", "total", "grid", "seconds", "tens", "by_minute"):
        assert getattr(found, name).items() == getattr(expected, name).items(), name
    assert (found.patterns, found.peak_second, found.peak_minute) == (
        expected.patterns,
        expected.peak_second,
        expected.peak_minute,
    )
    assert (found.start, found.first, found.last) == (expected.start, expected.first, expected.last)


def test_the_limit_that_clients_ask_for_is_counted_and_who_used_it_up(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(1, 5, 50, max_tokens=50), row(2, 5, 7, max_tokens=50), row(3, 5, 7)])
    found = merged(traffic(tmp_path).hours)
    assert found.max_tokens.items() == [(50, 2)]
    assert found.asked.items() == [(55, 2)]
    assert found.endings.at_own_limit == 1


def test_requests_in_flight_are_counted_by_the_microsecond_from_start_and_end(tmp_path: Path) -> None:
    """One runs from 0 s to 10 s, one from 4 s to 6 s, one for ever: that one's end is not recorded."""
    ends = [row(0, e2e_us=10 * SECOND), row(4, e2e_us=2 * SECOND), row(5, e2e_us=None)]
    write(tmp_path / "a.parquet", ends)
    assert merged(traffic(tmp_path).hours).in_flight.items() == [(1, 8 * SECOND), (2, 2 * SECOND)]


def test_a_request_that_runs_over_the_hour_is_in_flight_in_both(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(3590, e2e_us=30 * SECOND), row(3610, e2e_us=SECOND)])
    first, second = traffic(tmp_path).hours
    assert first.in_flight.items() == [(1, 10 * SECOND)]
    assert second.in_flight.items() == [(1, 19 * SECOND), (2, SECOND)]


def test_prefix_blocks_that_came_before_are_counted_under_both_names(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(1, prefix_blocks=[1, 2, 3]), row(2, prefix_blocks=[1, 2, 4])])
    write(tmp_path / "b.parquet", [row(3, hash_ids=[1, 9]), row(4, hash_ids=None), row(5, hash_ids=[])])
    assert traffic(tmp_path).prefix == Prefix(blocks=8, seen_before_share=3 / 8)


def test_without_prefix_blocks_nothing_is_said_about_prefixes(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(1)])
    assert traffic(tmp_path).prefix is None


def test_refused_requests_are_counted_apart_with_those_that_were_too_long(tmp_path: Path) -> None:
    refused = {"outcome": "refused", "osl": None}
    rows = [
        row(1, 500, 10, http_status=200),
        row(2, 900, http_status=400, error_type="BadRequestError", **refused),
        row(3, 100, http_status=400, error_type="context_length_exceeded", **refused),
        row(4, None, http_status=413, error_type="413", **refused),
        row(5, 900, http_status=429, error_type="RateLimitError", **refused),
        row(-60, 900, http_status=400, **refused),
    ]
    write(tmp_path / "a.parquet", rows)
    found = read(tmp_path)
    assert found.traffic["m"].refusals == Refusals(requests=3, for_length=2, longer=1)
    assert merged(found.traffic["m"].hours).requests == 1


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(("month", "day", "hours", "twice"), [(3, 30, 23, ()), (10, 26, 25, (2,))])
def test_the_days_on_which_the_clocks_change_have_their_own_number_of_hours(
    month: int, day: int, hours: int, twice: tuple[int, ...], tmp_path: Path
) -> None:
    """A request every half hour of one day in Berlin: 2025-03-30 lacks the hour from 2, 2025-10-26 has it twice."""
    midnight, next_one = (datetime(2025, month, day + later, tzinfo=BERLIN) for later in (0, 1))
    seconds = int((next_one.astimezone(UTC) - midnight.astimezone(UTC)).total_seconds())
    start = midnight.astimezone(UTC)
    rows = [row() | {"timestamp": start + timedelta(seconds=at)} for at in range(0, seconds, 1800)]
    write(tmp_path / "a.parquet", rows)
    window = Window(midnight, next_one, "Europe/Berlin")
    found = traffic(tmp_path, window).hours
    assert [shape.requests for shape in found] == [2] * hours
    assert tuple(shape.start for shape in found) == hour_starts(window)
    local = [window.local(shape.start).hour for shape in found]
    assert sorted({hour for hour in local if local.count(hour) > 1}) == list(twice)
    assert (2 in local) is bool(twice)


def test_a_file_with_only_the_required_columns_can_be_read(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row()])
    found = traffic(tmp_path)
    assert (found.callers, found.peak_caller, found.latency) == ((), None, None)


def test_files_with_and_without_optional_columns_go_together(tmp_path: Path) -> None:
    write(tmp_path / "plain.parquet", [row(1)])
    write(tmp_path / "full.parquet", [row(2, client_id="c", ttft_us=5000, max_tokens=50)])
    found = traffic(tmp_path)
    assert merged(found.hours).requests == 2
    assert merged(found.hours).asked.items() == [(150, 1)]
    assert found.callers == (Caller("c", 1),)


def test_rows_that_cannot_count_are_set_aside_by_reason(tmp_path: Path) -> None:
    write(
        tmp_path / "a.parquet",
        [
            row(1),
            row(2, isl=None),
            row(3, osl=None),
            row(4, isl=-1),
            row(5, osl=-5),
            row(6, isl=2**24 + 1),
            row(7, osl=2**30),
            row(8, model=None),
            row(9, timestamp=None),
            row(10, timestamp=datetime(1970, 1, 2)),  # noqa: DTZ001  a foreign row
            row(11, operation="embeddings"),
            row(12, operation="chat"),
        ],
    )
    reading = read(tmp_path)
    assert merged(reading.traffic["m"].hours).requests == 2
    assert reading.set_aside == {
        "absurd_input_tokens": 1,
        "absurd_output_tokens": 1,
        "absurd_timestamp": 1,
        "embeddings": 1,
        "negative_input_tokens": 1,
        "negative_output_tokens": 1,
        "no_input_tokens": 1,
        "no_model": 1,
        "no_output_tokens": 1,
        "no_timestamp": 1,
    }


def test_rows_outside_the_window_are_neither_counted_nor_set_aside(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(-1), row(0), row(86_399.999999), row(86_400), row(90_000, isl=None)])
    reading = read(tmp_path)
    assert merged(reading.traffic["m"].hours).requests == 2
    assert reading.set_aside == {}


def test_two_models_are_kept_apart_and_one_can_be_chosen(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(1), row(2, model="n"), row(3, model="n", isl=None), row(4, model="n")])
    both = read(tmp_path, models=("m", "n"))
    assert {model: merged(found.hours).requests for model, found in both.traffic.items()} == {"m": 1, "n": 2}
    assert both.set_aside == {"no_input_tokens": 1}
    one = read(tmp_path, models=("m",))
    assert set(one.traffic) == {"m"}
    assert one.set_aside == {}


def test_hours_begin_on_the_local_clock(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(29 * 60), row(31 * 60)])
    kolkata = Window(DAY.start, DAY.end, "Asia/Kolkata")
    assert [one.start - MONDAY_US for one in traffic(tmp_path, kolkata).hours] == [-1800 * SECOND, 1800 * SECOND]
    assert len(traffic(tmp_path).hours) == 1


def test_times_without_a_zone_are_utc_also_beside_others(tmp_path: Path) -> None:
    naive, offset = pa.timestamp("ns"), pa.timestamp("ms", tz="America/New_York")
    write(tmp_path / "a.parquet", [row(timestamp=MONDAY.replace(tzinfo=None))], {"timestamp": naive})
    write(tmp_path / "b.parquet", [row(1)], {"timestamp": offset})
    write(tmp_path / "c.parquet", [row(2)])
    found = merged(traffic(tmp_path).hours)
    assert (found.requests, found.first - MONDAY_US, found.last - MONDAY_US) == (3, 0, 2 * SECOND)


def test_nanoseconds_with_a_zone_are_read_alone_and_beside_others(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(1)], {"timestamp": pa.timestamp("ns", tz="UTC")})  # what pandas writes
    assert merged(traffic(tmp_path).hours).first - MONDAY_US == SECOND
    write(tmp_path / "b.parquet", [row(2)])
    assert merged(traffic(tmp_path).hours).requests == 2


def test_requests_of_the_day_after_tomorrow_are_set_aside_where_today_is_known(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(0), row(23 * 3600), row(25 * 3600, isl=None), row(25 * 3600, model=None)])
    with opened(find([str(tmp_path)]), now=MONDAY_US) as records:
        (span,) = records.spans()
        assert (span.requests, span.last - MONDAY_US) == (2, 23 * 3600 * SECOND)
        assert records.read(DAY, ("m",), Thresholds()).set_aside == {"future_timestamp": 2}


def test_token_counts_as_pandas_leaves_them_are_read(tmp_path: Path) -> None:
    rows = [row(1, isl=7), row(2, isl=None)]
    write(tmp_path / "a.parquet", rows, {"input_tokens": pa.float64()})
    reading = read(tmp_path)
    assert merged(reading.traffic["m"].hours).isl.items() == [(7, 1)]
    assert reading.set_aside == {"no_input_tokens": 1}


def test_folder_names_do_not_become_columns(tmp_path: Path) -> None:
    write(tmp_path / "model=n" / "date=2025-03-03" / "a.parquet", [row()])
    assert set(read(tmp_path, models=("m", "n")).traffic) == {"m"}


def test_the_ten_largest_callers_are_named_and_that_of_the_fullest_minute(tmp_path: Path) -> None:
    many = [row(i * 60, client_id=f"c{n:02d}") for n in range(12) for i in range(n + 1)]
    burst = [row(50_000 + i / 10, client_id="burst") for i in range(5)] + [row(50_001) for _ in range(20)]
    write(tmp_path / "a.parquet", many + burst)
    found = traffic(tmp_path)
    largest = [f"c{n:02d}" for n in range(11, 4, -1)] + ["burst", "c04", "c03"]
    assert [caller.client_id for caller in found.callers] == largest
    assert found.peak_caller == Caller("burst", 5)


def test_latency_is_nearest_rank_and_leaves_out_what_did_not_complete(tmp_path: Path) -> None:
    rows = [row(i, ttft_us=1000 * i, e2e_us=9000 * i, tpot_us=None, outcome="completed") for i in range(1, 101)]
    rows += [row(200, ttft_us=400_000, e2e_us=7, tpot_us=7, outcome="client_disconnect")]
    write(tmp_path / "a.parquet", rows)
    assert traffic(tmp_path).timed == {"ttft_ms": 101, "e2e_ms": 100}
    found = traffic(tmp_path).latency
    assert found is not None
    assert found.ttft_ms is not None
    assert found.e2e_ms is not None
    assert (found.ttft_ms.p50, found.ttft_ms.p99, found.ttft_ms.p99_9) == (51, 100, 400)
    assert (found.e2e_ms.p50, found.e2e_ms.p99_9) == (450, 900)
    assert found.tpot_ms is None
    assert found.itl_ms is None


def test_itl_adds_up_the_buckets_of_the_requests(tmp_path: Path) -> None:
    counts = [0] * 28
    counts[5] = 10  # 8 to 10 ms
    other = [0] * 28
    other[6] = 10  # 10 to 15 ms
    rows = [row(1, itl_counts=counts), row(2, itl_counts=other), row(3, itl_counts=None), row(4, itl_counts=[9])]
    write(tmp_path / "a.parquet", rows)
    assert traffic(tmp_path).timed == {"itl_ms": 2}
    found = traffic(tmp_path).latency
    assert found is not None
    assert found.itl_ms is not None
    assert found.itl_ms.p50 == pytest.approx(10)
    assert found.itl_ms.p90 == pytest.approx(14)


def test_how_requests_ended_is_counted(tmp_path: Path) -> None:
    rows = [
        row(1, finish_reason="length", outcome="completed"),
        row(2, finish_reason="stop", outcome="completed"),
        row(3, finish_reason=None, outcome="client_disconnect"),
        row(4, finish_reason="max_output_tokens", outcome="completed"),
    ]
    write(tmp_path / "a.parquet", rows)
    ended = merged(traffic(tmp_path).hours).endings
    assert (ended.cut_by_length, ended.reason_known, ended.not_completed) == (2, 3, 1)


def test_a_limit_of_each_of_several_completions_is_one_of_their_sum(tmp_path: Path) -> None:
    rows = [
        row(1, n=4, max_tokens=200, osl=340),
        row(2, n=4, max_tokens=200, osl=800),
        row(3, n=None, max_tokens=200, osl=200),
        row(4, n=1, max_tokens=200, osl=199),
    ]
    write(tmp_path / "a.parquet", rows)
    hour = merged(traffic(tmp_path).hours)
    assert hour.endings.at_own_limit == 2
    assert hour.max_tokens.values.tolist() == [200, 800]


def test_what_was_recorded_is_known_before_a_window_is_chosen(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(1), row(5, isl=None), row(2, model="n", osl=None), row(9, model=None)])
    with opened(find([str(tmp_path)])) as records:
        spans = {span.model: span for span in records.spans()}
    assert (spans["m"].first - MONDAY_US, spans["m"].last - MONDAY_US, spans["m"].requests) == (SECOND, 5 * SECOND, 1)
    assert spans["n"].requests == 0
    assert spans[None].requests == 0


def test_nothing_recorded_is_no_traffic_and_no_error(tmp_path: Path) -> None:
    write(tmp_path / "empty.parquet", [])
    for folder in (tmp_path, tmp_path / "none"):
        folder.mkdir(exist_ok=True)
        with opened(find([str(folder)])) as records:
            assert records.spans() == ()
            assert records.read(DAY, (), Thresholds()) == Reading({}, {})


def test_a_file_damaged_inside_joins_the_unreadable_ones_and_the_others_count(tmp_path: Path) -> None:
    good = write(tmp_path / "good.parquet", [row(1)])
    bad = tmp_path / "bad.parquet"
    rows = [row(i, isl=i * 7919 % 100_000) for i in range(20_000)]
    write(bad, rows)
    column = parquet.ParquetFile(bad).metadata.row_group(0).column(2)
    data = bytearray(bad.read_bytes())
    start = column.dictionary_page_offset or column.data_page_offset
    data[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    bad.write_bytes(data)
    found = find([str(tmp_path)])
    assert found.unreadable == ()
    with opened(found) as records:
        (damaged,) = records.unreadable
        assert damaged.path == str(bad.resolve())
        assert "damaged" in damaged.reason
        assert merged(records.read(DAY, ("m",), Thresholds()).traffic["m"].hours).requests == 1
    assert good.exists()
