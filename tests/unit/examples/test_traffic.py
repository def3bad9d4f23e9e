"""A slice of a trace becomes requests with exactly its lengths, at its times."""

from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from replay import TRACE
from scripted_engine.script import understand
from traffic import Habits, Planned, UnusableTrace, plan, read_slice


def understood(request: Planned) -> tuple[int, int]:
    asked = understand(request.path, orjson.dumps(request.body), None)
    return asked.prompt_tokens, asked.output_tokens


def test_the_trace_is_the_published_one() -> None:
    rows = read_slice(TRACE, 0, 1e6)
    assert len(rows) == 19_366
    assert max(row.input_tokens for row in rows) == 14_050
    assert max(row.output_tokens for row in rows) == 1000


def test_a_slice_holds_the_requests_of_its_minutes_in_order() -> None:
    rows = read_slice(TRACE, 20, 6)
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    assert 0 <= rows[0].at < rows[-1].at < 360


def test_each_request_has_the_lengths_of_its_row_and_comes_faster() -> None:
    rows = read_slice(TRACE, 20, 1)
    requests = plan(rows, 8, Habits(), seed=1)
    assert [request.at for request in requests] == [row.at / 8 for row in rows]
    assert [understood(request) for request in requests] == [(row.input_tokens, row.output_tokens) for row in rows]


def test_clients_differ_in_their_habits() -> None:
    requests = plan(read_slice(TRACE, 0, 60), 8, Habits(), seed=1)
    share = 1 / len(requests)
    assert sum(share for r in requests if not r.stream) == pytest.approx(0.08, abs=0.01)
    assert sum(share for r in requests if r.leave_after is not None) == pytest.approx(0.02 * 0.92, abs=0.005)
    assert sum(share for r in requests if r.path == "/v1/completions") == pytest.approx(0.1, abs=0.01)
    assert sum(share for r in requests if r.stream and "stream_options" not in r.body) == pytest.approx(0.138, abs=0.01)
    assert all(r.leave_after < int(str(r.body["x_tokens"])) for r in requests if r.leave_after is not None)


def test_the_same_seed_gives_the_same_requests() -> None:
    rows = read_slice(TRACE, 20, 1)
    assert plan(rows, 8, Habits(), seed=1) == plan(rows, 8, Habits(), seed=1)
    assert plan(rows, 8, Habits(), seed=1) != plan(rows, 8, Habits(), seed=2)


def test_a_trace_that_cannot_be_replayed_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableTrace, match=r"absent\.parquet cannot be read"):
        read_slice(tmp_path / "absent.parquet", 0, 1)
    pq.write_table(pa.table({"timestamp": [1]}), tmp_path / "foreign.parquet")
    with pytest.raises(UnusableTrace, match=r"foreign\.parquet cannot be read"):
        read_slice(tmp_path / "foreign.parquet", 0, 1)
    with pytest.raises(UnusableTrace, match="no request between minutes 100"):
        read_slice(TRACE, 100, 1)
