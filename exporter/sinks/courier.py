"""A thread that hands something over again and again, and for which nobody has to wait."""

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger("tokentide")


class Courier:
    """Calls `deliver` every `interval` seconds on a thread of its own, and once more at the end.

    `deliver` says whether it succeeded (None: there was nothing to deliver), and `reason` why it did not. An outage is
    one warning, however long it lasts; every attempt is counted. `close` ends an attempt under way and frees what it
    holds.
    """

    def __init__(
        self,
        what: str,
        interval: float,
        deliver: Callable[[], bool | None],
        reason: Callable[[], str],
        close: Callable[[], object],
    ) -> None:
        self.exported = 0
        self.failed = 0
        self._what = what
        self._interval = interval
        self._deliver = deliver
        self._reason = reason
        self._close = close
        self._told = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"otlp {what}", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Delivers what there is a last time; gives up after `seconds`."""
        self._ended.set()
        self._thread.join(seconds)
        self._close()

    def attempt(self) -> None:
        """Delivers once."""
        succeeded = self._deliver()
        if succeeded is None:
            return
        if succeeded:
            self.exported += 1
            if self._told:
                _log.info("OTLP: %s are delivered again.", self._what)
            self._told = False
            return
        self.failed += 1
        if not self._told:
            self._told = True
            _log.warning(
                "OTLP: %s cannot be delivered: %s. It is tried again every %g s; further failures are counted only.",
                self._what,
                self._reason(),
                self._interval,
            )

    def _run(self) -> None:
        while not self._ended.wait(self._interval):
            self.attempt()
        self.attempt()
