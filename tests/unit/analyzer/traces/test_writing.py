from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from analyzer.errors import BadSettings
from analyzer.traces.writing import write

START = datetime(2025, 3, 3, 23, 59, tzinfo=UTC)


def rows(*minutes: int) -> pa.Table:
    return pa.table(
        {
            "timestamp": pa.array([START + timedelta(minutes=m) for m in minutes], pa.timestamp("us", tz="UTC")),
            "model": ["m"] * len(minutes),
            "input_tokens": list(minutes),
            "output_tokens": [1] * len(minutes),
        }
    )


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_each_hour_is_a_file_sorted_by_time(tmp_path: Path) -> None:
    paths = write(rows(2, 0, 1), tmp_path, "azure-1")
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "date=2025-03-03/hour=23/azure-1.parquet",
        "date=2025-03-04/hour=00/azure-1.parquet",
    ]
    assert [parquet.read_table(path, partitioning=None).column("input_tokens").to_pylist() for path in paths] == [
        [0],
        [1, 2],
    ]
    metadata = parquet.ParquetFile(paths[0]).metadata
    assert metadata.row_group(0).column(0).compression == "ZSTD"


def test_writing_again_replaces_and_leaves_what_others_wrote(tmp_path: Path) -> None:
    write(rows(0, 61), tmp_path, "azure-1")
    write(rows(0), tmp_path, "azure-2")
    write(rows(1), tmp_path, "azure-1")
    assert files(tmp_path) == ["date=2025-03-03/hour=23/azure-2.parquet", "date=2025-03-04/hour=00/azure-1.parquet"]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadSettings, match="cannot be written"):
        write(rows(0), tmp_path / "file", "a")


def test_nothing_appears_where_not_everything_could_be_written(tmp_path: Path) -> None:
    (tmp_path / "date=2025-03-04").touch()  # no folder can be made here
    with pytest.raises(BadSettings):
        write(rows(0, 1), tmp_path, "a")
    assert not list(tmp_path.glob(".a.partial"))
