"""Any table of requests, with the names that the user gives its columns."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import BadSettings
from analyzer.traces.base import Batch, Wishes, unreadable
from analyzer.traces.clock import moments
from analyzer.traces.fields import batch
from analyzer.traces.tabular import Table, rows
from analyzer.traces.values import text, whole
from exporter.record import COLUMNS, REQUIRED_COLUMNS

TYPES: Mapping[str, str] = {column.name: column.type for column in COLUMNS if column.name != "record_version"}
MAY_BE_ABSENT = ("model",)
BLOCKS = "hash_ids"


class Generic:
    """A CSV, JSON lines or Parquet file with one request a row.

    `suffix` is what the file is read as. A column of the record is taken from the column that `wishes.columns` names,
    else from the one of the same name. Tokens are whole numbers, times of a request (`…_us`) microseconds.
    """

    __slots__ = ("relative", "suffix")

    def __init__(self, suffix: str) -> None:
        """`suffix` is `.csv`, `.jsonl` or `.parquet`."""
        self.relative = False
        self.suffix = suffix

    def read(self, path: Path, wishes: Wishes) -> Iterator[Batch]:
        """The rows of one file."""
        unknown = [name for name in wishes.columns if name not in TYPES]
        if unknown:
            raise BadSettings(
                f"--map {', '.join(unknown)}: there is no such column of the record; see docs/importing.md."
            )
        source = {name: wishes.columns.get(name, name) for name in TYPES}
        needed = [source[name] for name in REQUIRED_COLUMNS if name not in MAY_BE_ABSENT]
        needed += [column for name, column in wishes.columns.items() if column not in needed]
        lists = (source["prefix_blocks"], BLOCKS)
        for table in rows(path, (*source.values(), BLOCKS), needed, lists, self.suffix):
            yield _batch(path, table, source, wishes)


def _batch(path: Path, table: Table, source: Mapping[str, str], wishes: Wishes) -> Batch:
    when = moments(table.columns[source["timestamp"]], wishes)
    columns = {"timestamp": when.values}
    for name, column in source.items():
        if column in table.columns and name != "timestamp":
            columns[name] = _read(path, name, table.columns[column])
    if "prefix_blocks" not in columns and BLOCKS in table.columns:
        columns["prefix_blocks"] = _read(path, "prefix_blocks", table.columns[BLOCKS])
    return batch(columns, table, when.notes)


def _read(path: Path, name: str, column: pa.Array) -> pa.Array:
    """A column with the type that the record has for `name`."""
    kind = TYPES[name]
    if kind == "string":
        return text(column)
    if kind == "bool":
        return column.cast(pa.bool_()) if pa.types.is_boolean(column.type) else pc.equal(text(column), "true")
    if kind.startswith("list"):
        is_list = pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
        if not is_list or not pa.types.is_integer(column.type.value_type):
            raise unreadable(path, f"its column for {name} holds no lists of whole numbers")
        return column.cast(pa.list_(pa.int64()), safe=False)
    return whole(column)
