import errno
import os
import signal
import socket
import subprocess
import sys

import pytest

from exporter.app.template import asked, divide, stay

ALONE = "import os; from exporter.app import template; os.environ.update(template._ONE_THREAD)"


def said(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout.strip()


def test_what_asks_programs_to_end_does_not_end_it() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        stay()
        for number in before:
            signal.raise_signal(number)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_arrays_are_made_without_pandas_where_it_is_installed() -> None:
    script = (
        "import sys; from exporter.app.template import WithoutPandas; sys.meta_path.insert(0, WithoutPandas());"
        "import pyarrow as pa; assert pa.array([1, None], pa.int32()).to_pylist() == [1, None];"
        "print([name for name in sys.modules if name.startswith('pandas.')])"
    )
    assert said(script) == "[]"


def test_what_is_loaded_starts_no_thread_which_would_be_missing_in_every_copy() -> None:
    assert said(f"{ALONE}; from exporter.app import observer; print(len(os.listdir('/proc/self/task')))") == "1"


def test_a_copy_has_another_parent_and_does_not_leave_a_process_between() -> None:
    script = (
        "import os; from exporter.supervisor.copies import take_in_orphans; from exporter.app.template import divide\n"
        "take_in_orphans()\n"
        "here = os.getpid()\n"
        "template = os.fork()\n"
        "if not template:\n"
        "    pid = divide()\n"
        "    os._exit(3 if pid and os.path.exists(f'/proc/{pid}') else 7)\n"  # the copy itself ends with 7
        "print(os.waitstatus_to_exitcode(os.waitpid(template, 0)[1]))\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(-1, 0)[1]))\n"
        "try: os.waitpid(-1, 0)\n"
        "except ChildProcessError: print('no other')\n"
    )
    assert said(script).split("\n") == ["3", "7", "no other"]


def test_where_there_is_no_room_for_another_process_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    fork, before = os.fork, os.getpid()

    def once() -> int:
        if os.getpid() != before:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return fork()

    monkeypatch.setattr(os, "fork", once)
    with pytest.raises(BlockingIOError, match="Resource temporarily unavailable"):
        divide()


def test_nothing_is_asked_for_once_the_supervisor_is_gone_or_where_there_is_no_descriptor_to_spare(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def reset(*_: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(socket, "recv_fds", reset)
    assert asked(object()) == []  # type: ignore[arg-type]  # never looked at
    for numbers, understood in (([], []), ([7], []), ([7, 8], [7, 8])):
        monkeypatch.setattr(socket, "recv_fds", lambda *_, given=numbers: (b"", given, 0, None))
        assert asked(object()) == understood  # type: ignore[arg-type]
