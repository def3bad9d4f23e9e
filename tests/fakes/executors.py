"""Executors that a test is in control of."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Deferred(Executor):
    """Does nothing until `run` is called, and then everything in order, on the caller's thread."""

    def __init__(self) -> None:
        self._work: list[Callable[[], None]] = []

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()

        def work() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except Exception as error:  # noqa: BLE001 - as real executors do
                future.set_exception(error)

        self._work.append(work)
        return future

    def run(self) -> int:
        """Does what was submitted; returns how much that was."""
        work, self._work = self._work, []
        for step in work:
            step()
        return len(work)


class Inline(Deferred):
    """Does everything at once, on the caller's thread."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future = super().submit(fn, *args, **kwargs)
        self.run()
        return future
