"""Looks after finished files, off the thread that takes records: uploads them, and deletes them in time."""

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from exporter.sinks import shelf
from exporter.sinks.object_store import Unreachable
from exporter.sinks.shelf import Filed

_log = logging.getLogger("tokentide")

SECOND_NS: Final = 1_000_000_000
PAUSE_NS: Final = 2 * SECOND_NS
SHARE: Final = 20
"""A round may take one part in so many of this process's time: a folder of a hundred thousand files is slow to list."""
LONGEST_BACK_OFF_NS: Final = 300 * SECOND_NS
LAST_SECONDS: Final = 10.0
"""How long uploading may go on when the sidecar ends; what is left waits for the next start."""


class Target(Protocol):
    """Where files are copied to."""

    @property
    def url(self) -> str:
        """What it is called."""
        ...

    def put(self, file: Path, place: str) -> None:
        """Copies a file. Raises OSError for the file and Unreachable for the target."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """When a file is deleted: 0 never; `keep_hours` counts from its upload, `hours` from the end of its hour."""

    hours: float = 0.0
    bytes: int = 0
    keep_hours: float = 0.0


def due(files: Sequence[Filed], uploaded: Mapping[str, float] | None, rules: Rules, now: float) -> list[Filed]:
    """Which of the files, oldest first, are to be deleted at `now` (Unix seconds).

    `uploaded` says when each was uploaded; a file that is missing there stays. None where nothing is uploaded.
    """
    free = [each for each in files if uploaded is None or each.place in uploaded]
    gone = {each.place for each in free if rules.hours and now - each.hour_ends > rules.hours * 3600}
    if uploaded is not None:
        gone |= {each.place for each in free if now - uploaded[each.place] > rules.keep_hours * 3600}
    size = sum(each.size for each in files if each.place not in gone)
    for each in free:
        if rules.bytes and size > rules.bytes and each.place not in gone:
            gone.add(each.place)
            size -= each.size
    return [each for each in free if each.place in gone]


class Keeper:
    """Does a round every few seconds in `executor`; everything else belongs to the thread that calls `tick`.

    `uploads` counts attempts by result, `backlog` is the size in bytes of the files that wait for their upload.
    """

    def __init__(
        self,
        records: Path,
        target: Target | None,
        rules: Rules,
        executor: Executor,
        *,
        now: Callable[[], float] = time.time,
        spent_ns: Callable[[], int] = time.thread_time_ns,
    ) -> None:
        self._records = records
        self._target = target
        self._rules = rules
        self._executor = executor
        self._now = now
        self._spent_ns = spent_ns
        self._round: Future[int] | None = None
        self._due_ns: int | None = None
        self._back_off_ns = 0
        self._try_ns = 0
        self._deadline = math.inf
        self._outage = False
        self._hindered = False
        self.uploads = {"done": 0, "failed": 0}
        self.backlog = 0

    @property
    def uploading(self) -> bool:
        """Whether files are uploaded at all."""
        return self._target is not None

    def tick(self, now_ns: int) -> None:
        """Begins a round when it is time for one and the last is over; monotonic nanoseconds."""
        if self._round is not None:
            if not self._round.done():
                return
            self._due_ns = now_ns + max(PAUSE_NS, self._took(self._round) * SHARE)
            self._round = None
        if self._due_ns is None or now_ns >= self._due_ns:
            self._round = self._executor.submit(self._go_round, now_ns)

    def close(self, now_ns: int) -> None:
        """A last round, which tries the target once even while it is known to be away."""
        self._deadline = self._now() + LAST_SECONDS
        if self._round is not None:
            self._round.exception()
        self._try_ns = now_ns
        self._round = self._executor.submit(self._go_round, now_ns)
        self._round.exception()

    def _took(self, ended: "Future[int]") -> int:
        """Processor time of a round in nanoseconds; one that broke is told and is no reason to do no other."""
        error = ended.exception()
        if error is None:
            return ended.result()
        _log.error("Looking after finished records failed: %s.", type(error).__name__)
        return SECOND_NS

    def _go_round(self, now_ns: int) -> int:
        """Uploads what waits and deletes what is due; returns the nanoseconds of processor time that it took."""
        begun = self._spent_ns()
        try:
            with shelf.alone(self._records) as alone:
                self._look_after(now_ns, alone=alone)
            self._hindered = False
        except OSError as error:
            if not self._hindered:
                _log.warning("Finished records in %s cannot be looked after: %s.", self._records, error.strerror)
            self._hindered = True
        return self._spent_ns() - begun

    def _look_after(self, now_ns: int, *, alone: bool) -> None:
        files = shelf.files(self._records)
        uploaded = None
        if self._target is not None:
            times = {each.place: shelf.uploaded_at(self._records, each) for each in files}
            waiting = [each for each in files if times[each.place] is None]
            self.backlog = sum(each.size for each in waiting)
            if alone and now_ns >= self._try_ns:
                self._upload(self._target, waiting, now_ns)
            uploaded = {place: at for place, at in times.items() if at is not None}
        if alone:
            for each in due(files, uploaded, self._rules, self._now()):
                shelf.remove(self._records, each)

    def _upload(self, target: Target, waiting: Sequence[Filed], now_ns: int) -> None:
        for each in waiting:
            if self._now() > self._deadline:
                return
            try:
                target.put(self._records / each.place, each.place)
            except FileNotFoundError:
                continue  # somebody else removed it
            except Unreachable as error:
                self._failed(target, error, now_ns)
                return
            shelf.mark(self._records, each)
            self.uploads["done"] += 1
            self.backlog -= each.size
            self._succeeded(target)

    def _succeeded(self, target: Target) -> None:
        if self._outage:
            _log.info("Records are uploaded to %s again.", target.url)
        self._outage = False
        self._back_off_ns = self._try_ns = 0

    def _failed(self, target: Target, error: Unreachable, now_ns: int) -> None:
        self.uploads["failed"] += 1
        if not self._outage:
            _log.warning(
                "Records cannot be uploaded to %s: %s. They wait in %s and are tried again.",
                target.url, error, self._records,
            )  # fmt: skip
        self._outage = True
        self._back_off_ns = min(max(2 * self._back_off_ns, SECOND_NS), LONGEST_BACK_OFF_NS)
        self._try_ns = now_ns + self._back_off_ns
