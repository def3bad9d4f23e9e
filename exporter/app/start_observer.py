"""Start of the observer process, which makes way for others before it loads what takes a second of processor time."""

import contextlib
import ctypes
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Final

_YIELD_SECONDS: Final = 0.0002


def main() -> None:
    """Runs the observer: arguments are the numbers of the inherited control and listening sockets."""
    stay()
    sys.meta_path.insert(0, WithoutPandas())
    with giving_way() as enough:
        from exporter.app import observer  # noqa: PLC0415 - not before others go first

        observer.main(enough)


def stay() -> None:
    """Ignores what asks a program to end: the supervisor says on the control line when the relays have told all.

    Whoever stops a service may signal all its processes at once, and relays still have open requests to tell of.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


class WithoutPandas:
    """Lets pandas be found by nobody: Arrow loads it with its first array, 50 MB, to ask whether it is given some."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:  # noqa: ARG002 - as called
        """Raises ModuleNotFoundError for pandas, as where it is not installed."""
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is of no use here", name=fullname)


@contextlib.contextmanager
def giving_way() -> Iterator[Callable[[], None]]:
    """Asks the scheduler every 0.2 ms whether others are to run, which it does by itself at its tick of up to 4 ms.

    Until its context ends or what it yields is called: an observer that has started gives way between its frames. The
    handler of the alarm is the C library's sched_yield itself, because one of Python's has to wait until a library is
    loaded or a module unpacked; the number of the signal that it is called with means nothing to it.
    """
    library = ctypes.CDLL(None)
    library.signal.argtypes = (ctypes.c_int, ctypes.c_void_p)
    library.signal.restype = ctypes.c_void_p
    library.signal(signal.SIGALRM, ctypes.cast(library.sched_yield, ctypes.c_void_p))
    signal.setitimer(signal.ITIMER_REAL, _YIELD_SECONDS, _YIELD_SECONDS)
    try:
        yield _no_more
    finally:
        _no_more()


def _no_more() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)


if __name__ == "__main__":
    main()
