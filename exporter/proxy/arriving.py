"""Connections from clients before their first byte: those in the kernel's queue, and those in a TLS handshake."""

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Callable, Coroutine, Iterator
from time import monotonic
from typing import Final, Protocol

from exporter.proxy.ports import Limits
from exporter.tap.mailbox import Mailbox

_AT_ONCE: Final = 64
"""Connections that are taken before others get their turn."""
_PAUSE_SECONDS: Final = 0.5
"""How long no more are taken where the system has no descriptor, or no memory, for one."""


class Listener(Protocol):
    """A listening socket that does not block."""

    def accept(self) -> tuple[socket.socket, object]:
        """The next connection. Raises OSError, which is BlockingIOError where none waits."""
        ...

    def fileno(self) -> int:
        """Its descriptor."""
        ...


def queued(listener: Listener) -> Iterator[socket.socket]:
    """The connections that wait, but for those whose clients have left already. Raises OSError."""
    while True:
        try:
            waiting, _ = listener.accept()
        except ConnectionAbortedError:
            continue
        except BlockingIOError:
            return
        yield waiting


class Threshold(Protocol):
    """What the relay provides to connections that are not known to it yet; `arriving` has their beginnings."""

    arriving: dict[asyncio.Task[None], float]
    limits: Limits
    mailbox: Mailbox


class Arrivals:
    """Lets connections in, each in a task of its own: `meet` shakes hands, for a bounded time, or raises OSError.

    As many as there may be connections may be in their handshakes at a time. They are counted apart, so that a client
    that is one too many hears so within TLS; what is beyond both is closed, because no word could be understood.
    """

    def __init__(self, house: Threshold, meet: Callable[[socket.socket], Coroutine[object, object, None]]) -> None:
        self._house = house
        self._meet = meet

    def begin(self, waiting: socket.socket) -> None:
        """Lets one in, or closes it where too many are on their way."""
        if len(self._house.arriving) >= self._house.limits.connections:
            self._house.mailbox.refused["too_many_connections"] += 1
            waiting.close()
            return
        task = asyncio.get_running_loop().create_task(self._let_in(waiting))
        self._house.arriving[task] = monotonic()
        task.add_done_callback(self._house.arriving.pop)

    def keep_taking(self, listener: Listener) -> None:
        """Lets in what comes, until the loop no longer reads the listener."""
        asyncio.get_running_loop().add_reader(listener.fileno(), self._take, listener)

    def _take(self, listener: Listener) -> None:
        try:
            for waiting in itertools.islice(queued(listener), _AT_ONCE):
                self.begin(waiting)
        except OSError:
            loop = asyncio.get_running_loop()
            if loop.remove_reader(listener.fileno()):
                loop.call_later(_PAUSE_SECONDS, self._take_again, listener)

    def _take_again(self, listener: Listener) -> None:
        if listener.fileno() >= 0:  # it may have been closed meanwhile
            self.keep_taking(listener)

    async def _let_in(self, waiting: socket.socket) -> None:
        with contextlib.suppress(OSError):
            await self._meet(waiting)
