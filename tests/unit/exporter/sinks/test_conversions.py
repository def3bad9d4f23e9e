"""A segment becomes Parquet once, stays until it does, and its exchanges stay known for a while."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from exporter.sinks import parquet
from exporter.sinks.conversions import REMEMBER_NS, RETRY_NS, Conversions, convert
from exporter.sinks.spool import Segment, claim, create, encode
from tests.fakes.executors import Deferred, Inline
from tests.unit.exporter.sinks.measurements import STREAMED

DAY = "date=2025-11-21"


@dataclass
class Told:
    """What a conversion told of."""

    losses: list[tuple[str, int]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def lose(self, reason: str, sentence: str, records: int) -> None:
        assert sentence.endswith(".")
        self.losses.append((reason, records))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def begin(tmp_path: Path, told: Told) -> Callable[[Deferred], Conversions]:
    def one(executor: Deferred) -> Conversions:
        conversions = Conversions(tmp_path, executor, told.lose, told.complaints.append)
        segment = written(tmp_path)
        conversions.begin(segment.path, segment.lock, 1, STREAMED.timestamp)
        return conversions

    return one


def written(folder: Path, name: str = "host-1-000001") -> Segment:
    segment = create(folder, name)
    segment.append(encode(STREAMED, ("w0", 1)))
    return segment


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_converted_segment_is_kept_under_another_name(tmp_path: Path) -> None:
    segment = written(tmp_path)
    assert convert(segment.path, tmp_path) is False
    os.close(segment.lock)
    assert names(tmp_path) == ["host-1-000001.filed", "host-1-000001.parquet"]


def test_memory_goes_back_whether_a_conversion_succeeds_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[bool] = []
    monkeypatch.setattr(parquet, "give_back", lambda: given.append(True))
    segment = written(tmp_path)
    (tmp_path / "2025").write_text("")
    with pytest.raises(OSError, match="Not a directory"):
        convert(segment.path, tmp_path / "2025")
    convert(segment.path, tmp_path)
    os.close(segment.lock)
    assert len(given) == 2


def test_a_conversion_that_was_interrupted_at_its_end_gives_the_same_file_again(tmp_path: Path) -> None:
    segment = written(tmp_path)
    convert(segment.path, tmp_path)
    segment.path.with_suffix(".filed").rename(segment.path)
    convert(segment.path, tmp_path)
    os.close(segment.lock)
    [file] = tmp_path.rglob("*.parquet")
    assert pq.read_table(file, partitioning=None).num_rows == 1


def test_the_oldest_record_is_pending_until_its_conversion_was_seen_to_be_done(
    begin: Callable[[Deferred], Conversions],
) -> None:
    executor = Deferred()
    conversions = begin(executor)
    conversions.settle(0)
    assert conversions.oldest_us == STREAMED.timestamp
    executor.run()
    conversions.settle(1)
    assert conversions.oldest_us is None
    conversions.finish()


def test_a_filed_segment_is_locked_and_goes_when_its_exchanges_need_not_be_known_any_more(
    tmp_path: Path, begin: Callable[[Deferred], Conversions]
) -> None:
    conversions = begin(Inline())
    filed = tmp_path / "host-1-000001.filed"
    conversions.settle(0)
    conversions.settle(REMEMBER_NS - 1)
    assert claim(filed) is None
    assert filed.exists()
    conversions.settle(REMEMBER_NS)
    assert not filed.exists()
    conversions.finish()


def test_what_fails_is_complained_of_and_tried_again(
    tmp_path: Path, begin: Callable[[Deferred], Conversions], told: Told
) -> None:
    (tmp_path / DAY).write_text("in the way")
    conversions = begin(Inline())
    conversions.settle(0)
    [complaint] = told.complaints
    assert complaint.startswith("host-1-000001.spool could not be turned into Parquet: ")
    (tmp_path / DAY).unlink()
    conversions.settle(RETRY_NS - 1)
    assert names(tmp_path) == ["host-1-000001.spool"]
    conversions.settle(RETRY_NS)
    assert names(tmp_path) == ["host-1-000001.filed", "host-1-000001.parquet"]
    conversions.finish()
    assert told.losses == []


def test_a_hurry_waits_for_no_pause(tmp_path: Path, begin: Callable[[Deferred], Conversions]) -> None:
    (tmp_path / DAY).write_text("in the way")
    conversions = begin(Inline())
    conversions.settle(0)
    (tmp_path / DAY).unlink()
    conversions.hurry()
    conversions.settle(1)
    assert names(tmp_path) == ["host-1-000001.filed", "host-1-000001.parquet"]
    conversions.finish()


def test_a_segment_that_somebody_deleted_is_lost_with_all_its_records(
    tmp_path: Path, begin: Callable[[Deferred], Conversions], told: Told
) -> None:
    executor = Deferred()
    conversions = begin(executor)
    (tmp_path / "host-1-000001.spool").unlink()
    executor.run()
    conversions.settle(0)
    assert told.losses == [("removed", 1)]
    conversions.finish()
    assert told.losses == [("removed", 1)]


def test_a_torn_end_is_one_loss(tmp_path: Path, told: Told) -> None:
    segment = written(tmp_path)
    segment.append(encode(STREAMED, ("w0", 2))[:-3])
    conversions = Conversions(tmp_path, Inline(), told.lose, told.complaints.append)
    conversions.begin(segment.path, segment.lock, 1, None)
    conversions.finish()
    assert told.losses == [("torn", 1)]
    assert names(tmp_path) == ["host-1-000001.parquet"]
