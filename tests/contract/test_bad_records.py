"""Records as they should not be: empty, cut off, mixed, absurd, or hardly any; what is said then, and what is not."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from analyzer.cli import main
from tests.fakes.recordings import MONDAY, row, write

Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def analyzed(capsys: pytest.CaptureFixture[str]) -> Run:
    """Analyses and answers the exit code, the analysis (`None` without one) and standard error."""

    def once(*arguments: str | Path) -> tuple[int, Any, str]:
        code = main(["analyze", *(str(argument) for argument in arguments)])
        told = capsys.readouterr()
        return code, json.loads(told.out) if told.out else None, told.err

    return once


def many(requests: int = 4000) -> list[dict[str, object]]:
    return [row(i * 0.5, 50 + i * 37 % 900, 5 + i * 11 % 90) for i in range(requests)]


def test_a_truncated_file_is_named_and_the_others_are_analysed(analyzed: Run, tmp_path: Path) -> None:
    write(tmp_path / "good.parquet", many())
    for share in (0.3, 0.99):
        cut = write(tmp_path / f"cut-{share}.parquet", many())
        cut.write_bytes(cut.read_bytes()[: int(cut.stat().st_size * share)])
    code, analysis, err = analyzed(tmp_path)
    assert code == 3
    assert analysis["models"]["m"]["requests"] == 4000
    assert all(f"cut-{share}.parquet: it is not a Parquet file" in err for share in (0.3, 0.99))
    assert "The other 1 file(s) were read" in err


def test_files_of_different_times_and_tools_are_reconciled_by_name(analyzed: Run, tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", many(2000), {"input_tokens": pa.int64(), "timestamp": pa.timestamp("ns", tz="UTC")})
    swapped = [dict(reversed(one.items())) | {"client_id": "c", "unknown": i} for i, one in enumerate(many(2000))]
    write(tmp_path / "b.parquet", swapped, {"unknown": pa.int64(), "output_tokens": pa.float64()})
    write(tmp_path / "empty.parquet", [])
    code, analysis, err = analyzed(tmp_path)
    assert (code, err) == (0, "")
    model = analysis["models"]["m"]
    assert model["requests"] == 4000
    assert model["clients"] == [{"client_id": "c", "share": 0.5}]


def test_rows_that_are_empty_future_negative_or_absurd_are_counted_by_reason(analyzed: Run, tmp_path: Path) -> None:
    wrong = [
        row(1, isl=None),
        row(2, isl=-1),
        row(3, osl=1 << 30),
        row(timestamp=datetime.now(UTC) + timedelta(days=30)),
        row(timestamp=datetime(1970, 1, 2, tzinfo=UTC)),
        row(timestamp=None),
        row(4, model=None),
    ]
    write(tmp_path / "a.parquet", [*many(), *wrong])
    code, analysis, _ = analyzed(tmp_path)
    assert code == 0
    assert analysis["models"]["m"]["requests"] == 4000
    assert analysis["window"]["set_aside"] == {
        "absurd_output_tokens": 1,
        "absurd_timestamp": 1,
        "future_timestamp": 1,
        "negative_input_tokens": 1,
        "no_input_tokens": 1,
        "no_model": 1,
        "no_timestamp": 1,
    }


def test_a_clock_that_is_years_ahead_does_not_move_the_window(analyzed: Run, tmp_path: Path) -> None:
    ahead = row(timestamp=datetime.now(UTC) + timedelta(days=400))
    write(tmp_path / "a.parquet", [*many(), ahead])
    _, analysis, _ = analyzed(tmp_path)
    assert analysis["window"]["start"] == MONDAY.isoformat()


def test_one_request_is_told_and_nothing_more_is_claimed(analyzed: Run, tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(5)])
    code, analysis, err = analyzed(tmp_path)
    model = analysis["models"]["m"]
    assert code == 4
    assert "at least 2,995 requests" in err
    assert (model["requests"], model["isl"]["p50"], model["lengths"]["max_seq_len"]) == (1, 100, None)
    assert model["rate"]["dispersion_1s"] is None
    assert model["capacity"] is None


def test_one_day_gives_limits_and_says_that_it_is_one_day(analyzed: Run, tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(i * 20, 50 + i * 37 % 900) for i in range(4000)])
    code, analysis, err = analyzed(tmp_path)
    model = analysis["models"]["m"]
    assert (code, err) == (0, "")
    assert model["lengths"]["max_seq_len"] is not None
    assert "1 calendar day" in next(one["sentence"] for one in model["evidence"] if one["figure"] == "hours")
    assert model["lengths"]["drift_per_week"] is None


def test_a_window_without_a_request_says_where_there_are_some(analyzed: Run, tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", many())
    code, analysis, err = analyzed(tmp_path, "--from", "2025-04-01", "--to", "2025-04-08")
    assert code == 4
    assert analysis["models"] == {}
    assert "choose another window" in err
