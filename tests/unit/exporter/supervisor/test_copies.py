import errno
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import cast

import pytest

from exporter.supervisor import copies
from exporter.supervisor.children import Plan
from exporter.supervisor.copies import Copies, Copy, takes_in_orphans


class Wire:
    """A socket: what has come is `said`, an error is raised, and b"" is the end."""

    def __init__(self, number: int = 5) -> None:
        self.number = number
        self.said: list[bytes | OSError] = []
        self.sent = b""
        self.closed = 0

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        return self.number

    def recv(self, _size: int) -> bytes:
        if not self.said:
            raise BlockingIOError
        said = self.said.pop(0)
        if isinstance(said, OSError):
            raise said
        return said

    def sendall(self, data: bytes) -> None:
        self.sent += data

    def settimeout(self, _seconds: float) -> None:
        pass

    def close(self) -> None:
        self.closed += 1


class System:
    """Hands out sockets and processes, and takes what is sent; a start or a message may be refused."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wires: list[Wire] = []
        self.launched: list[object] = []
        self.passed: list[tuple[object, list[int]]] = []
        self.refusal: OSError | None = None
        self.adopts = True
        self.ended: dict[int, int] = {}
        """Exit statuses of copies that nobody has asked for yet."""
        monkeypatch.setattr(os, "waitpid", self.wait)
        monkeypatch.setattr(os, "waitid", self.look)
        monkeypatch.setattr(os, "kill", lambda pid, number: self.signals.append((pid, number)))
        self.stopped: set[int] = set()
        self.signals: list[tuple[int, int]] = []
        self.commands: list[list[str]] = []
        monkeypatch.setattr(socket, "socketpair", self.pair)
        monkeypatch.setattr(socket, "send_fds", self.send)
        monkeypatch.setattr(subprocess, "Popen", self.launch)
        monkeypatch.setattr(copies, "takes_in_orphans", lambda: self.adopts)

    def pair(self) -> tuple[Wire, Wire]:
        self.wires += [Wire(10 * len(self.wires)), Wire(10 * len(self.wires) + 1)]
        return self.wires[-2], self.wires[-1]

    def send(self, line: object, _data: object, numbers: list[int]) -> None:
        if self.refusal:
            raise self.refusal
        self.passed.append((line, numbers))

    def launch(self, command: list[str], **_options: object) -> object:
        if self.refusal:
            raise self.refusal
        self.commands.append(command)
        self.launched.append(object())
        return self.launched[-1]

    def look(self, _kind: int, pid: int, options: int) -> object | None:
        assert options == os.WSTOPPED | os.WNOHANG | os.WNOWAIT
        return pid if pid in self.stopped else None

    def wait(self, pid: int, options: int) -> tuple[int, int]:
        assert options == os.WNOHANG
        return (pid, self.ended.pop(pid)) if pid in self.ended else (0, 0)


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> System:
    return System(monkeypatch)


def plan() -> Plan:
    return Plan("observer", ("program",), {"tap": "t"}, cast("socket.socket", Wire(7)))


def test_the_first_process_is_launched_and_each_later_one_is_what_the_one_before_has_left(system: System) -> None:
    made = Copies()
    process, control = made.start(plan())
    ours, theirs, line, inherited = system.wires
    assert system.commands == [["program", str(inherited.number)]]
    assert system.passed == [(line, [theirs.number, 7])]
    assert process is system.launched[0]
    assert control is ours
    assert ours.sent == json.dumps({"tap": "t"}).encode() + b"\n"
    assert (theirs.closed, inherited.closed, ours.closed, line.closed) == (1, 1, 0, 0)
    line.said = [b"41"]
    copy, _ = made.start(plan())
    assert copy.pid == 41
    assert system.passed[1] == (line, [system.wires[5].number, 7])
    line.said = [b"42"]
    assert made.start(plan())[0].pid == 42
    assert len(system.commands) == 1


@pytest.mark.parametrize("said", [b"", ConnectionResetError()])
def test_where_nobody_was_left_the_next_one_is_launched(system: System, said: bytes | OSError) -> None:
    made = Copies()
    made.start(plan())
    system.wires[2].said = [said]
    process, _ = made.start(plan())
    assert process is system.launched[1]
    assert system.wires[2].closed == 1


def test_a_copy_that_has_not_had_the_processor_yet_is_waited_for_a_few_times(system: System) -> None:
    made = Copies()
    made.start(plan())
    for _ in range(2):
        for _ in range(3):
            with pytest.raises(BlockingIOError):
                made.start(plan())
        system.wires[2].said = [b"41"]
        assert made.start(plan())[0].pid == 41
    for _ in range(3):
        with pytest.raises(BlockingIOError):
            made.start(plan())
    assert made.start(plan())[0] is system.launched[1], "it may have been stopped"


@pytest.mark.parametrize("ended", [9, None])
def test_what_was_left_and_has_ended_or_is_not_ours_is_told_nothing(
    system: System, monkeypatch: pytest.MonkeyPatch, ended: int | None
) -> None:
    made = Copies()
    made.start(plan())
    system.wires[2].said = [b"41"]

    def wait(*_: object) -> tuple[int, int]:
        if ended is None:
            raise ChildProcessError
        return 41, ended

    monkeypatch.setattr(os, "waitpid", wait)
    assert made.start(plan())[0] is system.launched[1]
    assert [to for to, _ in system.passed] == [system.wires[2], system.wires[6]]


def test_what_was_left_and_is_stopped_is_killed_and_the_next_one_is_launched(system: System) -> None:
    made = Copies()
    made.start(plan())
    system.wires[2].said = [b"41"]
    system.stopped = {41}
    assert made.start(plan())[0] is system.launched[1]
    assert system.signals == [(41, signal.SIGKILL)]
    assert system.wires[2].closed == 1


def test_what_was_left_and_ends_before_it_is_told_has_a_successor(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Copies()
    made.start(plan())
    line = system.wires[2]
    line.said = [b"41"]

    def send(to: object, _data: object, numbers: list[int]) -> None:
        if to is line:
            raise BrokenPipeError
        system.passed.append((to, numbers))

    monkeypatch.setattr(socket, "send_fds", send)
    assert made.start(plan())[0] is system.launched[1]


def test_where_the_system_does_not_let_us_take_in_orphans_every_process_is_launched(system: System) -> None:
    system.adopts = False
    made = Copies()
    for number in range(2):
        assert made.start(plan())[0] is system.launched[number]
    assert [wire.closed for wire in system.wires[2::4]] == [1, 1], "what is left sees the end of its line, and ends"


@pytest.mark.parametrize("launched", [False, True])
def test_a_start_that_fails_leaves_nothing_open(system: System, launched: bool) -> None:
    made = Copies()
    if launched:
        made.start(plan())
        system.wires[2].said = [b"41"]
    before = len(system.wires)
    system.refusal = BrokenPipeError(errno.EPIPE, "gone")
    with pytest.raises(BrokenPipeError):
        made.start(plan())
    assert [wire.closed for wire in system.wires[before:]] == [1] * len(system.wires[before:])


def test_its_end_is_the_end_of_the_line_to_what_is_left(system: System) -> None:
    made = Copies()
    made.end()
    made.start(plan())
    made.end()
    assert system.wires[2].closed == 1


def test_a_copy_lives_until_the_system_has_its_status(system: System) -> None:
    copy = Copy(41)
    assert copy.poll() is None
    system.ended[41] = 2 << 8
    assert copy.poll() == 2
    assert copy.poll() == 2


def test_a_copy_whose_status_somebody_else_has_taken_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(*_: object) -> tuple[int, int]:
        raise ChildProcessError

    monkeypatch.setattr(os, "waitpid", taken)
    assert Copy(41).poll() == 1


def test_a_copy_that_has_ended_gets_no_signal(system: System) -> None:
    copy = Copy(41)
    copy.send_signal(signal.SIGKILL)
    system.ended[41] = 9
    copy.send_signal(signal.SIGKILL)
    assert system.signals == [(41, signal.SIGKILL)]


def said(script: str) -> str:
    """What a new interpreter prints that runs it: what a process takes in or buries is not ours to try here."""
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()


def test_processes_without_a_parent_become_ours_where_the_system_lets_them() -> None:
    script = (
        "import os; from exporter.supervisor.copies import takes_in_orphans\n"
        "assert takes_in_orphans()\n"
        "hear, tell = os.pipe()\n"
        "between = os.fork()\n"
        "if not between:\n"
        "    if not os.fork(): os.read(hear, 1); os._exit(7)\n"
        "    os._exit(0)\n"
        "os.waitpid(between, 0)\n"
        "os.write(tell, b'.')\n"
        "print(os.waitstatus_to_exitcode(os.wait()[1]))\n"
    )
    assert said(script) == "7"


def test_a_copy_is_stopped_from_the_signal_until_it_goes_on() -> None:
    script = (
        "import os, signal; from exporter.supervisor.copies import Copy\n"
        "pid = os.fork()\n"
        "if not pid: signal.pause()\n"
        "copy = Copy(pid)\n"
        "seen = [copy.stopped]\n"
        "for number, state in (signal.SIGSTOP, os.WSTOPPED), (signal.SIGCONT, os.WCONTINUED):\n"
        "    copy.send_signal(number)\n"
        "    os.waitid(os.P_PID, pid, state | os.WNOWAIT)\n"
        "    seen += [copy.stopped, copy.stopped]\n"
        "copy.send_signal(signal.SIGKILL)\n"
        "print(*seen)\n"
    )
    assert said(script) == "False True True False False"


def test_children_that_nobody_knows_are_buried_and_the_known_ones_are_left_to_who_asks_for_them() -> None:
    script = (
        "import os; from exporter.supervisor.copies import bury\n"
        "def child():\n"
        "    pid = os.fork()\n"
        "    if not pid: os._exit(7)\n"
        "    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)\n"
        "    return pid\n"
        "bury(set())\n"
        "strangers, known = [child(), child()], child()\n"
        "bury({known})\n"
        "there = [os.path.exists(f'/proc/{pid}') for pid in strangers]\n"
        "print(*there, os.waitstatus_to_exitcode(os.waitpid(known, 0)[1]))\n"
    )
    assert said(script) == "False False 7"


def test_a_system_that_does_not_let_a_process_take_in_orphans_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        prctl: Callable[..., int] = staticmethod(lambda *_: -1)

    monkeypatch.setattr("ctypes.CDLL", lambda *_args, **_options: Refusing())
    assert not takes_in_orphans()
