"""Parquet files have the contract's columns, order and places."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exporter.record import COLUMNS, as_dict
from exporter.sinks import parquet
from tests.unit.exporter.sinks.measurements import STREAMED

HOUR = 3_600_000_000


def test_the_schema_is_that_of_the_contract() -> None:
    schema = parquet.schema()
    assert schema.names == [column.name for column in COLUMNS]
    for column, field in zip(COLUMNS, schema, strict=True):
        written = str(field.type).replace("tz=", "").replace("element", "item").replace("list<item: ", "list<")
        assert written == column.type


def test_every_value_of_a_record_comes_back(tmp_path: Path) -> None:
    record = as_dict(replace(STREAMED, itl_counts=(1, 2, 3), prefix_blocks=(-(2**63), 2**63 - 1), client_id="c"))
    (file,) = parquet.write(parquet.table([record]), tmp_path, "host-1-000001")
    (row,) = pq.read_table(file).to_pylist()
    moment = row.pop("timestamp")
    assert int(moment.timestamp() * 1e6) == record.pop("timestamp")
    assert {**row, "itl_counts": tuple(row["itl_counts"]), "prefix_blocks": tuple(row["prefix_blocks"])} == record


def test_others_may_run_before_each_record_and_column_and_while_they_are_sorted_and_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    @contextmanager
    def giving_way() -> Iterator[None]:
        asked.append("begin")
        yield
        asked.append("end")

    def in_memory(_: object, where: object, **_options: object) -> None:
        asked.append(type(where).__name__)

    monkeypatch.setattr(os, "sched_yield", lambda: asked.append("now"))
    monkeypatch.setattr(parquet, "giving_way", giving_way)
    monkeypatch.setattr(pq, "write_table", in_memory)
    rows = parquet.table([as_dict(STREAMED)] * 2)
    assert asked == ["now"] * (2 + len(COLUMNS)) + ["begin", "end"]
    del asked[:]
    parquet.write(rows, tmp_path, "host-1-000001")
    assert asked == ["begin", "BufferOutputStream", "end"]


def test_rows_are_sorted_by_time_and_filed_by_hour_in_utc(tmp_path: Path) -> None:
    start = STREAMED.timestamp
    moments = [start + HOUR, start + 5, start, start + 22 * HOUR, start + HOUR - 1]
    files = parquet.write(parquet.table({"timestamp": moment} for moment in moments), tmp_path, "host-1-000001")
    assert [str(file.relative_to(tmp_path)) for file in files] == [
        "date=2025-11-21/hour=03/host-1-000001.parquet",
        "date=2025-11-21/hour=04/host-1-000001.parquet",
        "date=2025-11-22/hour=01/host-1-000001.parquet",
    ]
    times = [pq.read_table(file, partitioning=None)["timestamp"].cast(pa.int64()).to_pylist() for file in files]
    assert times == [[start, start + 5, start + HOUR - 1], [start + HOUR], [start + 22 * HOUR]]


def test_files_are_compressed_with_zstandard_and_nothing_hidden_stays(tmp_path: Path) -> None:
    (file,) = parquet.write(parquet.table([as_dict(STREAMED)]), tmp_path, "host-1-000001")
    assert pq.ParquetFile(file).metadata.row_group(0).column(0).compression == "ZSTD"
    assert [path.name for path in file.parent.iterdir()] == ["host-1-000001.parquet"]


def test_writing_the_same_again_replaces_it(tmp_path: Path) -> None:
    rows = parquet.table([as_dict(STREAMED)])
    first = parquet.write(rows, tmp_path, "host-1-000001")
    second = parquet.write(rows, tmp_path, "host-1-000001")
    assert first == second
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == list(first)


def test_a_number_that_does_not_fit_its_column_becomes_unknown_and_the_rest_stays(tmp_path: Path) -> None:
    records = [{**as_dict(STREAMED), "max_tokens": 2**40}, {**as_dict(STREAMED), "max_tokens": 5, "http_status": "odd"}]
    rows = parquet.table(records)
    assert rows["max_tokens"].to_pylist() == [None, 5]
    assert rows["http_status"].to_pylist() == [200, None]
    assert rows["model"].to_pylist() == ["llama", "llama"]


def test_columns_of_a_newer_version_are_left_out_and_missing_ones_are_null() -> None:
    rows = parquet.table([{"timestamp": 1, "added_later": 3}])
    assert rows.schema == parquet.schema()
    assert rows["model"].to_pylist() == [None]


def test_many_records_make_one_table_in_order() -> None:
    rows = parquet.table({"timestamp": 5000 - i, "input_tokens": i} for i in range(5000))
    assert rows["input_tokens"].to_pylist() == list(range(4999, -1, -1))


def test_a_file_that_cannot_be_finished_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "date=2025-11-21" / "hour=03" / "host-1-000001.parquet"
    target.mkdir(parents=True)  # a folder stands where the file belongs
    with pytest.raises(OSError, match="host-1-000001"):
        parquet.write(parquet.table([as_dict(STREAMED)]), tmp_path, "host-1-000001")
    assert [path.name for path in target.parent.iterdir()] == ["host-1-000001.parquet"]


def test_memory_of_tables_that_are_gone_goes_back_to_the_system() -> None:
    # in a process by itself: memory that another test has freed would be used again
    script = """
from pathlib import Path
import numpy as np
import pyarrow as pa
from exporter.sinks.parquet import give_back

def resident():
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0])

tables = [pa.array(np.arange(2_500)).take(pa.array(np.arange(2_500))) for _ in range(2_000)]
full = resident()
held = tables[::500]
del tables
give_back()
print(full - resident())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 20_000
