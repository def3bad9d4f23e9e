"""Records survive crashes, are counted when they do not, and become Parquet file by file."""

import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from exporter.observe.observation import Measurement
from exporter.sinks.conversions import convert
from exporter.sinks.records import Records
from exporter.sinks.spool import MAGIC, create, encode
from tests.fakes.executors import Deferred, Inline
from tests.unit.exporter.sinks.measurements import STREAMED
from tests.unit.exporter.sinks.test_spool import file_size_limit

SECOND = 1_000_000_000


def records(folder: Path, executor: Executor | None = None, start: int = 1, **limits: float) -> Records:
    return Records(folder, "host", start, executor or Inline(), **limits)  # type: ignore[arg-type] # limits by name


def request(number: int) -> Measurement:
    return Measurement(replace(STREAMED, request_id=f"r{number}", timestamp=STREAMED.timestamp + number))


def in_parquet(folder: Path) -> list[str]:
    files = sorted(folder.rglob("*.parquet"))
    return [str(name) for file in files for name in pq.read_table(file, partitioning=None)["request_id"].to_pylist()]


def spooled(folder: Path) -> list[Path]:
    return sorted((folder / ".spool").glob("*.spool"))


def pending(kept: Records) -> int | None:
    return kept.oldest_pending


def die(victim: Records) -> None:
    """What the kernel does with a killed process: its files are closed and its locks are gone."""
    if victim._segment is not None:
        os.close(victim._segment.lock)
    for held in (*victim._conversions._waiting, *victim._conversions._filed):
        os.close(held.lock)


def test_an_orderly_end_leaves_parquet_and_an_empty_spool(tmp_path: Path) -> None:
    kept = records(tmp_path)
    for i in range(3):
        kept.accept(request(i), ("w0", i))
    assert in_parquet(tmp_path) == []
    kept.close()
    assert in_parquet(tmp_path) == ["r0", "r1", "r2"]
    assert spooled(tmp_path) == []
    assert (kept.written, kept.lost, kept.oldest_pending, kept.problem) == (3, {}, None, None)


def test_an_end_without_any_record_writes_nothing(tmp_path: Path) -> None:
    kept = records(tmp_path)
    kept.tick(0)
    kept.close()
    assert [path.name for path in tmp_path.rglob("*")] == [".spool"]


def test_a_segment_is_turned_into_parquet_by_age(tmp_path: Path) -> None:
    kept = records(tmp_path, rotate_seconds=300)
    kept.accept(request(1))
    kept.tick(1000 * SECOND)
    kept.tick(1299 * SECOND)
    assert in_parquet(tmp_path) == []
    kept.tick(1300 * SECOND)
    assert in_parquet(tmp_path) == ["r1"]
    kept.accept(request(2))
    kept.tick(1301 * SECOND)
    kept.tick(1599 * SECOND)
    assert in_parquet(tmp_path) == ["r1"]
    kept.close()


def test_a_segment_is_turned_into_parquet_by_size(tmp_path: Path) -> None:
    entry = len(encode(request(1).record, None))
    kept = records(tmp_path, rotate_bytes=len(MAGIC) + 2 * entry)
    for i in range(5):
        kept.accept(request(i))
    assert in_parquet(tmp_path) == ["r0", "r1", "r2", "r3"]
    kept.close()
    assert in_parquet(tmp_path) == ["r0", "r1", "r2", "r3", "r4"]
    assert len(list(tmp_path.rglob("*.parquet"))) == 3


def test_the_oldest_pending_record_is_known_until_it_is_in_parquet(tmp_path: Path) -> None:
    executor = Deferred()
    kept = records(tmp_path, executor, rotate_seconds=1)
    kept.accept(request(5))
    kept.accept(request(2))
    assert pending(kept) == STREAMED.timestamp + 2
    kept.tick(0)
    kept.tick(2 * SECOND)
    kept.accept(request(9))
    assert pending(kept) == STREAMED.timestamp + 2
    executor.run()
    kept.tick(3 * SECOND)
    assert pending(kept) == STREAMED.timestamp + 9
    die(kept)


def test_a_killed_process_loses_nothing_that_it_accepted(tmp_path: Path) -> None:
    victim = records(tmp_path)
    for i in range(3):
        victim.accept(request(i), ("w0", i))
    die(victim)
    heir = records(tmp_path, start=2)
    assert heir.recover() == {("w0", 0), ("w0", 1), ("w0", 2)}
    assert heir.known(("w0", 1))
    assert not heir.known(("w0", 3))
    heir.close()
    assert in_parquet(tmp_path) == ["r0", "r1", "r2"]
    assert spooled(tmp_path) == []
    assert (heir.written, heir.lost) == (0, {})


