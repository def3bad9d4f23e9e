"""Records as Parquet files: one for each hour in UTC, complete from the moment they have their name."""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from exporter import memory
from exporter.giving_way import giving_way
from exporter.record import COLUMNS

HOUR_US = 3_600_000_000
_BATCH = 2048
Each = TypeVar("Each")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ARROW_TYPES = {
    "string": pa.string(),
    "bool": pa.bool_(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "timestamp[us, UTC]": pa.timestamp("us", tz="UTC"),
    "list<int32>": pa.list_(pa.int32()),
    "list<int64>": pa.list_(pa.int64()),
}


def schema() -> pa.Schema:
    """The Arrow schema of a record, exactly as the contract gives it."""
    return pa.schema([pa.field(column.name, _ARROW_TYPES[column.type]) for column in COLUMNS])


def table(records: Iterable[Mapping[str, object]]) -> pa.Table:
    """Records by column name as a table, sorted by timestamp; a value that does not fit its column becomes null.

    They are packed a batch at a time: as Python values they take ten times the memory.
    """
    fields = schema()
    rows = iter(records)
    batches = []
    while batch := list(_in_turn(islice(rows, _BATCH))):
        arrays = [_array([record.get(field.name) for record in batch], field.type) for field in _in_turn(fields)]
        batches.append(pa.RecordBatch.from_arrays(arrays, schema=fields))
    with giving_way():
        return pa.Table.from_batches(batches, schema=fields).sort_by("timestamp")


def write(rows: pa.Table, folder: Path, stem: str) -> tuple[Path, ...]:
    """Writes a sorted table below `folder` as `date=YYYY-MM-DD/hour=HH/<stem>.parquet`, a file for each hour in it.

    Each file is written under a hidden name, synchronised, and then renamed, so that a reader sees all of it or
    nothing; writing the same again replaces it. Returns the files; raises OSError where they cannot be written.
    """
    hours = rows.column("timestamp").cast(pa.int64()).to_numpy() // HOUR_US
    values, starts = np.unique(hours, return_index=True)
    ends = [*starts[1:].tolist(), len(hours)]
    return tuple(
        _write_file(rows.slice(start, end - start), _folder(folder, hour), stem)
        for hour, start, end in zip(values.tolist(), starts.tolist(), ends, strict=True)
    )


def give_back() -> None:
    """Returns to the system what Arrow and the C library keep of the tables that are gone."""
    pa.default_memory_pool().release_unused()
    memory.give_back()


def _in_turn(each: Iterable[Each]) -> Iterator[Each]:
    """Lets others run before each."""
    for one in each:
        os.sched_yield()
        yield one


def _folder(records: Path, hour: int) -> Path:
    moment = _EPOCH + timedelta(hours=hour)
    return records / f"date={moment:%Y-%m-%d}" / f"hour={moment:%H}"


def _write_file(rows: pa.Table, folder: Path, stem: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    hidden = folder / f".{stem}.parquet.partial"
    final = folder / f"{stem}.parquet"
    try:
        hidden.write_bytes(_packed(rows))
        _synchronise(hidden)
        hidden.rename(final)
    except BaseException:
        hidden.unlink(missing_ok=True)
        raise
    _synchronise(folder)
    return final


def _packed(rows: pa.Table) -> pa.Buffer:
    """The bytes of a Parquet file."""
    packed = pa.BufferOutputStream()
    with giving_way():
        pq.write_table(rows, packed, compression="zstd")
    return packed.getvalue()


def _synchronise(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _array(values: list[object], kind: pa.DataType) -> "pa.Array[pa.Scalar[pa.DataType]]":
    try:
        return pa.array(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([_fitting(value, kind) for value in values], kind)


def _fitting(value: object, kind: pa.DataType) -> object:
    try:
        pa.scalar(value, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return None
    return value
