import errno
import json
import logging
import signal
import socket
import subprocess
from typing import cast

import pytest

from exporter.supervisor import children
from exporter.supervisor.children import Child, Line, Plan, Process

READY = b'{"ready": true, "problems": {}}\n'


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Running:
    """A process that lives until `status` is set."""

    pid = 7

    def __init__(self) -> None:
        self.status: int | None = None
        self.signals: list[int] = []

    def poll(self) -> int | None:
        return self.status

    def send_signal(self, sig: int) -> None:
        self.signals.append(sig)


class Wire:
    """Our end of a control line, where `said` has come; closed and half closed as asked."""

    def __init__(self) -> None:
        self.said: list[bytes] = []
        self.sent = b""
        self.closed = 0
        self.ended: list[int] = []
        self.broken = False

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        return 5

    def recv(self, bufsize: int, /) -> bytes:
        if not self.said:
            raise BlockingIOError
        return self.said.pop(0)

    def sendall(self, data: bytes) -> None:
        if self.broken:
            raise BrokenPipeError
        self.sent += data

    def settimeout(self, seconds: float) -> None:
        self.timeout = seconds

    def shutdown(self, how: int, /) -> None:
        if self.broken:
            raise OSError
        self.ended.append(how)

    def close(self) -> None:
        self.closed += 1


class System:
    """Starts processes, or refuses to while it has `refusals`."""

    def __init__(self, *refusals: OSError) -> None:
        self.refusals = list(refusals)
        self.started: list[tuple[Running, Wire]] = []

    def __call__(self, plan: Plan) -> tuple[Process, Line]:
        if self.refusals:
            raise self.refusals.pop(0)
        self.started.append((Running(), Wire()))
        return self.started[-1]


def plan() -> Plan:
    return Plan("observer", ("program",), {"tap": "t"}, cast("socket.socket", Wire()))


def told(child: Child, system: System, *said: bytes) -> None:
    for each in said:
        system.started[-1][1].said.append(each)
        child.hear()


def test_a_start_that_the_system_refuses_is_said_once_each_and_tried_again_after_a_growing_pause(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, system = Clock(), System(BlockingIOError(errno.EAGAIN, "no process"), OSError(errno.EMFILE, "no file"))
    child = Child(plan(), system, clock)
    with caplog.at_level(logging.WARNING, "tokentide"):
        for now in (100.0, 100.05, 100.11, 100.2, 100.3):
            clock.now = now
            child.start_if_due()
            assert not child.running
    assert [record.getMessage() for record in caplog.records] == [
        "The observer process could not be started and is tried again: no process.",
        "The observer process could not be started and is tried again: no file.",
    ]
    clock.now = 100.4
    child.start_if_due()
    assert child.running
    assert (child.pid, child.restarts) == (7, 0)


def test_pauses_grow_to_five_seconds_and_begin_small_again_after_a_steady_time() -> None:
    clock, system = Clock(), System(*[OSError(errno.EAGAIN, "no process")] * 8)
    child = Child(plan(), system, clock)
    for _ in range(8):
        child.start_if_due()
        clock.now += 5.01
    child.start_if_due()
    clock.now += 60
    system.started[-1][0].status = -9
    assert child.reap() == -9
    clock.now += 0.11
    child.start_if_due()
    assert child.running
    assert child.restarts == 1


def test_a_child_is_ready_then_leaving_then_gone() -> None:
    system = System()
    child = Child(plan(), system, Clock())
    child.start_if_due()
    assert (child.ready, child.leaving, child.ever_ready) == (False, False, False)
    told(child, system, READY[:9], READY[9:])
    assert (child.ready, child.leaving, child.ever_ready) == (True, False, True)
    told(child, system, b'{"ready": false, "problems": {"a": "refused"}}\n')
    assert (child.ready, child.leaving, child.ever_ready) == (False, True, True)
    assert child.problems == {"a": "refused"}
    system.started[-1][0].status = 0
    assert child.reap() == 0
    assert (child.ready, child.leaving, child.ever_ready) == (False, False, True)
    assert child.reap() is None
    assert system.started[-1][1].closed == 1


def test_half_a_line_of_a_killed_child_is_no_part_of_what_the_next_one_says(caplog: pytest.LogCaptureFixture) -> None:
    clock, system = Clock(), System()
    child = Child(plan(), system, clock)
    child.start_if_due()
    told(child, system, b'{"ready": tr')
    system.started[-1][0].status = -9
    child.reap()
    clock.now += 1
    child.start_if_due()
    told(child, system, READY)
    assert child.ready
    assert not caplog.records


@pytest.mark.parametrize(
    "line", [b"no JSON", b"\xff\xfe", b"[]", b"7", b"{}", b"[" * 50_000, b'{"ready": true, "problems": 3}', b""]
)
def test_a_line_that_cannot_be_read_is_said_and_changes_nothing(line: bytes, caplog: pytest.LogCaptureFixture) -> None:
    system = System()
    child = Child(plan(), system, Clock())
    child.start_if_due()
    told(child, system, line + b"\n")
    assert not child.ever_ready
    assert [record.getMessage() for record in caplog.records] == [
        "The observer process said something that cannot be read; it is ignored."
    ]
    told(child, system, READY)
    assert child.ready


def test_it_is_asked_to_end_by_the_end_of_our_side_and_killed_by_a_signal() -> None:
    system = System()
    child = Child(plan(), system, Clock())
    child.dismiss()
    child.signal(signal.SIGKILL)
    child.start_if_due()
    process, wire = system.started[-1]
    child.dismiss()
    assert wire.ended == [socket.SHUT_WR]
    assert not process.signals
    told(child, system, READY)
    assert child.ready, "it may still speak"
    child.signal(signal.SIGKILL)
    assert process.signals == [signal.SIGKILL]
    wire.broken = True
    child.dismiss()


@pytest.mark.parametrize("error", [BlockingIOError(errno.EAGAIN, "no process"), FileNotFoundError(errno.ENOENT, "no")])
def test_a_start_that_fails_leaves_nothing_open(error: OSError, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = Wire(), Wire()

    def refuse(*_args: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(socket, "socketpair", lambda: (ours, theirs))
    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(OSError, match="no"):
        children.spawn(plan())
    assert (ours.closed, theirs.closed) == (1, 1)


@pytest.mark.parametrize("broken", [False, True])
def test_a_child_is_sent_its_options_and_one_that_ended_before_is_left_to_be_reaped(
    broken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs, process = Wire(), Wire(), Running()
    ours.broken = broken
    commands: list[list[str]] = []

    def start(command: list[str], **_options: object) -> Running:
        commands.append(command)
        return process

    monkeypatch.setattr(socket, "socketpair", lambda: (ours, theirs))
    monkeypatch.setattr(subprocess, "Popen", start)
    assert children.spawn(plan()) == (process, ours)
    assert commands == [["program", "5", "5"]]
    assert (ours.closed, theirs.closed, ours.timeout) == (0, 1, 0)
    assert ours.sent == (b"" if broken else json.dumps({"tap": "t"}).encode() + b"\n")