def test_a_real_process_killed_while_writing_loses_nothing_that_it_accepted(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from tests.fakes.executors import Deferred;"
        "from tests.unit.exporter.sinks.test_records import records, request;"
        "kept = records(Path(sys.argv[1]), Deferred());"
        "[kept.accept(request(i), ('w0', i)) for i in range(50)];"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    heir = records(tmp_path, start=2)
    assert len(heir.recover()) == 50
    heir.close()
    assert in_parquet(tmp_path) == [f"r{i}" for i in range(50)]


def test_one_process_killed_after_the_other_still_knows_what_was_recorded(tmp_path: Path) -> None:
    """The relay tells again what no observer lived long enough to acknowledge."""
    first = records(tmp_path)
    first.accept(request(1), ("w0", 1))
    die(first)
    second = records(tmp_path, start=2)
    second.recover()
    second.tick(0)
    assert in_parquet(tmp_path) == ["r1"]
    die(second)
    third = records(tmp_path, start=3)
    third.recover()
    assert third.known(("w0", 1))
    third.tick(0)
    third.tick(29 * SECOND)
    die(third)
    fourth = records(tmp_path, start=4)
    fourth.recover()
    assert fourth.known(("w0", 1))
    fourth.close()
    assert in_parquet(tmp_path) == ["r1"]
    assert list((tmp_path / ".spool").iterdir()) == []


def test_a_torn_end_is_cut_and_counted(tmp_path: Path) -> None:
    victim = records(tmp_path)
    victim.accept(request(1), ("w0", 1))
    die(victim)
    with spooled(tmp_path)[0].open("ab") as file:
        file.write(encode(request(2).record, ("w0", 2))[:-10])
    heir = records(tmp_path, start=2)
    assert heir.recover() == {("w0", 1)}
    heir.close()
    assert in_parquet(tmp_path) == ["r1"]
    assert heir.lost == {"torn": 1}


def test_a_crash_between_parquet_and_the_end_of_the_segment_doubles_nothing(tmp_path: Path) -> None:
    victim = records(tmp_path)
    victim.accept(request(1))
    die(victim)
    segment = spooled(tmp_path)[0]
    content = segment.read_bytes()
    convert(segment, tmp_path)
    segment.write_bytes(content)  # as if the crash had come before it was deleted
    heir = records(tmp_path, start=2)
    heir.recover()
    heir.close()
    assert in_parquet(tmp_path) == ["r1"]


def test_sidecars_that_share_a_folder_leave_each_others_segments_alone(tmp_path: Path) -> None:
    neighbour = records(tmp_path, start=1)
    neighbour.accept(request(1), ("n", 1))
    newcomer = records(tmp_path, start=2)
    assert newcomer.recover() == frozenset()
    newcomer.accept(request(2))
    newcomer.close()
    assert in_parquet(tmp_path) == ["r2"]
    neighbour.close()
    assert sorted(in_parquet(tmp_path)) == ["r1", "r2"]


def test_a_start_at_the_same_moment_under_the_same_name_still_gets_its_own_segment(tmp_path: Path) -> None:
    both = [records(tmp_path), records(tmp_path)]
    for i, one in enumerate(both):
        one.accept(request(i))
    for one in both:
        one.close()
    assert sorted(in_parquet(tmp_path)) == ["r0", "r1"]


def test_a_full_disk_is_counted_and_never_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = records(tmp_path)
    kept.accept(request(1))
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.write", full)
    kept.accept(request(2), ("w0", 2))
    kept.accept(request(3), ("w0", 3))
    monkeypatch.setattr("os.write", write)
    kept.accept(request(4))
    kept.close()
    assert kept.lost == {"disk_full": 2}
    assert not kept.known(("w0", 2))
    assert kept.problem is not None
    assert kept.problem.endswith("No space left on device.")
    assert in_parquet(tmp_path) == ["r1", "r4"]


def test_a_disk_that_takes_half_a_record_loses_that_record_only(tmp_path: Path) -> None:
    kept = records(tmp_path)
    kept.accept(request(1))
    with file_size_limit(spooled(tmp_path)[0].stat().st_size + 50):
        kept.accept(request(2))
    kept.accept(request(3))
    kept.close()
    assert kept.lost == {"write_failed": 1}
    assert in_parquet(tmp_path) == ["r1", "r3"]


def test_a_spool_folder_that_disappears_is_made_again(tmp_path: Path) -> None:
    kept = records(tmp_path, rotate_seconds=1)
    kept.accept(request(1))
    for path in spooled(tmp_path):
        path.unlink()
    (tmp_path / ".spool").rmdir()
    kept.tick(0)
    kept.tick(2 * SECOND)
    kept.tick(3 * SECOND)
    assert kept.lost == {"removed": 1}
    kept.accept(request(2))
    kept.close()
    assert in_parquet(tmp_path) == ["r2"]


def test_a_conversion_that_fails_is_tried_again(tmp_path: Path) -> None:
    kept = records(tmp_path, rotate_seconds=1)
    kept.accept(request(1))
    (tmp_path / "date=2025-11-21").write_text("in the way")
    kept.tick(0)
    kept.tick(2 * SECOND)
    kept.tick(3 * SECOND)
    assert kept.problem is not None
    assert "could not be turned into Parquet" in kept.problem
    assert pending(kept) == STREAMED.timestamp + 1
    (tmp_path / "date=2025-11-21").unlink()
    kept.tick(32 * SECOND)
    assert in_parquet(tmp_path) == []
    kept.tick(33 * SECOND)
    assert in_parquet(tmp_path) == ["r1"]
    kept.tick(34 * SECOND)
    assert (pending(kept), len(kept.lost)) == (None, 0)
    kept.close()


def test_a_conversion_that_failed_is_tried_once_more_at_the_end(tmp_path: Path) -> None:
    kept = records(tmp_path, rotate_seconds=1)
    kept.accept(request(1))
    (tmp_path / "date=2025-11-21").write_text("in the way")
    kept.tick(0)
    kept.tick(2 * SECOND)
    (tmp_path / "date=2025-11-21").unlink()
    kept.close()
    assert in_parquet(tmp_path) == ["r1"]


def test_what_cannot_be_converted_at_the_end_waits_for_the_next_start(tmp_path: Path) -> None:
    kept = records(tmp_path)
    kept.accept(request(1), ("w0", 1))
    (tmp_path / "date=2025-11-21").write_text("in the way")
    kept.close()
    (tmp_path / "date=2025-11-21").unlink()
    heir = records(tmp_path, start=2)
    assert heir.recover() == {("w0", 1)}
    heir.close()
    assert in_parquet(tmp_path) == ["r1"]


def test_a_record_that_has_no_json_form_is_counted(tmp_path: Path) -> None:
    kept = records(tmp_path)
    kept.accept(Measurement(replace(STREAMED, request_id="\ud800")))
    kept.accept(Measurement(replace(STREAMED, max_tokens=2**70)))
    kept.accept(request(1))
    kept.close()
    assert kept.lost == {"unencodable": 2}
    assert in_parquet(tmp_path) == ["r1"]


def test_a_foreign_file_in_the_spool_folder_stays_and_is_told(tmp_path: Path) -> None:
    kept = records(tmp_path)
    foreign = tmp_path / ".spool" / "foreign.spool"
    foreign.write_bytes(b"not one of our segments")
    assert kept.recover() == frozenset()
    assert kept.problem is not None
    assert "no spool segment" in kept.problem
    kept.close()
    assert foreign.read_bytes() == b"not one of our segments"


def test_a_segment_from_a_process_killed_before_its_first_record_is_removed(tmp_path: Path) -> None:
    kept = records(tmp_path)
    os.close(create(tmp_path / ".spool", "host-0-000001").lock)
    (tmp_path / ".spool" / "host-0-000002.spool").write_bytes(b"")
    kept.recover()
    kept.close()
    assert spooled(tmp_path) == []
    assert in_parquet(tmp_path) == []


def test_the_spool_is_synchronised_once_a_second_and_only_when_it_grew(tmp_path: Path) -> None:
    executor = Deferred()
    kept = records(tmp_path, executor)
    kept.accept(request(1))
    kept.tick(10 * SECOND)
    kept.tick(10 * SECOND)
    kept.tick(11 * SECOND)
    assert executor.run() == 1
    kept.tick(12 * SECOND)
    assert executor.run() == 0
    kept.accept(request(2))
    kept.tick(12 * SECOND + 1)
    assert executor.run() == 1
    die(kept)


def test_recently_written_exchanges_are_known_within_bounds(tmp_path: Path) -> None:
    kept = records(tmp_path)
    for i in range(9000):
        kept.accept(request(1), ("w0", i))
    assert kept.known(("w0", 8999))
    assert not kept.known(("w0", 0))
    assert len(kept._recent) == len(kept._order) == 8192
    die(kept)


def test_a_folder_that_cannot_be_used_costs_records_until_it_can_and_then_gives_back_what_was_spooled(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "mounted" / "records"
    victim = records(folder)
    victim.accept(request(1), ("w0", 1))
    die(victim)
    (tmp_path / "mounted").rename(tmp_path / "away")
    (tmp_path / "mounted").write_text("a file stands where the folder was")
    heir = records(folder, start=2)
    assert heir.problem is not None
    assert "choose another folder" in heir.problem
    assert heir.recover() == frozenset()
    heir.accept(request(2), ("w0", 2))
    assert heir.lost == {"write_failed": 1}
    (tmp_path / "mounted").unlink()
    (tmp_path / "away").rename(tmp_path / "mounted")
    heir.accept(request(3), ("w0", 3))
    assert heir.known(("w0", 1))
    assert not heir.known(("w0", 2))
    heir.close()
    assert in_parquet(folder) == ["r1", "r3"]
    assert heir.lost == {"write_failed": 1}


def test_a_folder_that_vanishes_costs_what_was_in_it_and_is_noticed_at_the_next_tick(tmp_path: Path) -> None:
    folder = tmp_path / "records"
    kept = records(folder, rotate_seconds=300)
    for i in range(3):
        kept.accept(request(i))
    kept.tick(0)
    shutil.rmtree(folder)
    kept.tick(SECOND)
    kept.tick(2 * SECOND)
    assert kept.lost == {"removed": 3}
    kept.accept(request(3))
    kept.tick(3 * SECOND)
    kept.close()
    assert in_parquet(folder) == ["r3"]
    assert kept.lost == {"removed": 3}


def test_a_disk_too_full_for_parquet_keeps_the_spool_until_there_is_room(tmp_path: Path) -> None:
    kept = records(tmp_path, rotate_seconds=1)
    for i in range(50):
        kept.accept(request(i))
    kept.tick(0)
    with file_size_limit(1000):
        kept.tick(2 * SECOND)
        kept.tick(3 * SECOND)
    assert [path.name for path in tmp_path.rglob("*.parquet*")] == []
    assert len(spooled(tmp_path)) == 1
    assert kept.problem is not None
    kept.tick(33 * SECOND)
    kept.tick(34 * SECOND)
    assert len(in_parquet(tmp_path)) == 50
    assert (spooled(tmp_path), kept.lost) == ([], {})
    kept.close()


def test_with_too_many_files_waiting_for_their_upload_new_records_are_lost_and_counted(tmp_path: Path) -> None:
    full = True
    kept = Records(tmp_path, "host", 1, Inline(), backlog_full=lambda: full)
    kept.accept(request(1), ("w0", 1))
    full = False
    kept.accept(request(2), ("w0", 2))
    kept.close()
    assert kept.lost == {"backlog_full": 1}
    assert (kept.known(("w0", 1)), kept.known(("w0", 2))) == (False, True)
    assert in_parquet(tmp_path) == ["r2"]


HOUR_US = 3_600_000_000


def at(offset_us: int, name: str) -> Measurement:
    return Measurement(replace(STREAMED, request_id=name, timestamp=STREAMED.timestamp + offset_us))


@pytest.mark.parametrize("step_us", [-HOUR_US, HOUR_US, -24 * HOUR_US])
def test_a_step_of_the_wall_clock_mixes_no_hours_and_doubles_no_name(tmp_path: Path, step_us: int) -> None:
    kept = records(tmp_path, start=STREAMED.timestamp, rotate_seconds=300)
    for i in range(4):
        kept.accept(at(i * 1000, f"before-{i}"))
    for i in (3, 1, 2, 0):
        kept.accept(at(step_us + i * 1000, f"after-{i}"))
    kept.tick(0)
    kept.tick(299 * SECOND)
    assert list(tmp_path.rglob("*.parquet")) == [], "a file's age is not told by the wall clock"
    kept.tick(300 * SECOND)
    kept.accept(at(step_us + 9000, "later"))
    kept.close()
    heir = records(tmp_path, start=STREAMED.timestamp + step_us)
    heir.accept(at(step_us + 10_000, "restarted"))
    heir.close()
    files = sorted(tmp_path.rglob("*.parquet"))
    assert len(files) == 4
    for file in files:
        times = [moment.timestamp() for moment in pq.read_table(file, partitioning=None)["timestamp"].to_pylist()]
        assert times == sorted(times)
        assert len({int(moment // 3600) for moment in times}) == 1
    expected = [f"{when}-{i}" for when in ("after", "before") for i in range(4)]
    assert sorted(in_parquet(tmp_path)) == sorted([*expected, "later", "restarted"])
