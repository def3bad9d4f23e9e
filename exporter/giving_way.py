"""Work that can wait asks the scheduler in between whether others are to run."""

import contextlib
import ctypes
import platform
import signal
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Final, ParamSpec, TypeVar

_ALARM: Final = (signal.SIGALRM,)
_CLOCK_MONOTONIC: Final = 1
_SIGEV_THREAD_ID: Final = 4
_EVENT: Final = struct.Struct("=QiiI44x")
_SOON: Final = struct.pack("=qqqq", 0, 0, 0, 200_000)
_NEVER: Final = bytes(len(_SOON))
_CALLS: Final = {"x86_64": (222, 223), "aarch64": (107, 110)}
"""timer_create(2) and timer_settime(2), which older C libraries keep elsewhere."""

_own = threading.local()
Given = ParamSpec("Given")
Found = TypeVar("Found")


@contextlib.contextmanager
def giving_way() -> Iterator[None]:
    """Has the calling thread call sched_yield(2) once, where its context lasts for more than 0.2 ms.

    By itself the scheduler looks at its tick only, 1 to 4 ms, where whoever woke in between had more than its share.
    Once, because a thread that is away for longer than until the next time would be sent away again before it has done
    anything: beside a busy neighbour it got a hundredth of what is its share. So this is for pieces of work, not for
    all of it. The handler is the C library's function itself, because one of Python's has to wait for the end of a
    call; the number of the signal that it is called with means nothing to it. Where the system has no such timers
    nothing happens.
    """
    timer = _timer()
    if timer is None:
        yield
        return
    number, start = timer
    library = _library()
    library.syscall(start, number, 0, _SOON, None)
    try:
        yield
    finally:
        library.syscall(start, number, 0, _NEVER, None)


def _timer() -> tuple[int, int] | None:
    """This thread's timer, made when it is first asked for, and the call that starts it."""
    if not hasattr(_own, "timer"):
        _own.timer = None
        calls = _CALLS.get(platform.machine())
        event = _EVENT.pack(0, signal.SIGALRM, _SIGEV_THREAD_ID, threading.get_native_id())
        number = ctypes.c_int()
        if calls and not _library().syscall(calls[0], _CLOCK_MONOTONIC, event, ctypes.byref(number)):
            _own.timer = number.value, calls[1]
    found: tuple[int, int] | None = _own.timer
    return found


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """No alarm comes meanwhile: a file system in user space may take one for the wish to stop what it is asked for."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ALARM)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ALARM)


@cache
def _library() -> ctypes.PyDLL:
    """The C library, called without letting go of the interpreter, with sched_yield as the handler of the alarm."""
    library = ctypes.PyDLL(None)
    library.signal.argtypes = (ctypes.c_int, ctypes.c_void_p)
    library.signal.restype = ctypes.c_void_p
    library.signal(signal.SIGALRM, ctypes.cast(library.sched_yield, ctypes.c_void_p))
    return library


class GivingWay(ThreadPoolExecutor):
    """Threads that give way while they work."""

    def submit(self, fn: Callable[Given, Found], /, *args: Given.args, **kwargs: Given.kwargs) -> "Future[Found]":
        """As of any executor."""

        def work() -> Found:
            with giving_way():
                return fn(*args, **kwargs)

        return super().submit(work)
