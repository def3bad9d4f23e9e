"""Parquet records written from plain rows, as an exporter or another tool might have left them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

MONDAY = datetime(2025, 3, 3, tzinfo=UTC)

TYPES: dict[str, pa.DataType] = {
    "timestamp": pa.timestamp("us", tz="UTC"),
    "model": pa.string(),
    "input_tokens": pa.int32(),
    "output_tokens": pa.int32(),
    "client_id": pa.string(),
    "operation": pa.string(),
    "upstream": pa.string(),
    "instance": pa.string(),
    "cached_input_tokens": pa.int32(),
    "outcome": pa.string(),
    "finish_reason": pa.string(),
    "error_type": pa.string(),
    "http_status": pa.int16(),
    "max_tokens": pa.int32(),
    "n": pa.int32(),
    "ttft_us": pa.int64(),
    "tpot_us": pa.int64(),
    "e2e_us": pa.int64(),
    "itl_counts": pa.list_(pa.int32()),
    "prefix_blocks": pa.list_(pa.int64()),
    "hash_ids": pa.list_(pa.int64()),
}


def row(seconds: float = 0.0, isl: int | None = 100, osl: int | None = 10, **columns: object) -> dict[str, object]:
    """One request that came `seconds` after Monday 2025-03-03 00:00 UTC; `columns` adds to it or replaces."""
    plain = {
        "timestamp": MONDAY + timedelta(seconds=seconds),
        "model": "m",
        "input_tokens": isl,
        "output_tokens": osl,
    }
    return plain | columns


def write(path: Path, rows: Sequence[dict[str, object]], types: dict[str, pa.DataType] | None = None) -> Path:
    """`rows` as a Parquet file at `path`, with the columns that the rows have; `types` replaces those of records."""
    known = TYPES | (types or {})
    names = list(dict.fromkeys(name for row in rows for name in row)) or list(TYPES)
    schema = pa.schema([(name, known[name]) for name in names])
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)
    return path
