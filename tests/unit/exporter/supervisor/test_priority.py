import os
import struct
import subprocess
import sys
import threading

import pytest

from exporter.supervisor.priority import attributes, behind_others


def test_a_process_started_behind_others_is_so_from_its_first_instruction_and_we_stay_where_we_are() -> None:
    told = "import os; print(os.nice(0), os.sched_getscheduler(0))"
    before = os.nice(0), os.sched_getscheduler(0)
    done = behind_others(
        lambda: subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    )
    assert done.stdout.split() == [str(min(before[0] + 10, 19)), str(os.SCHED_BATCH)]
    assert (os.nice(0), os.sched_getscheduler(0)) == before


def test_what_cannot_be_started_fails_where_it_was_asked_for() -> None:
    with pytest.raises(FileNotFoundError):
        behind_others(lambda: subprocess.Popen(["/does/not/exist"]))


def test_where_there_is_no_room_for_a_thread_it_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", full)
    with pytest.raises(BlockingIOError, match="can't start new thread"):
        behind_others(lambda: None)


def test_where_the_system_knows_no_slices_a_process_is_started_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "other")
    assert behind_others(lambda: os.nice(0)) == min(os.nice(0) + 10, 19)


def test_slices_are_longer_than_those_that_others_get_unless_they_ask() -> None:
    size, policy, flags, niceness, *_, slice_ns, _deadline, _period = struct.unpack("=IIQiIQQQ", attributes(10))
    assert (size, policy, flags, niceness) == (48, os.SCHED_BATCH, 0, 10)
    assert slice_ns > 2_800_000
