from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from analyzer.errors import BadSettings, UnreadableRecords
from analyzer.traces.base import Wishes
from analyzer.traces.generic import Generic
from analyzer.traces.importing import import_files
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


KINDS = [
    pa.array([b"x"]),
    pa.array([b"\xff"]),
    pa.array([[1]]),
    pa.array([["x"]]),
    pa.array([{"a": 1}]),
    pa.array([True]),
    pa.array([None]),
    pa.array([1 << 63], pa.uint64()),
    pa.array(["7"]).dictionary_encode(),
    pa.array([Decimal("1.5")]),
    pa.array([MOMENT.date()]),
    pa.array([timedelta(1)]),
    pa.array([float("nan")]),
    pa.array([MOMENT], pa.timestamp("s")),
]


@pytest.mark.parametrize("column", ["timestamp", "model", "input_tokens", "stream", "prefix_blocks", "itl_counts"])
@pytest.mark.parametrize("values", KINDS, ids=lambda values: str(values.type))
def test_a_column_of_any_type_is_read_or_refused_and_is_no_fault_of_ours(
    tmp_path: Path, column: str, values: pa.Array
) -> None:
    path = tmp_path / "a.parquet"
    times = pa.array([MOMENT], pa.timestamp("us", tz="UTC"))
    columns = {"timestamp": times, "input_tokens": [5], "output_tokens": [7]} | {column: values}
    parquet.write_table(pa.table(columns), path)
    try:
        done = import_files("parquet", Generic(".parquet"), [path], Wishes(), tmp_path / "out", 1_795_000_000_000_000)
    except BadSettings:
        return
    assert done.unreadable or done.read == 1


def test_files_with_different_types_are_reconciled_by_name(tmp_path: Path) -> None:
    paths = []
    for place, kind in enumerate((pa.list_(pa.int32()), pa.large_list(pa.int64()))):
        blocks = pa.array([[1, 2]], kind)
        columns = {"timestamp": [MOMENT], "input_tokens": [5 + place], "output_tokens": [7], "prefix_blocks": blocks}
        paths.append(tmp_path / f"{place}.parquet")
        parquet.write_table(pa.table(columns | ({"client_id": ["c"]} if place else {})), paths[-1])
    done = import_files("parquet", Generic(".parquet"), paths, Wishes(model="m"), tmp_path / "out", 1 << 60)
    (file,) = done.written
    rows = parquet.read_table(file, partitioning=None).to_pylist()
    assert sorted((row["input_tokens"], row["client_id"], tuple(row["prefix_blocks"])) for row in rows) == [
        (5, None, (1, 2)),
        (6, "c", (1, 2)),
    ]
