"""Work that can wait asks the scheduler again and again whether others are to run."""

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

_EVERY_NS: Final = 200_000
_ALARM: Final = (signal.SIGALRM,)
_CLOCK_MONOTONIC: Final = 1
_SIGEV_THREAD_ID: Final = 4
_EVENT: Final = struct.Struct("=QiiI44x")
_TIMES: Final = struct.Struct("=qqqq")
_CALLS: Final = {"x86_64": (222, 223, 226), "aarch64": (107, 110, 111)}
"""timer_create(2), timer_settime(2) and timer_delete(2), which older C libraries keep elsewhere."""

Given = ParamSpec("Given")
Found = TypeVar("Found")


@contextlib.contextmanager
def giving_way() -> Iterator[None]:
    """Has the calling thread interrupted every 0.2 ms until its context ends, to call sched_yield(2).

    By itself the scheduler looks at its tick only, 1 to 4 ms, where whoever woke in between had more than its share.
    The handler is the C library's function itself, because one of Python's has to wait until a library is loaded or a
    vocabulary unpacked; the number of the signal that it is called with means nothing to it. Where the system has no
    such timers nothing happens.
    """
    calls = _CALLS.get(platform.machine())
    if calls is None:
        yield
        return
    create, start, delete = calls
    library = _library()
    timer = ctypes.c_int()
    event = _EVENT.pack(0, signal.SIGALRM, _SIGEV_THREAD_ID, threading.get_native_id())
    if library.syscall(create, _CLOCK_MONOTONIC, event, ctypes.byref(timer)):
        yield
        return
    library.syscall(start, timer, 0, _TIMES.pack(0, _EVERY_NS, 0, _EVERY_NS), None)
    try:
        yield
    finally:
        library.syscall(delete, timer)


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
