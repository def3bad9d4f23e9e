"""One child process: its start, its control line, its restarts."""

import json
import os
import signal
import socket
import subprocess
from dataclasses import dataclass
from time import monotonic
from typing import Final

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


class Child:
    """A process that is meant to run for ever."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.ready = False
        self.ever_ready = False
        self.restarts = -1
        self.problems: dict[str, str | None] = {}
        self._said = b""
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._started = 0.0
        self._delay = 0.0
        self._due = 0.0

    @property
    def running(self) -> bool:
        """True while the process lives."""
        return self._process is not None

    @property
    def control(self) -> socket.socket | None:
        """Our end of the control line: readable when the child is ready."""
        return self._control

    @property
    def pid(self) -> int | None:
        """The process id, or None while it does not run."""
        return self._process.pid if self._process is not None else None

    def start_if_due(self) -> None:
        """Starts the process unless it runs or its pause is not over."""
        if self._process is not None or monotonic() < self._due:
            return
        ours, theirs = socket.socketpair()
        with theirs:
            numbers = (theirs.fileno(), self.plan.listener.fileno())
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [*self.plan.command, *map(str, numbers)],
                pass_fds=numbers,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # so that Ctrl-C reaches the supervisor alone
            )
        ours.sendall(json.dumps(self.plan.options).encode() + b"\n")
        ours.settimeout(0)
        self._control = ours
        self._started = monotonic()
        self.restarts += 1

    def hear(self) -> None:
        """Reads the control line: a child says that it is ready, and a relay which engines it could not reach."""
        if self._control is None:
            return
        try:
            self._said += self._control.recv(65536)
        except OSError:
            return
        *lines, self._said = self._said.split(b"\n")
        for line in lines:
            self.ready = self.ever_ready = True
            self.problems = json.loads(line)

    def reap(self) -> int | None:
        """The exit status if the process has ended since the last call, else None."""
        if self._process is None:
            return None
        status = self._process.poll()
        if status is None:
            return None
        self._process = None
        self.ready = False
        if self._control is not None:
            self._control.close()
            self._control = None
        steady = monotonic() - self._started > _STEADY_SECONDS
        self._delay = _FIRST_DELAY if steady or not self._delay else min(self._delay * 2, _LONGEST_DELAY)
        self._due = monotonic() + self._delay
        return status

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal, if the process lives."""
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, number)
