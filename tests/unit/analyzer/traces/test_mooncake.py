import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from analyzer.traces.base import Wishes
from analyzer.traces.mooncake import Mooncake
from analyzer.window import microseconds
from tests.unit.analyzer.traces.reading import SHARED, seen, written

START = datetime(2025, 1, 1, tzinfo=UTC)
WISHES = Wishes(start=microseconds(START))


def test_milliseconds_count_from_the_start_and_blocks_are_kept(tmp_path: Path) -> None:
    path = written(
        tmp_path / "toolagent_trace.jsonl",
        '{"timestamp": 0, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1, 2]}',
        '{"timestamp": 3000, "input_length": 28, "output_length": 445, "hash_ids": [0]}',
    )
    found = seen(Mooncake(), path, WISHES)
    assert found.rows == [
        {"timestamp": START, "input_tokens": 6758, "output_tokens": 500, "prefix_blocks": [0, 1, 2]},
        {"timestamp": START + timedelta(seconds=3), "input_tokens": 28, "output_tokens": 445, "prefix_blocks": [0]},
    ]


def test_a_trace_without_blocks_is_one_too(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"timestamp": 27.5, "input_length": 1, "output_length": 2}', "not json")
    found = seen(Mooncake(), path, WISHES)
    assert found.rows == [{"timestamp": START + timedelta(milliseconds=27.5), "input_tokens": 1, "output_tokens": 2}]
    assert found.left_out == {"unreadable_row": 1}


def test_its_times_need_a_start() -> None:
    assert Mooncake().relative


def test_the_public_trace_written_as_its_source_has_it_is_read_as_it_was(tmp_path: Path) -> None:
    source = SHARED / "traces" / "mooncake_conversation.parquet"
    if not source.exists():
        pytest.skip("the public traces are not beside this checkout, in ../shared/traces")
    trace = parquet.read_table(source).select(["timestamp", "input_tokens", "output_tokens", "hash_ids"])
    lines = (
        json.dumps(
            {
                "timestamp": (row["timestamp"] - START) // timedelta(milliseconds=1),
                "input_length": row["input_tokens"],
                "output_length": row["output_tokens"],
                "hash_ids": row["hash_ids"],
            }
        )
        for row in trace.to_pylist()
    )
    path = written(tmp_path / "conversation_trace.jsonl", *lines)
    found = pa.concat_tables([batch.rows for batch in Mooncake().read(path, WISHES)])
    assert found.rename_columns(trace.column_names).cast(trace.schema).equals(trace)
