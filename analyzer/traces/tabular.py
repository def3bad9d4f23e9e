"""Rows of CSV, JSON lines and Parquet files, by the names of their columns, a batch at a time."""

import io
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv, parquet

from analyzer.traces.base import unreadable
from analyzer.traces.values import scalars, whole_lists

BATCH = 65_536
_BLOCK = 8 << 20


@dataclass(frozen=True, slots=True)
class Table:
    """Some rows: the columns that were asked for and exist, and how many rows were no rows."""

    columns: Mapping[str, pa.Array]
    rows: int
    unreadable: int = 0


def rows(
    path: Path, names: Sequence[str], needed: Sequence[str], lists: Sequence[str] = (), kind: str | None = None
) -> Iterator[Table]:
    """The rows of a file of `kind` (`.csv`, `.jsonl`, `.parquet`), else of the kind that its name ends with, else CSV.

    Only the columns `names` are kept, so that a text beside them ends here. `lists` are those that hold lists of whole
    numbers. Raises `UnreadableRecords` where the file is of another kind or lacks one of `needed`.
    """
    kind = kind or _kind(path)
    if kind == ".parquet":
        yield from _of_parquet(path, names, needed)
    elif kind in {".jsonl", ".ndjson", ".json"}:
        yield from of_objects(path, objects(path), names, needed, lists)
    else:
        yield from _of_csv(path, names, needed)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Lets what goes wrong with the file itself become the reason why it cannot be read."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise unreadable(path, f"it cannot be read ({reason})") from error


def _kind(path: Path) -> str:
    endings = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in {".gz", ".zst", ".bz2"}]
    return endings[-1] if endings else ".csv"


def of_objects(
    path: Path,
    lines: Iterator[dict[str, Any] | None],
    names: Sequence[str],
    needed: Sequence[str],
    lists: Sequence[str] = (),
) -> Iterator[Table]:
    """The rows that JSON objects are; `None` stands for a line that is no object. A dot in a name goes deeper."""
    seen: set[str] = set()
    first = True
    while batch := list(islice(lines, BATCH)):
        held = [one for one in batch if one is not None]
        values = {name: [_within(one, name) for one in held] for name in names}
        seen |= {name for name, found in values.items() if any(value is not None for value in found)}
        if first:
            _check(path, needed, seen)
        first = False
        columns = {n: whole_lists(v) if n in lists else scalars(v) for n, v in values.items() if n in seen}
        yield Table(columns, len(held), len(batch) - len(held))


def objects(path: Path) -> Iterator[dict[str, Any] | None]:
    """The objects of a file of JSON lines, of one JSON array, or the one object that a file is.

    A line that is no object is `None`; so is a whole file that breaks off inside an array.
    """
    with _readable(path), pa.input_stream(str(path), compression="detect") as stream:
        # a byte that is no UTF-8 costs a character of a text, not the file
        lines = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace")
        for place, line in enumerate(line for line in lines if line.strip()):
            value = _parsed(line)
            if place == 0 and (value is None or isinstance(value, list)):
                # not lines, but one value over many of them, unless its first line is just broken
                whole = value if value is not None else _parsed(line + (rest := lines.read()))
                if whole is None:
                    yield None
                    yield from (_object(_parsed(one)) for one in rest.splitlines() if one.strip())
                else:
                    yield from map(_object, whole if isinstance(whole, list) else [whole])
            else:
                yield _object(value)


def document(path: Path) -> dict[str, Any]:
    """The one JSON object that a file holds; raises `UnreadableRecords` where it holds another thing."""
    try:
        with pa.input_stream(str(path), compression="detect") as stream:
            value = json.loads(stream.read())
    except (OSError, ValueError, RecursionError, pa.ArrowException) as error:
        raise unreadable(path, "it is not a JSON file that can be read") from error
    if not isinstance(value, dict):
        raise unreadable(path, "it holds no JSON object")
    return value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _within(one: Mapping[str, Any], name: str) -> Any:
    if name in one:
        return one[name]
    value: Any = one
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _of_csv(path: Path, names: Sequence[str], needed: Sequence[str]) -> Iterator[Table]:
    with _readable(path):
        header = _header(path)
    _check(path, needed, header)
    wanted = list(dict.fromkeys(name for name in header if name in names))
    with _readable(path):
        yield from _csv_batches(path, wanted)


def _csv_batches(path: Path, wanted: list[str]) -> Iterator[Table]:
    """The columns `wanted` as texts; rows of another width are counted."""
    broken: list[int] = []

    def skip(_: csv.InvalidRow) -> str:
        broken.append(1)
        return "skip"

    reader = csv.open_csv(
        pa.input_stream(str(path), compression="detect"),
        read_options=csv.ReadOptions(block_size=_BLOCK, use_threads=False),
        parse_options=csv.ParseOptions(invalid_row_handler=skip, newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False
        ),
    )
    counted = 0
    for batch in reader:
        yield Table(dict(zip(wanted, batch.columns, strict=True)), batch.num_rows, len(broken) - counted)
        counted = len(broken)


def _header(path: Path) -> list[str]:
    """The names in the first line of a CSV file."""
    with pa.input_stream(str(path), compression="detect") as stream:
        line = io.TextIOWrapper(stream, encoding="utf-8-sig").readline()
    if not line.strip():
        raise unreadable(path, "it is empty")
    return list(csv.read_csv(io.BytesIO(line.encode())).column_names)


def _of_parquet(path: Path, names: Sequence[str], needed: Sequence[str]) -> Iterator[Table]:
    with _readable(path), parquet.ParquetFile(path) as file:
        held = file.schema_arrow.names
        _check(path, needed, held)
        wanted = [name for name in held if name in names]
        for batch in file.iter_batches(BATCH, columns=wanted):
            yield Table(dict(zip(batch.schema.names, batch.columns, strict=True)), batch.num_rows)


def _check(path: Path, needed: Sequence[str], found: Collection[str]) -> None:
    # what it has instead is not said: the first line of a file without a header can be anything
    missing = [name for name in needed if name not in found]
    if missing:
        raise unreadable(path, f"it lacks the columns {', '.join(missing)}")
