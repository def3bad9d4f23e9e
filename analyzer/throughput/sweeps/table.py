"""The table of a sweep as a Parquet file: one row for each point."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from analyzer.errors import BadSettings, UnreadableFile, UnreadableRecords
from analyzer.throughput.sweeps.point import BenchPoint, Figures

LATENCIES = ("ttft", "itl", "e2e")
STATISTICS = tuple(field.name for field in fields(Figures))
_WORDS = ("model", "gpu", "backend", "version", "quant", "load_kind", "src", "src_sha256")
_COUNTS = ("n_gpu", "tp", "pp", "requests")
NEEDED = ("model", "gpu", "tp", "pp", "quant")


def write(points: Sequence[BenchPoint], path: Path) -> None:
    """Write `points` as one Parquet file that appears when it is complete; raises `BadSettings` where it cannot."""
    columns = list(_columns())
    rows = [_row(point) for point in points]
    schema = pa.schema([pa.field(name, _kind(name)) for name in columns])
    hidden = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(pa.Table.from_pylist(rows, schema), hidden, compression="zstd")
        hidden.replace(path)
    except OSError as error:
        with suppress(OSError):
            hidden.unlink()
        raise BadSettings(f"--out {path} cannot be written: {error.strerror or error}.") from error


def read(path: Path) -> tuple[BenchPoint, ...]:
    """The points of a table that `write` made; raises `UnreadableRecords` where the file is none."""
    if not path.exists():
        raise _no_table(path, "there is no such file: make one with the command sweep")
    try:
        table = parquet.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise _no_table(path, "it is no Parquet file that can be read") from error
    missing = [name for name in _columns() if name not in table.column_names]
    if missing:
        raise _no_table(path, f"it is no throughput table, it lacks the columns {', '.join(missing)}")
    try:
        rows = table.select(list(_columns())).cast(pa.schema([pa.field(n, _kind(n)) for n in _columns()])).to_pylist()
    except pa.ArrowException as error:
        raise _no_table(path, "its columns are of another kind than those of a throughput table") from error
    if not rows or any(row[name] is None for row in rows for name in NEEDED):
        raise _no_table(path, f"it holds no points, or points without {', '.join(NEEDED)}")
    return tuple(_point(row) for row in rows)


def _columns() -> Iterator[str]:
    for field in fields(BenchPoint):
        if field.name in LATENCIES:
            yield from (f"{field.name}_{statistic}_ms" for statistic in STATISTICS)
        else:
            yield field.name


def _kind(column: str) -> pa.DataType:
    if column in _WORDS:
        return pa.string()
    return pa.int64() if column in _COUNTS else pa.float64()


def _row(point: BenchPoint) -> dict[str, object]:
    row: dict[str, object] = {}
    for field in fields(BenchPoint):
        value = getattr(point, field.name)
        if isinstance(value, Figures):
            row |= {f"{field.name}_{statistic}_ms": getattr(value, statistic) for statistic in STATISTICS}
        else:
            row[field.name] = value
    return row


def _point(row: Mapping[str, Any]) -> BenchPoint:
    values: dict[str, Any] = {field.name: row.get(field.name) for field in fields(BenchPoint)}
    for name in LATENCIES:
        values[name] = Figures(*(row[f"{name}_{statistic}_ms"] for statistic in STATISTICS))
    return BenchPoint(**values)


def _no_table(path: Path, reason: str) -> UnreadableRecords:
    return UnreadableRecords((UnreadableFile(str(path), reason),))
