"""Start of the observer process, which makes way for others before it loads what takes a second of processor time."""

import contextlib
import ctypes
import os
import platform
import signal
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_NICENESS: Final = 10
_YIELD_SECONDS: Final = 0.0002
_SLICE_NS: Final = 100_000
_SCHED_SETATTR: Final = {"x86_64": 314, "aarch64": 274}
_ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")


def main() -> None:
    """Runs the observer: arguments are the numbers of the inherited control and listening sockets."""
    stay()
    step_back()
    sys.meta_path.insert(0, WithoutPandas())
    with giving_way():
        from exporter.app import observer  # noqa: PLC0415 - not before others go first
    observer.main()


def stay() -> None:
    """Ignores what asks a program to end: the supervisor says on the control line when the relays have told all.

    Whoever stops a service may signal all its processes at once, and relays still have open requests to tell of.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def step_back() -> None:
    """Leaves the processor to the relays: the scheduler weighs sessions first, and each child has one of its own.

    What runs may finish its slice before one that wakes takes its place: slices of 0.1 ms, the shortest that Linux
    grants, in place of 1.4 ms and more. Linux before 6.12 takes the call and ignores them, and a sandbox may refuse it.
    """
    os.nice(_NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_NICENESS), encoding="ascii")
    number = _SCHED_SETATTR.get(platform.machine())
    if number is not None:
        ctypes.CDLL(None).syscall(number, 0, attributes(os.getpriority(os.PRIO_PROCESS, 0)), 0)


def attributes(niceness: int) -> bytes:
    """`struct sched_attr` of sched_setattr(2): a batch task of this priority with short slices."""
    return _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_BATCH, 0, niceness, 0, _SLICE_NS, 0, 0)


class WithoutPandas:
    """Lets pandas be found by nobody: Arrow loads it with its first array, 50 MB, to ask whether it is given some."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:  # noqa: ARG002 - as called
        """Raises ModuleNotFoundError for pandas, as where it is not installed."""
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is of no use here", name=fullname)


@contextlib.contextmanager
def giving_way() -> Iterator[None]:
    """Asks the scheduler every 0.2 ms whether others are to run, which it does by itself at its tick of up to 4 ms."""
    signal.signal(signal.SIGALRM, lambda _number, _frame: os.sched_yield())
    signal.setitimer(signal.ITIMER_REAL, _YIELD_SECONDS, _YIELD_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_IGN)


if __name__ == "__main__":
    main()
