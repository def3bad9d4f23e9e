"""What is in the spool survives, what is torn is recognised, and what lives is left alone."""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import Unusable
from exporter.sinks.spool import MAGIC, ForeignSegment, Reading, claim, create, encode, prepare, segments, stem
from tests.unit.exporter.sinks.measurements import STREAMED


@contextmanager
def file_size_limit(limit: int) -> Iterator[None]:
    """The kernel refuses to let any file grow beyond `limit` bytes, after writing as much as fits."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_is_appended_is_read_back_with_its_exchange(tmp_path: Path) -> None:
    segment = create(tmp_path, "a")
    segment.append(encode(STREAMED, ("w0", 7)))
    segment.append(encode(replace(STREAMED, itl_counts=(1, 2), prefix_blocks=(-(2**63), 2**63 - 1)), None))
    first, second = Reading(segment.path)
    assert first.key == ("w0", 7)
    assert (first.record["model"], first.record["input_tokens"]) == ("llama", 1000)
    assert second.key is None
    assert (second.record["itl_counts"], second.record["prefix_blocks"]) == ([1, 2], [-(2**63), 2**63 - 1])
    assert segment.records == 2
    assert segment.size == segment.path.stat().st_size
    os.close(segment.lock)


@given(cut=st.integers(0, 10_000))
def test_a_segment_cut_anywhere_gives_its_whole_entries(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    parts = [MAGIC, *(encode(STREAMED, ("w0", i)) for i in range(3))]
    whole = b"".join(parts)
    cut = min(cut, len(whole))
    path = tmp_path_factory.mktemp("cut") / "a.spool"
    path.write_bytes(whole[:cut])
    boundaries = [sum(map(len, parts[: i + 1])) for i in range(4)]
    reading = Reading(path)
    assert len(list(reading)) == sum(boundary <= cut for boundary in boundaries[1:])
    assert reading.torn == (cut not in boundaries)


def test_a_damaged_entry_ends_the_segment(tmp_path: Path) -> None:
    entry = encode(STREAMED, ("w0", 1))
    damaged = entry[:-5] + b"#" + entry[-4:]
    path = tmp_path / "a.spool"
    path.write_bytes(MAGIC + entry + damaged + entry)
    reading = Reading(path)
    assert len(list(reading)) == 1
    assert reading.torn


def test_an_absurd_length_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.spool"
    path.write_bytes(MAGIC + b"\xff" * 100)
    reading = Reading(path)
    assert list(reading) == []
    assert reading.torn


def test_a_file_of_another_program_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "a.spool"
    path.write_bytes(b"something else entirely")
    with pytest.raises(ForeignSegment, match="move it away"):
        list(Reading(path))


def test_no_alarm_comes_while_an_entry_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segment = create(tmp_path, "a-b-000001")
    write, blocked = os.write, []

    def seen(descriptor: int, data: bytes) -> int:
        blocked.append(signal.SIGALRM in signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", seen)
    segment.append(encode(STREAMED, ("w0", 7)))
    assert blocked == [True]
    assert signal.SIGALRM not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_an_entry_that_the_disk_takes_in_part_is_taken_back(tmp_path: Path) -> None:
    segment = create(tmp_path, "a")
    entry = encode(STREAMED, ("w0", 1))
    segment.append(entry)
    with file_size_limit(segment.size + len(entry) // 2), pytest.raises(OSError, match="File too large"):
        segment.append(entry)
    assert segment.path.stat().st_size == segment.size
    segment.append(entry)
    reading = Reading(segment.path)
    assert len(list(reading)) == segment.records == 2
    assert not reading.torn
    os.close(segment.lock)


def test_a_segment_that_cannot_be_repaired_says_so(tmp_path: Path) -> None:
    segment = create(tmp_path, "a")
    os.close(segment.lock)
    with pytest.raises(OSError, match="Bad file descriptor"):
        segment.append(b"entry")
    assert segment.damaged


def test_a_living_segment_cannot_be_claimed_and_a_dead_one_can(tmp_path: Path) -> None:
    segment = create(tmp_path, "a")
    assert claim(segment.path) is None
    os.close(segment.lock)  # what the kernel does when a process dies
    lock = claim(segment.path)
    assert lock is not None
    assert claim(segment.path) is None
    os.close(lock)


def test_a_segment_that_is_gone_cannot_be_claimed(tmp_path: Path) -> None:
    assert claim(tmp_path / "gone.spool") is None


def test_two_segments_never_share_a_name(tmp_path: Path) -> None:
    segment = create(tmp_path, "a")
    with pytest.raises(FileExistsError):
        create(tmp_path, "a")
    os.close(segment.lock)


def test_names_sort_by_sequence_and_hold_nothing_dangerous(tmp_path: Path) -> None:
    assert stem("../host a/é", 12, 3) == "_host_a_-12-000003"
    assert stem("...", 12, 3) == "sidecar-12-000003"
    for sequence in (10, 2):
        os.close(create(tmp_path, stem("host", 1, sequence)).lock)
    assert [path.stem for path in segments(tmp_path)] == ["host-1-000002", "host-1-000010"]


def test_a_folder_that_cannot_be_used_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Unusable, match=r"Records cannot be written to .*file .*choose another folder"):
        prepare(tmp_path / "file")


def test_a_usable_folder_holds_nothing_but_the_spool_folder_afterwards(tmp_path: Path) -> None:
    spool = prepare(tmp_path / "deep" / "records")
    assert spool == tmp_path / "deep" / "records" / ".spool"
    assert list(spool.iterdir()) == []
