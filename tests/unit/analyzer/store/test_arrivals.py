"""Recorded requests as they came."""

from datetime import timedelta
from pathlib import Path

import numpy as np

from analyzer.replay import Recorded
from analyzer.store import find, opened
from analyzer.window import Window
from tests.fakes.recordings import MONDAY, row, write

DAY = Window(MONDAY, MONDAY + timedelta(days=7), "Europe/Berlin")
MONDAY_US = int(MONDAY.timestamp()) * 1_000_000


def arrivals(folder: Path) -> Recorded:
    with opened(find([str(folder)])) as records:
        return records.arrivals(DAY, "m")


def test_requests_come_in_order_with_their_lengths_and_limits(tmp_path: Path) -> None:
    rows = [row(5, 70, 9, max_tokens=50, cached_input_tokens=64), row(1, 20, 3), row(2, 30, 4, model="other")]
    write(tmp_path / "a.parquet", rows)
    found = arrivals(tmp_path)
    assert (found.requests.arrival_us - MONDAY_US).tolist() == [1_000_000, 5_000_000]
    assert found.requests.isl.tolist() == [20, 70]
    assert found.requests.osl.tolist() == [3, 9]
    assert found.requests.max_tokens.tolist() == [-1, 50]
    assert found.requests.cached.tolist() == [0, 64]
    assert {column.dtype for column in (found.requests.isl, found.requests.cached, found.day)} == {np.dtype(np.int64)}


def test_what_they_took_is_beside_them(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(1, 20, 11, ttft_us=100_000, e2e_us=600_000), row(2, 20, 11, e2e_us=700_000)])
    found = arrivals(tmp_path)
    assert (found.ttft_ms[0], found.itl_ms[0], found.e2e_ms[0]) == (100, 50, 600)
    assert (np.isnan(found.ttft_ms[1]), np.isnan(found.itl_ms[1]), found.e2e_ms[1]) == (True, True, 700)


def test_what_failed_before_its_first_token_is_left_out_and_counted(tmp_path: Path) -> None:
    failed = row(1, 20, 0, outcome="upstream_error")
    left = row(2, 20, 5, outcome="client_left")
    write(tmp_path / "a.parquet", [failed, left, row(3, 20, 5, outcome="completed")])
    found = arrivals(tmp_path)
    assert (len(found.requests), found.left_out) == (2, 1)


def test_days_are_those_of_the_local_calendar(tmp_path: Path) -> None:
    # midnight in Berlin is 23:00 UTC in winter
    write(tmp_path / "a.parquet", [row(22.9 * 3600), row(23.1 * 3600), row(49 * 3600)])
    assert arrivals(tmp_path).day.tolist() == [0, 1, 2]


def test_no_request_gives_empty_columns(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(1, model="other")])
    found = arrivals(tmp_path)
    assert (len(found.requests), len(found.ttft_ms), len(found.day), found.left_out) == (0, 0, 0, 0)
