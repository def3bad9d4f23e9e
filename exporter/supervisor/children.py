"""One child process: its start, its control line, its restarts."""

import contextlib
import json
import logging
import signal
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final, Protocol

_log = logging.getLogger("tokentide")

_FIRST_DELAY: Final = 0.1
_LONGEST_DELAY: Final = 5.0
_STEADY_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How a child is started: `options` travel as JSON over the control line, `listener` is inherited."""

    name: str
    command: tuple[str, ...]
    options: dict[str, object]
    listener: socket.socket


class Process(Protocol):
    """What is needed of a process, as `subprocess` has it."""

    @property
    def pid(self) -> int:
        """The process id."""
        ...

    def poll(self) -> int | None:
        """The exit status, or None while it lives."""
        ...

    def send_signal(self, sig: int) -> None:
        """Sends a signal, unless it has ended."""
        ...


class Line(Protocol):
    """Our end of a control line, as `socket` has it."""

    def fileno(self) -> int:
        """The descriptor, to wait for."""
        ...

    def recv(self, bufsize: int, /) -> bytes:
        """What has come. Raises BlockingIOError when nothing has."""
        ...

    def shutdown(self, how: int, /) -> None:
        """Ends one direction."""
        ...

    def close(self) -> None:
        """Gives the descriptor back."""
        ...


def spawn(plan: Plan) -> tuple[Process, Line]:
    """Starts the process and sends it its options. Raises OSError, and leaves nothing open, where it cannot start."""
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            numbers = (theirs.fileno(), plan.listener.fileno())
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [*plan.command, *map(str, numbers)],
                pass_fds=numbers,
                stdin=subprocess.DEVNULL,
                process_group=0,  # so that Ctrl-C reaches the supervisor alone
            )
    except OSError:
        ours.close()
        raise
    tell(ours, plan)
    return process, ours


def tell(line: socket.socket, plan: Plan) -> None:
    """Sends a new process its options; our end does not wait from then on."""
    with contextlib.suppress(OSError):  # it has ended already, as its exit status will tell
        line.sendall(json.dumps(plan.options).encode() + b"\n")
    line.settimeout(0)


class Child:
    """A process that is meant to run for ever.

    `ready` says that it does its work, `leaving` that it lives but takes no new work; `problems` are why engines could
    not be reached the last time, by name, as a relay tells them.
    """

    def __init__(
        self,
        plan: Plan,
        start: Callable[[Plan], tuple[Process, Line]] = spawn,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.plan = plan
        self.ready = False
        self.leaving = False
        self.ever_ready = False
        self.restarts = -1
        self.problems: dict[str, str | None] = {}
        self._start = start
        self._clock = clock
        self._said = b""
        self._process: Process | None = None
        self._control: Line | None = None
        self._started = 0.0
        self._delay = 0.0
        self._due = 0.0

    @property
    def running(self) -> bool:
        """True while the process lives."""
        return self._process is not None

    @property
    def control(self) -> Line | None:
        """Our end of the control line: readable when the child has said something."""
        return self._control

    @property
    def pid(self) -> int | None:
        """The process id, or None while it does not run."""
        return self._process.pid if self._process is not None else None

    def start_if_due(self) -> None:
        """Starts the process unless it runs or its pause is not over; where it cannot start, the next pause begins."""
        if self._process is not None or self._clock() < self._due:
            return
        try:
            self._process, self._control = self._start(self.plan)
        except OSError as error:
            self._pause(steady=False)
            reason = error.strerror or str(error)
            _log.warning("The %s process could not be started and is tried again: %s.", self.plan.name, reason)
            return
        self._said = b""
        self._started = self._clock()
        self.restarts += 1

    def hear(self) -> None:
        """Reads the control line: whether a child is ready, and of a relay which engines it could not reach."""
        if self._control is None:
            return
        try:
            self._said += self._control.recv(65536)
        except OSError:
            return
        *lines, self._said = self._said.split(b"\n")
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            said = json.loads(line)
            ready, problems = bool(said["ready"]), dict(said["problems"])
        except (ValueError, TypeError, KeyError, RecursionError):
            _log.warning("The %s process said something that cannot be read; it is ignored.", self.plan.name)
            return
        self.ready, self.leaving, self.problems = ready, not ready, problems
        self.ever_ready |= ready

    def reap(self) -> int | None:
        """The exit status if the process has ended since the last call, else None."""
        if self._process is None:
            return None
        status = self._process.poll()
        if status is None:
            return None
        self._process = None
        self.ready = self.leaving = False
        if self._control is not None:
            self._control.close()
            self._control = None
        self._pause(steady=self._clock() - self._started > _STEADY_SECONDS)
        return status

    def _pause(self, *, steady: bool) -> None:
        self._delay = _FIRST_DELAY if steady or not self._delay else min(self._delay * 2, _LONGEST_DELAY)
        self._due = self._clock() + self._delay

    def dismiss(self) -> None:
        """Asks the process to end, by the end of our side of the control line, which it also sees when we are gone."""
        if self._control is not None:
            with contextlib.suppress(OSError):
                self._control.shutdown(socket.SHUT_WR)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal, if the process lives."""
        if self._process is not None:
            self._process.send_signal(number)
