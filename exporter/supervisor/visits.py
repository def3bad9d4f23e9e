"""The connections to the health port that are open: how many there may be, and for how long."""

import contextlib
import socket
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final, Protocol

MOST: Final = 32
"""Connections at a time; each has a thread."""
SECONDS: Final = 5.0
"""How long a connection may take in all, from its acceptance to the last byte of the answer."""


class Connection(Protocol):
    """What is needed of a connection, as `socket` has it."""

    def shutdown(self, how: int, /) -> None:
        """Ends both directions, so that whoever reads or writes there wakes."""
        ...


class Visits:
    """Who is there since when; called from the thread that accepts and from those that answer."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._ends: dict[Connection, float] = {}

    def admit(self, connection: Connection) -> None:
        """Gives it time from now on; where there are too many, the one that is there longest has to go.

        A probe takes a millisecond: who has been there longer than all others is none.
        """
        with self._lock:
            if len(self._ends) >= MOST:
                _cut(oldest := next(iter(self._ends)))
                del self._ends[oldest]
            self._ends[connection] = self._clock() + SECONDS

    def forget(self, connection: Connection) -> None:
        """To be called before a connection is closed, admitted or not, so that no other with its number is cut."""
        with self._lock:
            self._ends.pop(connection, None)

    def cut_late(self) -> None:
        """Ends those whose time is over; they are counted until their threads have closed them."""
        with self._lock:
            for connection, end in self._ends.items():
                if self._clock() >= end:
                    _cut(connection)


def _cut(connection: Connection) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
