import errno
import os
import select
import signal
import socket
import subprocess
import sys

import pytest

from exporter.app.template import asked, leave, say, stay
from exporter.errors import Unusable

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


def test_it_leaves_a_copy_and_goes_on_itself() -> None:
    script = (
        "import os; from exporter.app.template import leave\n"
        "here = os.getpid()\n"
        "stays = leave()\n"
        "if not stays: os._exit(7 if os.getppid() == here else 1)\n"
        "print(os.getpid() == here, os.waitstatus_to_exitcode(os.wait()[1]))\n"
    )
    assert said(script) == "True 7"


def test_where_there_is_no_room_for_another_process_it_goes_on_without_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(os, "fork", refused)
    assert leave()


class Supervisor:
    """A socket whose other end sends these numbers at the end, or is reset."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, numbers: list[int] | None) -> None:
        self.numbers = numbers
        monkeypatch.setattr(socket, "recv_fds", self.received)

    def fileno(self) -> int:
        return 50

    def received(self, *_: object) -> tuple[bytes, list[int], int, None]:
        if self.numbers is None:
            raise ConnectionResetError
        return b"", self.numbers, 0, None


@pytest.mark.parametrize(("numbers", "understood"), [(None, None), ([], None), ([7], None), ([7, 8], (7, 8))])
def test_nothing_is_asked_for_once_the_supervisor_is_gone_or_where_there_is_no_descriptor_to_spare(
    monkeypatch: pytest.MonkeyPatch, numbers: list[int] | None, understood: tuple[int, int] | None
) -> None:
    supervisor = Supervisor(monkeypatch, numbers)
    assert asked(supervisor, None, lambda _: None) == understood  # type: ignore[arg-type]


@pytest.mark.parametrize("ends", [False, True])
def test_meanwhile_it_loads_the_vocabularies_that_the_observer_before_it_uses(
    monkeypatch: pytest.MonkeyPatch, ends: bool
) -> None:
    supervisor = Supervisor(monkeypatch, [7, 8])
    heard, tell = os.pipe()
    ready = [[heard], [heard], [50]]

    def waited(_numbers: object, *_: object) -> tuple[list[int], list[int], list[int]]:
        if len(ready) == 2 and not ends:
            say(tell, "unheard-of")
            say(tell, "cl100k_base")
        elif len(ready) == 1 and ends:
            raise AssertionError("it waits for the supervisor alone once the observer has ended")
        return ready.pop(0), [], []

    loaded: list[str] = []

    def load(name: str) -> None:
        if name == "unheard-of":
            raise Unusable("There is no such vocabulary.")
        loaded.append(name)

    monkeypatch.setattr(select, "select", waited)
    say(tell, "o200k_base")
    if ends:
        os.close(tell)
    assert asked(supervisor, heard, load) == (7, 8)  # type: ignore[arg-type]
    assert loaded == (["o200k_base"] if ends else ["o200k_base", "cl100k_base"])
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(heard)
    if not ends:
        say(tell, "to nobody")
        os.close(tell)
