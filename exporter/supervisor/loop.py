"""The supervisor's loop: start, hear, reap, start again; on SIGTERM first the relays end, then the observer."""

import logging
import select
import signal
import socket
from time import monotonic
from typing import Final

from exporter.supervisor.children import Child, Plan
from exporter.supervisor.copies import Copies, bury
from exporter.supervisor.health import Condition

_log = logging.getLogger("tokentide")

_TICK: Final = 0.2
_GRACE: Final = 5.0
_OBSERVER_SECONDS: Final = 60.0
_BAD_SETTINGS: Final = 2


class Supervisor:
    """Keeps one observer and some relays running until it is told to stop."""

    def __init__(self, relays: tuple[Plan, ...], observer: Plan, condition: Condition, drain_seconds: float) -> None:
        self._relays = tuple(Child(plan) for plan in relays)
        self._copies = Copies()
        self._observer = Child(observer, self._copies.start)
        self._condition = condition
        self._drain_seconds = drain_seconds
        self._away: set[str] = set()
        self._stops = 0
        self._status = 0
        self._wake, self._waker = socket.socketpair()

    def run(self) -> int:
        """Runs until SIGTERM or SIGINT; returns the exit status. A second signal ends the drain."""
        self._waker.settimeout(0)
        self._wake.settimeout(0)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._reload)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker.fileno())
        while not self._stops:
            for child in self._all:
                child.start_if_due()
            self._wait()
            self._reap()
        self._condition.draining = True
        _log.info("Stopping: open requests may go on for up to %g s.", self._drain_seconds)
        self._end(self._relays, self._drain_seconds + _GRACE)
        self._end((self._observer,), _OBSERVER_SECONDS)
        self._copies.end()
        _log.info("Stopped.")
        return self._status

    @property
    def _all(self) -> tuple[Child, ...]:
        return (self._observer, *self._relays)

    def _stop(self, *_: object) -> None:
        self._stops += 1

    def _reload(self, *_: object) -> None:
        for child in self._relays:
            child.signal(signal.SIGHUP)

    def _wait(self) -> None:
        controls = {child.control: child for child in self._all if child.control is not None}
        readable, _, _ = select.select([self._wake, *controls], [], [], _TICK)
        for each in readable:
            if each is self._wake:
                self._wake.recv(4096)
            else:
                controls[each].hear()
        self._condition.relays_ready = sum(child.ready for child in self._relays)
        self._condition.relays_leaving = sum(child.leaving for child in self._relays)
        self._condition.observer_ready = self._observer.ready
        for child in self._relays:
            self._condition.relayed.update(child.problems)
        self._say_what_changed()
        self._condition.restarts = {child.plan.name: child.restarts for child in self._all}

    def _say_what_changed(self) -> None:
        """One line when an engine goes away, and one when it is back."""
        away = self._condition.unreachable() if len(self._condition.probed) == len(self._condition.upstreams) else []
        for sentence in set(away) - self._away:
            _log.warning("%s", sentence)
        if self._away and not away:
            _log.info("Every engine can be reached again.")
        self._away = set(away)

    def _reap(self) -> None:
        for child in self._all:
            status = child.reap()
            if status is None:
                continue
            if status == _BAD_SETTINGS and not child.ever_ready:
                self._status = _BAD_SETTINGS
                self._stops = self._stops or 1
            elif self._goes_on(child):
                _log.warning("The %s process ended with status %d and is started again.", child.plan.name, status)
        bury({child.pid for child in self._all})

    def _goes_on(self, child: Child) -> bool:
        """Whether a child that ends is started again: the observer also while relays still have something to tell."""
        if self._stops == 0:
            return True
        return child is self._observer and self._status == 0 and any(relay.running for relay in self._relays)

    def _end(self, children: tuple[Child, ...], seconds: float) -> None:
        """Asks the children to end and waits; whoever is still there after `seconds` is killed."""
        for child in children:
            child.dismiss()
        end = monotonic() + seconds
        asked = self._stops
        while any(child.running for child in children):
            if self._goes_on(self._observer):
                self._observer.start_if_due()
            self._wait()
            self._reap()
            if monotonic() > end or self._stops > asked:
                for child in children:
                    child.signal(signal.SIGKILL)
