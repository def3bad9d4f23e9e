"""Records as Parquet files, one for each hour, that appear together when all of them are complete."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from analyzer.errors import BadSettings
from analyzer.traces.fields import typed

HOUR_US = 3_600_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write(rows: pa.Table, folder: Path, stem: str) -> tuple[Path, ...]:
    """Write `rows`, sorted by time, below `folder` as `date=YYYY-MM-DD/hour=HH/<stem>.parquet` in UTC.

    All files are written in a hidden folder first and then moved to their names; files of an earlier import with the
    same `stem` that have no hour any more are removed, so that importing again replaces and never doubles. Returns the
    files; raises `BadSettings` where they cannot be written.
    """
    hidden = folder / f".{stem}.partial"
    try:
        shutil.rmtree(hidden, ignore_errors=True)
        names = [_write_hour(hour, place, hidden, stem) for hour, place in _hours(typed(rows).sort_by("timestamp"))]
        earlier = set(folder.glob(f"date=*/hour=*/{stem}.parquet"))
        final = tuple(folder / name for name in names)
        for name, path in zip(names, final, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            (hidden / name).replace(path)
        for path in earlier.difference(final):
            path.unlink()
    except OSError as error:
        raise BadSettings(f"--out {folder} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return final


def _hours(rows: pa.Table) -> Iterator[tuple[pa.Table, Path]]:
    """The rows of each hour with the folder that they belong in."""
    hours = rows.column("timestamp").cast(pa.int64()).to_numpy() // HOUR_US
    found, starts = np.unique(hours, return_index=True)
    ends = [*starts[1:].tolist(), len(hours)]
    for hour, start, end in zip(found.tolist(), starts.tolist(), ends, strict=True):
        moment = _EPOCH + timedelta(hours=hour)
        yield rows.slice(start, end - start), Path(f"date={moment:%Y-%m-%d}", f"hour={moment:%H}")


def _write_hour(rows: pa.Table, place: Path, hidden: Path, stem: str) -> Path:
    name = place / f"{stem}.parquet"
    (hidden / place).mkdir(parents=True, exist_ok=True)
    parquet.write_table(rows, hidden / name, compression="zstd")
    return name
