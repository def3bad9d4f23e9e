"""Only what is certainly ours is found, and what was uploaded stays known until it is gone."""

import os
from pathlib import Path

import pytest

from exporter.sinks import shelf
from exporter.sinks.shelf import Filed

PLACE = "date=2025-11-21/hour=03/host-1763694000000000-000001.parquet"
HOUR_ENDS = 1763697600  # 2025-11-21 04:00 UTC


def file(records: Path, place: str = PLACE, content: bytes = b"rows") -> Filed:
    path = records / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Filed(place, len(content), HOUR_ENDS)


def test_a_finished_file_is_found_with_its_size_and_the_end_of_its_hour(tmp_path: Path) -> None:
    filed = file(tmp_path)
    assert shelf.files(tmp_path) == [filed]


def test_files_come_in_the_order_of_their_hours(tmp_path: Path) -> None:
    hours = ["date=2025-11-22/hour=00", "date=2025-11-21/hour=23", "date=2025-11-21/hour=04"]
    for hour in hours:
        file(tmp_path, f"{hour}/host-1-000001.parquet")
    assert [each.place.rpartition("/")[0] for each in shelf.files(tmp_path)] == hours[::-1]


@pytest.mark.parametrize(
    "place",
    [
        "somebody.parquet",
        "date=2025-11-21/somebody-1-000001.parquet",
        "date=2025-11-21/hour=03/somebody.parquet",
        "date=2025-11-21/hour=03/host-1-000001.csv",
        "date=2025-11-21/hour=03/.host-1-000001.parquet.partial",
        "date=2025-11-21/hour=24/host-1-000001.parquet",
        "date=2025-13-21/hour=03/host-1-000001.parquet",
        "date=2025-11-21/hour=03/deeper/host-1-000001.parquet",
        ".spool/host-1-000001.spool",
    ],
)
def test_what_has_another_name_or_place_is_not_ours(tmp_path: Path, place: str) -> None:
    file(tmp_path, place)
    assert shelf.files(tmp_path) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    file(tmp_path / "elsewhere")
    (tmp_path / "records" / "date=2025-11-21").mkdir(parents=True)
    (tmp_path / "records" / "date=2025-11-21" / "hour=03").symlink_to(tmp_path / "elsewhere" / Path(PLACE).parent)
    file(tmp_path / "records", "date=2025-11-21/hour=04/host-1-000001.parquet")
    linked = tmp_path / "records" / "date=2025-11-21" / "hour=04" / "host-1-000002.parquet"
    linked.symlink_to(tmp_path / "elsewhere" / PLACE)
    assert [each.place for each in shelf.files(tmp_path / "records")] == [
        "date=2025-11-21/hour=04/host-1-000001.parquet"
    ]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert shelf.files(tmp_path / "gone") == []


def test_an_upload_is_remembered_for_the_file_as_it_was(tmp_path: Path) -> None:
    filed = file(tmp_path)
    assert shelf.uploaded_at(tmp_path, filed) is None
    shelf.mark(tmp_path, filed)
    os.utime(tmp_path / shelf.MARKS / f"{PLACE}.size", (5, 5))
    assert shelf.uploaded_at(tmp_path, filed) == 5
    assert shelf.uploaded_at(tmp_path, file(tmp_path, content=b"more rows")) is None


def test_a_removed_file_leaves_neither_mark_nor_empty_folder(tmp_path: Path) -> None:
    filed = file(tmp_path)
    shelf.mark(tmp_path, filed)
    shelf.remove(tmp_path, filed)
    assert list(tmp_path.rglob("*")) == [tmp_path / shelf.MARKS]


def test_a_folder_with_something_else_in_it_stays(tmp_path: Path) -> None:
    filed = file(tmp_path)
    foreign = tmp_path / Path(PLACE).parent / "notes.txt"
    foreign.write_text("mine")
    shelf.remove(tmp_path, filed)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [foreign]


def test_one_of_two_looks_after_a_folder(tmp_path: Path) -> None:
    with shelf.alone(tmp_path) as first, shelf.alone(tmp_path) as second:
        assert (first, second) == (True, False)
    with shelf.alone(tmp_path) as third:
        assert third
