"""Processes that start as copies of one that has loaded what they need."""

import ctypes
import errno
import os
import socket
import subprocess
from typing import Final, Protocol

from exporter.supervisor.children import Line, Plan, Process, tell
from exporter.supervisor.priority import behind_others

_TAKE_IN_ORPHANS: Final = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2)."""
_NOT_STARTED: Final = 1


class Template(Protocol):
    """The process that divides, as `subprocess` has it."""

    @property
    def pid(self) -> int:
        """The process id."""
        ...

    def poll(self) -> int | None:
        """The exit status, or None while it lives."""
        ...

    def kill(self) -> None:
        """Ends it, unless it has ended."""
        ...

    def wait(self) -> int:
        """The exit status, once it has ended."""
        ...


class Copies:
    """Starts processes as copies of a template, which leaves the processor to others, as they do.

    A new interpreter takes 0.5 s of processor time to load what an observer needs, a copy 0.01 s. The template starts
    with the first of them, and again where it has ended when the next one is to start; those that live do not need it.
    """

    def __init__(self) -> None:
        self._template: Template | None = None
        self._line: socket.socket | None = None

    def start(self, plan: Plan) -> tuple[Process, Line]:
        """Asks for a copy and sends it its options. Raises OSError, and leaves nothing open, where that cannot be."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                template, line = self._ready(plan)
                socket.send_fds(line, [b"\n"], [theirs.fileno(), plan.listener.fileno()])
        except OSError:
            ours.close()
            raise
        tell(ours, plan)
        return Copy(template, line), ours

    def end(self) -> None:
        """Ends the template, which has nothing to lose, and closes the line to it."""
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._template is not None:
            self._template.kill()
            self._template.wait()
            self._template = None

    def _ready(self, plan: Plan) -> tuple[Template, socket.socket]:
        if self._template is None or self._line is None or self._template.poll() is not None:
            self.end()
            take_in_orphans()
            self._template, self._line = _launched(plan)
        return self._template, self._line


class Copy:
    """A process whose id the template tells as soon as it is made."""

    def __init__(self, template: Template, line: socket.socket) -> None:
        self._template = template
        self._line = line
        self._pid: int | None = None
        self._status: int | None = None

    @property
    def pid(self) -> int:
        """The process id, or the template's until there is a copy of it."""
        return self._pid if self._pid is not None else self._template.pid

    def poll(self) -> int | None:
        """The exit status, or None while it lives or is about to; that of a template that ended before it was made."""
        if self._pid is None and self._status is None:
            self._hear()
        if self._pid is not None and self._status is None:
            try:
                ended, status = os.waitpid(self._pid, os.WNOHANG)
            except ChildProcessError:  # somebody else has taken its status
                ended, status = self._pid, _NOT_STARTED << 8
            self._status = os.waitstatus_to_exitcode(status) if ended else None
        return self._status

    def send_signal(self, sig: int) -> None:
        """Sends a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def _hear(self) -> None:
        try:
            said = self._line.recv(64)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if said:
            self._pid = int(said)
        else:
            self._status = self._template.wait() or _NOT_STARTED


def take_in_orphans() -> None:
    """Makes this process the parent of those below it that lose theirs. Raises OSError where the system cannot."""
    if ctypes.CDLL(None, use_errno=True).prctl(_TAKE_IN_ORPHANS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno() or errno.ENOSYS, "the system does not let it take in orphans")


def _launched(plan: Plan) -> tuple[Template, socket.socket]:
    ours, theirs = socket.socketpair()
    with theirs:
        command = [*plan.command, str(theirs.fileno())]
        try:
            process = behind_others(
                lambda: subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, process_group=0
                )
            )
        except OSError:
            ours.close()
            raise
    ours.settimeout(0)
    return process, ours
