from pathlib import Path

import pyarrow as pa
import pytest

from analyzer.store.files import find
from tests.fakes.recordings import row, write


def names(paths: tuple[Path, ...]) -> list[str]:
    return [path.name for path in paths]


def test_a_folder_is_searched_through_and_what_is_hidden_is_left_out(tmp_path: Path) -> None:
    write(tmp_path / "date=2025-03-03" / "hour=00" / "a-1-1.parquet", [row()])
    write(tmp_path / "b.parquet", [row()])
    write(tmp_path / ".spool" / "c.parquet", [row()])
    write(tmp_path / ".d.parquet", [row()])
    (tmp_path / "notes.txt").write_text("no records")
    found = find([str(tmp_path)])
    assert sorted(names(found.readable)) == ["a-1-1.parquet", "b.parquet"]
    assert found.unreadable == ()


def test_a_folder_below_a_hidden_one_may_be_named(tmp_path: Path) -> None:
    write(tmp_path / ".cache" / "a.parquet", [row()])
    assert names(find([str(tmp_path / ".cache")]).readable) == ["a.parquet"]


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", [row()])
    assert names(find([str(path), str(tmp_path), str(tmp_path / "*.parquet")]).readable) == ["a.parquet"]


def test_a_glob_takes_what_it_matches(tmp_path: Path) -> None:
    for name in ("a1.parquet", "a2.parquet", "b.parquet"):
        write(tmp_path / name, [row()])
    assert names(find([str(tmp_path / "a*.parquet")]).readable) == ["a1.parquet", "a2.parquet"]


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("nowhere", "there is no such file or folder"),
        ("nothing*.parquet", "no file matches this pattern"),
        ("gs://bucket/records", "copy the records here first"),
    ],
)
def test_a_place_that_holds_nothing_is_named_with_the_reason(place: str, reason: str) -> None:
    (file,) = find([place]).unreadable
    assert file.path == place
    assert reason in file.reason


def test_an_empty_folder_is_no_error(tmp_path: Path) -> None:
    assert find([str(tmp_path)]) == find([])


def test_files_that_hold_no_records_are_named_with_the_reason(tmp_path: Path) -> None:
    text, empty = tmp_path / "text.parquet", tmp_path / "zero.parquet"
    text.write_text("prompt,answer\n")
    empty.touch()
    foreign = tmp_path / "foreign.parquet"
    write(foreign, [{"model": "m", "price": 3}], {"price": pa.int64()})
    numbers = write(tmp_path / "numbers.parquet", [row(timestamp=17)], {"timestamp": pa.int64()})
    good = write(tmp_path / "good.parquet", [row()])
    found = find([str(tmp_path)])
    reasons = {Path(file.path).name: file.reason for file in found.unreadable}
    assert names(found.readable) == [good.name]
    assert "not a Parquet file" in reasons["text.parquet"]
    assert "not a Parquet file" in reasons["zero.parquet"]
    assert reasons["foreign.parquet"].endswith("lacks the columns timestamp, input_tokens, output_tokens")
    assert reasons[numbers.name] == "its column timestamp is int64, not a timestamp"


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("model", pa.int32(), 3),
        ("input_tokens", pa.string(), "7"),
        ("ttft_us", pa.string(), "7"),
        ("itl_counts", pa.int64(), 7),
    ],
)
def test_a_column_of_another_type_makes_a_file_foreign(
    tmp_path: Path, name: str, kind: pa.DataType, value: object
) -> None:
    write(tmp_path / "a.parquet", [row(**{name: value})], {name: kind})
    (file,) = find([str(tmp_path)]).unreadable
    assert f"its column {name} is {kind}" in file.reason
