import hashlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from exporter import giving_way as module
from exporter.giving_way import GivingWay, giving_way, undisturbed


@pytest.fixture
def alarms() -> Iterator[list[int]]:
    """The alarms that Python hears of once it handles them, in place of the C library's sched_yield."""
    with giving_way():
        pass  # now its handler is in place
    heard: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _frame: heard.append(number))
    yield heard
    signal.signal(signal.SIGALRM, before or signal.SIG_IGN)


def busy(seconds: float = 0.02) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_a_long_piece_of_work_is_interrupted_once_and_the_next_one_again(alarms: list[int]) -> None:
    for piece in (1, 2):
        with giving_way():
            busy()
            busy()
        assert len(alarms) == piece


def test_a_short_piece_of_work_is_not_interrupted_and_neither_is_what_follows(alarms: list[int]) -> None:
    with giving_way():
        pass
    busy()
    assert not alarms


def test_an_executor_does_so_with_its_work_and_with_nothing_else(alarms: list[int]) -> None:
    with GivingWay(1) as executor:
        working = executor.submit(busy)
        while not working.done():  # only the first thread hears of alarms, and only while it runs
            pass
        assert len(alarms) == 1
        busy()
        assert len(alarms) == 1
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 1, 0).result()


def test_the_alarm_is_not_pythons_to_handle_which_has_to_wait_for_the_end_of_a_call() -> None:
    script = (
        "import signal; from exporter.giving_way import giving_way\n"
        "from tests.unit.exporter.test_giving_way import busy\n"
        "with giving_way():\n"
        "    busy()\n"  # with many alarms, each of which would end the program by default
        "    print(callable(signal.getsignal(signal.SIGALRM)))"  # as far as Python knows
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_one_long_call_of_c_has_its_result_all_the_same() -> None:
    with giving_way():
        digest = hashlib.pbkdf2_hmac("sha256", b"", b"salt", 100_000)
    assert digest == hashlib.pbkdf2_hmac("sha256", b"", b"salt", 100_000)


def test_what_must_not_be_disturbed_is_not(alarms: list[int]) -> None:
    with giving_way():
        with undisturbed():
            before = len(alarms)
            busy()
            assert len(alarms) == before
        busy()
        assert len(alarms) == before + 1


@pytest.mark.parametrize("unknown", ["machine", "timers"])
def test_where_the_system_has_no_such_timers_the_work_is_done_without(
    unknown: str, alarms: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing:
        syscall: Callable[..., int] = staticmethod(lambda *_: -1)

    monkeypatch.setattr(module, "_own", threading.local())

    if unknown == "machine":
        monkeypatch.setattr("platform.machine", lambda: "other")
    else:
        monkeypatch.setattr(module, "_library", Refusing)
    with giving_way():
        busy()
    assert not alarms
