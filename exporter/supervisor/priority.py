"""Which processes go behind others: the observer's work can wait, a relay's cannot."""

import errno
import os
import platform
import struct
import threading
from collections.abc import Callable
from typing import Final, TypeVar

_NICENESS: Final = 10
_SLICE_NS: Final = 3_000_000
_SCHED_SETATTR: Final = {"x86_64": 314, "aarch64": 274}
_ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")

Started = TypeVar("Started")


def behind_others(start: Callable[[], Started]) -> Started:
    """Calls `start` in a thread that leaves the processor to others, as do the processes that it starts from there.

    They inherit it: an interpreter that steps back by itself takes 30 ms to its first line, on the relay's core where
    there is one. The thread is made for this, because a priority once given up cannot be taken back. Raises what
    `start` raises, and OSError where there is no room for a thread.
    """
    ended: list[Started] = []
    failed: list[Exception] = []

    def run() -> None:
        try:
            _step_back()
            ended.append(start())
        except Exception as error:  # noqa: BLE001 - raised where it was asked for
            failed.append(error)

    thread = threading.Thread(target=run, name="start")
    try:
        thread.start()
    except RuntimeError as error:
        raise OSError(errno.EAGAIN, str(error)) from None
    thread.join()
    if failed:
        raise failed[0]
    return ended[0]


def _step_back() -> None:
    """The calling thread alone; slices of 3 ms, a little longer than those of Linux unless asked, 0.7 to 2.8 ms.

    Since Linux 6.12 a thread that wakes need not wait for the end of a slice longer than its own. Longer ones let the
    observer run for longer where it has waited, shorter ones let it go first (docs/performance.md has the figures).
    Linux before that takes the call and ignores the slices, and a sandbox may refuse it.
    """
    import ctypes  # noqa: PLC0415 - costs 0.4 MB, which no relay needs for this

    os.nice(_NICENESS)
    number = _SCHED_SETATTR.get(platform.machine())
    if number is not None:
        ctypes.CDLL(None).syscall(number, 0, attributes(os.getpriority(os.PRIO_PROCESS, 0)), 0)


def attributes(niceness: int) -> bytes:
    """`struct sched_attr` of sched_setattr(2): a batch task of this priority and these slices."""
    return _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_BATCH, 0, niceness, 0, _SLICE_NS, 0, 0)
