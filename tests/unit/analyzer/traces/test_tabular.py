import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from analyzer.errors import UnreadableRecords
from analyzer.traces.tabular import document, objects, rows
from tests.unit.analyzer.traces.reading import written


def columns(path: Path, *names: str, **more: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for table in rows(path, names, names[:1], **more):
        for name, column in table.columns.items():
            found.setdefault(name, []).extend(column.to_pylist())
    return found


def test_a_csv_file_is_read_by_the_names_of_its_columns(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "b,secret,a", "2,hello,1", '4,"a ""word"",\nand more",3')
    assert columns(path, "a", "b") == {"b": ["2", "4"], "a": ["1", "3"]}


def test_a_csv_file_may_be_compressed_have_a_mark_at_its_start_and_another_suffix(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress("\ufeffa,b\n1,2\n".encode()))
    assert columns(path, "a") == {"a": ["1"]}
    assert columns(written(tmp_path / "a.trace", "a", "5"), "a") == {"a": ["5"]}


def test_rows_of_another_width_are_counted_and_do_not_stop_the_others(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "a,b", "1,2", "1,2,3", "7,8")
    (table,) = rows(path, ("a",), ("a",))
    assert (table.columns["a"].to_pylist(), table.rows, table.unreadable) == (["1", "7"], 2, 1)


def test_lines_of_json_are_read_by_name_also_deeper(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"a": 1, "u": {"n": 5}}', "", "{broken", "[1]", '{"a": 2.5, "ids": [1, 2]}')
    assert columns(path, "a", "u.n", "ids", lists=("ids",)) == {
        "a": ["1", "2.5"],
        "u.n": ["5", None],
        "ids": [None, [1, 2]],
    }
    (table,) = rows(path, ("a",), ("a",))
    assert (table.rows, table.unreadable) == (2, 2)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('[{"a": 1}, {"a": 2}, 3]', [{"a": 1}, {"a": 2}, None]),
        ('[\n {"a": 1},\n {"a": 2}\n]\n', [{"a": 1}, {"a": 2}]),
        ('{\n "a": 1\n}\n', [{"a": 1}]),
        ('{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        ('{"a": \n{"a": 2}\n', [None, {"a": 2}]),
        ("", []),
    ],
)
def test_an_array_lines_and_one_object_are_all_objects(tmp_path: Path, content: str, expected: list[Any]) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    assert list(objects(path)) == expected


def test_a_parquet_file_keeps_its_types(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"a": [1, 2], "secret": ["x", "y"]}), path)
    assert columns(path, "a", "b") == {"a": [1, 2]}


def test_a_file_that_lacks_a_column_is_named_and_what_it_holds_is_not_said(tmp_path: Path) -> None:
    for name, line in (("a.csv", "tell me,a story"), ("a.jsonl", '{"tell": "me"}')):
        with pytest.raises(UnreadableRecords, match="it lacks the columns a") as error:
            columns(written(tmp_path / name, line), "a")
        assert "tell" not in str(error.value)


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.csv.gz"])
def test_an_empty_or_broken_file_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"")
    with pytest.raises(UnreadableRecords, match=name):
        columns(path, "a")


def test_text_in_another_encoding_is_named(tmp_path: Path) -> None:
    for name in ("a.csv", "a.jsonl"):
        path = tmp_path / name
        path.write_bytes(b'\xff\xfea\x00\n\x001\x00"')
        with pytest.raises(UnreadableRecords, match=r"cannot be read|lacks the columns"):
            columns(path, "a")


def test_a_document_is_one_object(tmp_path: Path) -> None:
    assert document(written(tmp_path / "a.json", '{"a": 1}')) == {"a": 1}
    for content in ("[1]", "{", ""):
        with pytest.raises(UnreadableRecords):
            document(written(tmp_path / "b.json", content))
    with pytest.raises(UnreadableRecords):
        document(tmp_path / "none.json")
