from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from analyzer.errors import BadSettings, UnreadableRecords
from analyzer.traces.base import Wishes
from analyzer.traces.generic import Generic
from tests.unit.analyzer.traces.reading import seen, written

MOMENT = datetime(2025, 1, 1, tzinfo=UTC)
MAPPED = {"timestamp": "ts", "input_tokens": "prompt_len", "output_tokens": "out"}


def test_columns_of_any_name_are_mapped(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "ts,prompt_len,out,prompt", "1735689600,5,7,tell me a story")
    wishes = Wishes(columns=MAPPED, unit="s")
    assert seen(Generic(".csv"), path, wishes).rows == [{"timestamp": MOMENT, "input_tokens": 5, "output_tokens": 7}]


def test_columns_with_the_names_of_the_record_need_no_map(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.jsonl",
        '{"timestamp": "2025-01-01T00:00:00Z", "model": "m", "input_tokens": 5, "output_tokens": 7, "stream": true, '
        '"ttft_us": 5000, "hash_ids": [1, 2], "prompt": "tell me"}',
    )
    assert seen(Generic(".jsonl"), path).rows == [
        {
            "timestamp": MOMENT,
            "model": "m",
            "stream": True,
            "input_tokens": 5,
            "output_tokens": 7,
            "ttft_us": 5000,
            "prefix_blocks": [1, 2],
        }
    ]


def test_names_may_go_into_objects(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"at": "2025-01-01", "usage": {"in": 5, "out": 7}}')
    wishes = Wishes(columns={"timestamp": "at", "input_tokens": "usage.in", "output_tokens": "usage.out"})
    assert seen(Generic(".jsonl"), path, wishes).column("input_tokens") == [5]


def test_a_parquet_file_is_read_with_its_own_types(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    times = pa.array([MOMENT], pa.timestamp("ns", tz="UTC"))
    blocks = pa.array([[1, 2]], pa.list_(pa.int64()))
    columns = {"ts": times, "prompt_len": [5.0], "out": ["7"], "prefix_blocks": blocks, "stream": [True]}
    parquet.write_table(pa.table(columns), path)
    (row,) = seen(Generic(".parquet"), path, Wishes(columns=MAPPED)).rows
    assert row == {
        "timestamp": MOMENT,
        "stream": True,
        "input_tokens": 5,
        "output_tokens": 7,
        "prefix_blocks": [1, 2],
    }


def test_a_map_to_a_column_that_no_record_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="--map prompt"):
        seen(Generic(".csv"), tmp_path / "a.csv", Wishes(columns={"prompt": "text"}))


def test_a_mapped_column_that_the_file_lacks_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "ts,prompt_len,out", "1,2,3")
    with pytest.raises(UnreadableRecords, match="lacks the columns who"):
        seen(Generic(".csv"), path, Wishes(columns=MAPPED | {"client_id": "who"}, unit="s"))


def test_blocks_that_are_no_lists_are_said(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "timestamp,input_tokens,output_tokens,prefix_blocks", "2025-01-01,1,2,[1]")
    with pytest.raises(UnreadableRecords, match="no lists of whole numbers"):
        seen(Generic(".csv"), path)
