"""The table of a sweep as a file."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from analyzer.errors import BadSettings, UnreadableRecords
from analyzer.throughput.sweeps import Figures, table
from tests.unit.analyzer.throughput.sweeps.points import POINT

COLUMNS = (
    "model gpu n_gpu tp pp backend version quant isl_mean osl_mean load_kind load rps"
    " ttft_mean_ms ttft_p50_ms ttft_p95_ms ttft_p99_ms itl_mean_ms itl_p50_ms itl_p95_ms itl_p99_ms"
    " e2e_mean_ms e2e_p50_ms e2e_p95_ms e2e_p99_ms conc src src_sha256 requests"
)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    points = (POINT, replace(POINT, version=None, osl_mean=None, itl=Figures(), requests=None))
    table.write(points, tmp_path / "new" / "sweep.parquet")
    assert table.read(tmp_path / "new" / "sweep.parquet") == points


def test_the_columns_are_those_that_are_documented(tmp_path: Path) -> None:
    table.write([POINT], tmp_path / "sweep.parquet")
    assert parquet.read_schema(tmp_path / "sweep.parquet").names == COLUMNS.split()


def test_only_the_whole_file_ever_appears(tmp_path: Path) -> None:
    table.write([POINT], tmp_path / "sweep.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.parquet"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadSettings, match=r"--out .*file/sweep\.parquet cannot be written"):
        table.write([POINT], tmp_path / "file" / "sweep.parquet")


def test_what_is_no_table_is_said_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no table")
    parquet.write_table(pa.table({"model": ["m"]}), tmp_path / "other")
    for name, reason in (
        ("text", "no Parquet file"),
        ("other", "lacks the columns gpu, n_gpu"),
        ("none", "there is no such file"),
    ):
        with pytest.raises(UnreadableRecords, match=f"{name}: .*{reason}"):
            table.read(tmp_path / name)


def test_a_table_of_nothing_and_one_without_a_model_are_refused(tmp_path: Path) -> None:
    table.write([POINT], tmp_path / "one")
    whole = parquet.read_table(tmp_path / "one")
    nobody = whole.set_column(0, "model", pa.array([None], pa.string()))
    for broken in (whole.slice(1), nobody):
        parquet.write_table(broken, tmp_path / "broken")
        with pytest.raises(UnreadableRecords, match="holds no points"):
            table.read(tmp_path / "broken")


def test_columns_of_another_kind_are_refused(tmp_path: Path) -> None:
    table.write([POINT], tmp_path / "one")
    whole = parquet.read_table(tmp_path / "one")
    place = whole.column_names.index("rps")
    parquet.write_table(whole.set_column(place, "rps", pa.array(["fast"])), tmp_path / "broken")
    with pytest.raises(UnreadableRecords, match="of another kind"):
        table.read(tmp_path / "broken")
