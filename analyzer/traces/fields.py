"""Columns of a format put together as rows of the record, each with the record's type."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.traces.base import UNREADABLE_ROW, Batch
from analyzer.traces.tabular import Table
from exporter.record import COLUMNS, REQUIRED_COLUMNS

TYPES: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "bool": pa.bool_(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "timestamp[us, UTC]": pa.timestamp("us", tz="UTC"),
    "list<int32>": pa.list_(pa.int32()),
    "list<int64>": pa.list_(pa.int64()),
}
LARGEST = 1 << 62
FAILED = "failed requests, kept with the outcome upstream_error"


def batch(columns: Mapping[str, pa.Array | None], table: Table, notes: Mapping[str, int]) -> Batch:
    """A batch of the columns that are not `None`."""
    known = {name: column for name, column in columns.items() if column is not None}
    return Batch(pa.table(known), {UNREADABLE_ROW: table.unreadable} if table.unreadable else {}, notes)


def of_rows(rows: Sequence[Mapping[str, object]], left_out: Mapping[str, int], notes: Mapping[str, int]) -> Batch:
    """A batch of rows that are mappings by column; whole numbers may have any size, `timestamp` is microseconds."""
    columns = {}
    for column in COLUMNS:
        values = [row.get(column.name) for row in rows]
        if any(value is not None for value in values) or column.name in REQUIRED_COLUMNS:
            kind = TYPES[column.type]
            wide = pa.int64() if pa.types.is_integer(kind) or pa.types.is_timestamp(kind) else kind
            bounded = [_bounded(value) for value in values]
            columns[column.name] = pa.array(bounded, wide).cast(kind if pa.types.is_timestamp(kind) else wide)
    return Batch(pa.table(columns), left_out, notes)


def _bounded(value: object) -> object:
    return max(-LARGEST, min(LARGEST, value)) if type(value) is int else value


def outcomes(failed: pa.Array) -> pa.Array:
    """The outcome of each request from whether it failed; null is not known to have failed."""
    return pc.if_else(pc.fill_null(failed, fill_value=False), "upstream_error", "completed")


def failures(outcome: pa.Array) -> dict[str, int]:
    """The sentence about requests that failed, where there are such."""
    failed = pc.sum(pc.equal(outcome, "upstream_error")).as_py() or 0
    return {FAILED: failed} if failed else {}


def typed(rows: pa.Table) -> pa.Table:
    """`rows` with the types of the record in its order, with its version; a number that does not fit is null."""
    names = [column.name for column in COLUMNS[1:] if column.name in rows.column_names]
    kinds = {column.name: TYPES[column.type] for column in COLUMNS}
    arrays = [_fitting(rows.column(name), kinds[name]) for name in names]
    version = pa.array([1], pa.int16()).take(pa.array([0] * rows.num_rows, pa.int8()))
    fields = [pa.field(name, kinds[name]) for name in ("record_version", *names)]
    return pa.Table.from_arrays([version, *arrays], schema=pa.schema(fields))


def _fitting(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_integer(kind) and pa.types.is_integer(column.type):
        most = 2 ** (kind.bit_width - 1) - 1
        inside = pc.and_(pc.greater_equal(column, -most), pc.less_equal(column, most))
        column = pc.if_else(inside, column, pa.scalar(None, column.type))
    return column.cast(kind)
