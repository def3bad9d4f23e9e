"""Start of the observer process, which makes way for others before it loads what takes a second of processor time."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_NICENESS: Final = 10
_YIELD_SECONDS: Final = 0.0002


def main() -> None:
    """Runs the observer: arguments are the numbers of the inherited control and listening sockets."""
    step_back()
    with giving_way():
        from exporter.app import observer  # noqa: PLC0415 - not before others go first
    observer.main()


def step_back() -> None:
    """Leaves the processor to the relays: the scheduler weighs sessions first, and each child has one of its own."""
    os.nice(_NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_NICENESS), encoding="ascii")


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
