"""Marginals as one small Parquet file, apart from records."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from analyzer.errors import BadSettings
from analyzer.marginals import Marginals
from analyzer.marginals.table import rows

SCHEMA = pa.schema(
    [
        ("hour", pa.timestamp("us", tz="UTC")),
        ("model", pa.string()),
        ("side", pa.string()),
        ("le", pa.float64()),
        ("count", pa.float64()),
        ("tokens", pa.float64()),
        ("source", pa.string()),
    ],
    metadata={"tokentide": "marginals 1"},
)


def write(marginals: Mapping[str, Marginals], folder: Path, stem: str) -> Path:
    """Write `marginals` to `folder/<stem>.parquet`, which appears when it is complete and replaces an earlier one.

    Raises `BadSettings` where it cannot be written.
    """
    table = pa.Table.from_pylist([asdict(row) for row in rows(marginals)], schema=SCHEMA)
    final = folder / f"{stem}.parquet"
    hidden = folder / f".{stem}.{os.getpid()}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _appear(table, hidden, final)
    except OSError as error:
        raise BadSettings(f"--out {folder} cannot be written: {error.strerror or error}.") from error
    return final


def _appear(table: pa.Table, hidden: Path, final: Path) -> None:
    try:
        parquet.write_table(table, hidden, compression="zstd")
        hidden.replace(final)
    finally:
        hidden.unlink(missing_ok=True)
