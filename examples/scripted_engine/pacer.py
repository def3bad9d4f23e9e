"""Calls at absolute monotonic times, to a fraction of a millisecond."""

import asyncio
import ctypes
import heapq
import os
import struct
import sys
import time
from collections.abc import Callable
from typing import Protocol

CLOCK_MONOTONIC = 1
ABSOLUTE = 1
NANOSECONDS = 1_000_000_000


class Alarm(Protocol):
    """Something that calls back once at a monotonic time in nanoseconds; a new time replaces the old one."""

    def set(self, when_ns: int) -> None:
        """Wake at `when_ns`."""


class LoopAlarm:
    """An alarm made of the loop's own timer, whose grain is a millisecond; for systems without timerfd."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
        self._loop = loop
        self._wake = wake
        self._handle: asyncio.TimerHandle | None = None

    def set(self, when_ns: int) -> None:
        """Wake at `when_ns`, or up to about a millisecond later."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._loop.call_later(max(0, when_ns - time.monotonic_ns()) / NANOSECONDS, self._wake)


class TimerFd:
    """An alarm made of a Linux timerfd: the event loops' own timers count whole milliseconds, which is too coarse."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = int(self._libc.timerfd_create(CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC))
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")
        self._wake = wake
        loop.add_reader(self._fd, self._ring)

    def set(self, when_ns: int) -> None:
        """Wake at `when_ns`; a time that has passed rings at once."""
        seconds, rest = divmod(max(when_ns, 1), NANOSECONDS)
        setting = struct.pack("qqqq", 0, 0, seconds, rest)  # struct itimerspec: no interval, then the first time
        self._libc.timerfd_settime(self._fd, ABSOLUTE, setting, None)

    def _ring(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            return  # set anew between the ring and this call
        self._wake()


class Pacer:
    """Runs calls at absolute times of `time.monotonic_ns`, in the order of those times, all with one alarm."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []
        self._number = 0
        self._set_for: int | None = None
        self._alarm: Alarm = (TimerFd if sys.platform == "linux" else LoopAlarm)(loop, self._run_due)

    def now_ns(self) -> int:
        """`time.monotonic_ns`."""
        return time.monotonic_ns()

    def at(self, when_ns: int, call: Callable[[], None]) -> None:
        """Run `call` at `when_ns`, soon if that has passed; never from inside this method."""
        self._number += 1
        heapq.heappush(self._waiting, (when_ns, self._number, call))
        if self._set_for is None or when_ns < self._set_for:
            self._set(when_ns)

    def _run_due(self) -> None:
        self._set_for = 0  # calls made from here add to the heap without touching the alarm
        waiting = self._waiting
        now = time.monotonic_ns()  # read once, so that a flood of calls still lets the loop read its sockets
        while waiting and waiting[0][0] <= now:
            heapq.heappop(waiting)[2]()
        self._set_for = None
        if waiting:
            self._set(waiting[0][0])

    def _set(self, when_ns: int) -> None:
        self._set_for = when_ns
        self._alarm.set(when_ns)
