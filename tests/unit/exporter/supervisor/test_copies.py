import errno
import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from typing import cast

import pytest

from exporter.supervisor import copies
from exporter.supervisor.children import Plan
from exporter.supervisor.copies import Copies, Copy, take_in_orphans


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


class Template:
    """A process that lives until it has a `status`."""

    def __init__(self, pid: int = 40) -> None:
        self.pid = pid
        self.status: int | None = None

    def poll(self) -> int | None:
        return self.status

    def kill(self) -> None:
        if self.status is None:
            self.status = -9

    def wait(self) -> int:
        assert self.status is not None
        return self.status


class System:
    """Hands out sockets and templates, and takes what is sent; a start or a message may be refused."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wires: list[Wire] = []
        self.templates: list[Template] = []
        self.passed: list[tuple[object, list[int]]] = []
        self.refusal: OSError | None = None
        self.commands: list[list[str]] = []
        monkeypatch.setattr(socket, "socketpair", self.pair)
        monkeypatch.setattr(socket, "send_fds", self.send)
        monkeypatch.setattr(subprocess, "Popen", self.launch)
        monkeypatch.setattr(copies, "take_in_orphans", lambda: None)

    def pair(self) -> tuple[Wire, Wire]:
        self.wires += [Wire(10 * len(self.wires)), Wire(10 * len(self.wires) + 1)]
        return self.wires[-2], self.wires[-1]

    def send(self, line: object, _data: object, numbers: list[int]) -> None:
        if self.refusal:
            raise self.refusal
        self.passed.append((line, numbers))

    def launch(self, command: list[str], **_options: object) -> Template:
        if self.refusal:
            raise self.refusal
        self.commands.append(command)
        self.templates.append(Template(40 + len(self.templates)))
        return self.templates[-1]


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> System:
    return System(monkeypatch)


def plan() -> Plan:
    return Plan("observer", ("program",), {"tap": "t"}, cast("socket.socket", Wire(7)))


def test_the_first_start_launches_a_template_and_later_ones_ask_the_same_for_copies(system: System) -> None:
    made = Copies()
    _, control = made.start(plan())
    ours, theirs, line, inherited = system.wires
    assert system.commands == [["program", str(inherited.number)]]
    assert system.passed == [(line, [theirs.number, 7])]
    assert control is ours
    assert ours.sent == json.dumps({"tap": "t"}).encode() + b"\n"
    assert (theirs.closed, inherited.closed, ours.closed, line.closed) == (1, 1, 0, 0)
    made.start(plan())
    assert len(system.commands) == 1
    assert system.passed[1][0] is line


def test_a_template_that_has_ended_is_launched_again_by_the_next_start(system: System) -> None:
    made = Copies()
    made.start(plan())
    system.templates[0].status = -9
    made.start(plan())
    assert len(system.templates) == 2
    assert system.wires[2].closed == 1


@pytest.mark.parametrize("launched", [False, True])
def test_a_start_that_fails_leaves_nothing_open(system: System, launched: bool) -> None:
    made = Copies()
    if launched:
        made.start(plan())
    before = len(system.wires)
    system.refusal = BrokenPipeError(errno.EPIPE, "gone")
    with pytest.raises(BrokenPipeError):
        made.start(plan())
    assert [wire.closed for wire in system.wires[before:]] == [1] * len(system.wires[before:])


def test_its_end_is_the_end_of_the_template_and_of_the_line_to_it(system: System) -> None:
    made = Copies()
    made.end()
    made.start(plan())
    made.end()
    assert system.templates[0].status == -9
    assert system.wires[2].closed == 1


def copy(said: list[bytes | OSError]) -> tuple[Copy, Template]:
    line, template = Wire(), Template()
    line.said = said
    return Copy(template, cast("socket.socket", line)), template


def test_a_copy_lives_from_when_it_is_asked_for_until_the_system_has_its_status(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    statuses = [(0, 0), (41, 2 << 8)]

    def waitpid(pid: int, options: int) -> tuple[int, int]:
        assert options == os.WNOHANG
        asked.append(pid)
        return statuses.pop(0)

    monkeypatch.setattr(os, "waitpid", waitpid)
    made, _ = copy([BlockingIOError(), b"41"])
    assert (made.poll(), made.pid) == (None, 40)
    assert (made.poll(), made.pid) == (None, 41)
    assert made.poll() == 2
    assert made.poll() == 2
    assert asked == [41, 41]


@pytest.mark.parametrize(("status", "shown"), [(-9, -9), (1, 1), (0, 1)])
@pytest.mark.parametrize("end", [b"", ConnectionResetError()])
def test_where_the_template_ends_before_there_is_a_copy_that_never_started(
    end: bytes | OSError, status: int, shown: int
) -> None:
    made, template = copy([end])
    template.status = status
    assert made.poll() == shown
    assert made.poll() == shown


def test_signals_go_to_the_copy_or_to_the_template_that_is_about_to_make_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, int]] = []
    waits: list[Callable[[], tuple[int, int]]] = [lambda: (0, 0), lambda: (41, 0)]
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    monkeypatch.setattr(os, "waitpid", lambda *_: waits.pop(0)())
    made, _ = copy([BlockingIOError(), b"41"])
    for _ in range(3):
        made.send_signal(signal.SIGKILL)
    assert sent == [(40, signal.SIGKILL), (41, signal.SIGKILL)], "the third one found it ended"


def test_a_system_that_does_not_let_a_process_take_in_orphans_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        prctl: Callable[..., int] = staticmethod(lambda *_: -1)

    monkeypatch.setattr("ctypes.CDLL", lambda *_args, **_options: Refusing())
    with pytest.raises(OSError, match="take in orphans"):
        take_in_orphans()
