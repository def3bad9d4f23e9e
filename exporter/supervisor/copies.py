"""Processes each of which leaves a copy of itself, from before it did anything, that becomes the next one."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
from collections.abc import Container
from typing import Final

from exporter.supervisor.children import Line, Plan, Process, tell
from exporter.supervisor.priority import behind_others

_TAKE_IN_ORPHANS: Final = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2)."""
_UNKNOWN: Final = 1 << 8
_PATIENCE: Final = 3
"""Starts that may be put off, by pauses of 0.1 to 0.8 s, because a copy has not had the processor since it was made."""


class Copies:
    """Starts processes that leave the processor to others; all but the first are what the one before has left.

    A new interpreter takes 0.5 s of processor time to load what an observer needs, a copy 0.01 s. Where the copy has
    ended when it is needed, the next one is a new interpreter again, and so is every one on a system that does not let
    us take in the orphans of the processes that have ended: their exit status would be unknown.
    """

    def __init__(self) -> None:
        self._line: socket.socket | None = None
        self._waited = 0

    def start(self, plan: Plan) -> tuple[Process, Line]:
        """Starts a process and sends it its options. Raises OSError, and leaves nothing open, where that cannot be."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                numbers = [theirs.fileno(), plan.listener.fileno()]
                process = self._left(numbers) or self._launched(plan, numbers)
        except OSError:
            ours.close()
            raise
        tell(ours, plan)
        return process, ours

    def end(self) -> None:
        """Closes the line to the copy that is left, which ends then."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _left(self, numbers: list[int]) -> Process | None:
        """The copy, told to become the next process; None where there is none that lives, is ours and is not stopped.

        Raises OSError where it has not had the time to say its process id, but not more often than a few times in turn.
        """
        if self._line is None:
            return None
        try:
            copy = Copy(int(self._line.recv(64)))
            if copy.poll() is not None:
                return None
            if copy.stopped:  # it would hear of nothing, and nobody of it
                copy.send_signal(signal.SIGKILL)
                return None
            socket.send_fds(self._line, [b"\n"], numbers)
        except BlockingIOError:
            self._waited += 1
            if self._waited > _PATIENCE:
                return None
            raise
        except (OSError, ValueError):
            return None
        self._waited = 0
        return copy

    def _launched(self, plan: Plan, numbers: list[int]) -> Process:
        self.end()
        self._waited = 0
        adopting = takes_in_orphans()
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                command = [*plan.command, str(theirs.fileno())]
                process = behind_others(
                    lambda: subprocess.Popen(  # noqa: S603 - our own interpreter and module
                        command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, process_group=0
                    )
                )
            socket.send_fds(ours, [b"\n"], numbers)
        except OSError:
            ours.close()
            raise
        if adopting:
            ours.settimeout(0)
            self._line = ours
        else:
            ours.close()
        return process


class Copy:
    """A process that another one has left behind, whose exit status comes to us because that one has ended."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None

    def poll(self) -> int | None:
        """The exit status, or None while it lives."""
        if self._status is None:
            try:
                ended, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # somebody else has taken it
                ended, status = self.pid, _UNKNOWN
            self._status = os.waitstatus_to_exitcode(status) if ended else None
        return self._status

    @property
    def stopped(self) -> bool:
        """Whether a signal has stopped it and none has let it go on."""
        return os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None

    def send_signal(self, sig: int) -> None:
        """Sends a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)


def bury(known: Container[int | None]) -> None:
    """Takes the exit status of every child that has ended and is none of the known ones, which others ask for.

    Whoever takes in orphans has to, as has the first process of a container; else they stay as zombies.
    """
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid not in known:
            os.waitpid(ended.si_pid, os.WNOHANG)


def takes_in_orphans() -> bool:
    """Makes this process the parent of those below it that lose theirs; False where the system does not let it."""
    return not ctypes.CDLL(None).prctl(_TAKE_IN_ORPHANS, 1, 0, 0, 0)
