"""What is written in one turn of a busy event loop: the first bytes at once, all others together at its end."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

_MOST: Final = 64 * 1024
"""Bytes that may wait for the end of the turn: a fast body would bring megabytes until then."""
_ALONE: Final = 15
"""Writes that go at once after a turn that had only one: where chunks are paced there is nothing to gather, and the
call at the end of each turn is what then costs."""


class Outbox:
    """Writes for clients and engines, in the order in which they were asked for.

    A write wakes the process that waits for the bytes. While we read on it falls asleep again, and waking it costs more
    than the rest of the write; writes that follow each other find it awake. After a turn with one write alone some go
    at once without a look at the turn. `soon` calls back in the next turn (`loop.call_soon`).
    """

    __slots__ = ("_alone", "_begun", "_several", "_size", "_soon", "_waiting")

    def __init__(self, soon: Callable[[Callable[[], None]], object]) -> None:
        self._soon = soon
        self._alone = 0
        self._begun = self._several = False
        self._size = 0
        self._waiting: deque[tuple[asyncio.Transport, bytes]] = deque()

    def write(self, transport: asyncio.Transport, data: bytes) -> None:
        """Sends bytes: now when they are the first of this turn or many, else at its end."""
        if not self._begun:
            if self._alone:
                self._alone -= 1
            else:
                self._begun = True
                self._soon(self._end)
            transport.write(data)
            return
        self._several = True
        self._waiting.append((transport, data))
        self._size += len(data)
        if self._size > _MOST:
            self.flush()

    def flush(self) -> None:
        """Sends what waits, as has to be done before a connection is closed. What is for closed ones is forgotten."""
        self._size = 0
        waiting = self._waiting
        while waiting:  # a write may call back and lead to another one, or to a flush
            transport, data = waiting.popleft()
            if not transport.is_closing():
                transport.write(data)

    def _end(self) -> None:
        self.flush()
        self._alone = 0 if self._several else _ALONE
        self._begun = self._several = False
