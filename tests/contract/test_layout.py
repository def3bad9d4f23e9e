"""Where records lie and how they appear: the folder layout, the names, the order, and the rename at the end."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exporter.observe.observation import Measurement
from exporter.sinks.records import Records
from tests.fakes.executors import Inline
from tests.unit.exporter.sinks.measurements import STREAMED

HOUR_US = 3_600_000_000
START_US = 1_763_694_000_123_456
LAYOUT = re.compile(r"date=(\d{4}-\d\d-\d\d)/hour=(\d\d)/edge-7-1763694000123456-(\d{6})\.parquet")


def record(folder: Path, offsets_us: Iterable[int], rotate_bytes: int = 16 << 20) -> list[str]:
    """Records that came so long after the first, in this order; returns the files, by name."""
    records = Records(folder, "edge-7", START_US, Inline(), rotate_bytes=rotate_bytes)
    for offset in offsets_us:
        records.accept(Measurement(replace(STREAMED, timestamp=STREAMED.timestamp + offset)))
    records.close()
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_each_hour_in_utc_has_its_folder_and_each_file_instance_start_and_sequence(tmp_path: Path) -> None:
    files = record(tmp_path, [0, 5, HOUR_US, 25 * HOUR_US])
    assert [LAYOUT.fullmatch(file) is not None for file in files] == [True] * 3
    assert [file.rpartition("/")[0] for file in files] == [
        "date=2025-11-21/hour=03",
        "date=2025-11-21/hour=04",
        "date=2025-11-22/hour=04",
    ]


def test_the_sequence_goes_up_by_one_and_no_name_comes_again(tmp_path: Path) -> None:
    files = record(tmp_path, range(20), rotate_bytes=1)
    numbers = [match.group(3) for file in files if (match := LAYOUT.fullmatch(file))]
    assert numbers == [f"{number:06d}" for number in range(1, 21)]


def test_rows_are_sorted_by_time_in_each_file(tmp_path: Path) -> None:
    files = record(tmp_path, [9, 3, HOUR_US + 7, 5, HOUR_US + 1, 3])
    times = [
        pq.read_table(tmp_path / file, partitioning=None)["timestamp"].cast(pa.int64()).to_pylist() for file in files
    ]
    assert [[each - STREAMED.timestamp for each in one] for one in times] == [[3, 3, 5, 9], [HOUR_US + 1, HOUR_US + 7]]


def test_every_column_is_compressed_with_zstandard(tmp_path: Path) -> None:
    [file] = record(tmp_path, [0])
    group = pq.ParquetFile(tmp_path / file).metadata.row_group(0)
    assert {group.column(i).compression for i in range(group.num_columns)} == {"ZSTD"}


def test_a_file_gets_its_name_when_it_is_complete_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, seen = Path.rename, []

    def watched(path: Path, target: Path) -> Path:
        if target.suffix == ".parquet":
            assert path.parent == target.parent, "a rename within a folder is atomic"
            assert path.name.startswith("."), "what is not complete is hidden"
            assert not path.name.endswith(".parquet"), "… and is found by nobody who looks for Parquet"
            assert not target.exists()
            seen.append(pq.ParquetFile(path).read().num_rows)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", watched)
    record(tmp_path, [0, 1, HOUR_US])
    assert seen == [2, 1]
