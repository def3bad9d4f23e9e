"""From segments to Parquet, off the thread that takes records, until each is done or gone."""

import contextlib
import os
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.sinks import parquet
from exporter.sinks.spool import FILED, Reading, gone

SECOND_NS: Final = 1_000_000_000
RETRY_NS: Final = 30 * SECOND_NS
REMEMBER_NS: Final = 30 * SECOND_NS
"""How long the exchanges of a converted segment stay known: relays tell again what a killed observer did not
acknowledge, and do so within a second of the next one's start; several may be killed one after the other."""

Loss = Callable[[str, str, int], None]
"""Takes the reason, the sentence and the number of records of a loss."""


@dataclass(slots=True)
class _Waiting:
    """A segment that gets no more records: `lock` keeps other sidecars from it, `work` turns it into Parquet."""

    path: Path
    lock: int
    records: int
    oldest_us: int | None
    work: "Future[bool]"
    retry_at_ns: int | None = None


@dataclass(slots=True)
class _Filed:
    """A segment whose records are in Parquet, kept for the names of its exchanges."""

    path: Path
    lock: int
    until_ns: int | None = None


def convert(segment: Path, records: Path) -> bool:
    """Turns a segment into Parquet files below `records` and names it as filed; after a crash the same files again.

    Returns whether the segment was torn. Raises OSError where something cannot be read or written, and ForeignSegment;
    the segment then stays. What memory it took goes back to the system, some 50 MB.
    """
    reading = Reading(segment)
    try:
        rows = parquet.table(entry.record for entry in reading)
        if rows.num_rows:
            parquet.write(rows, records, segment.stem)
        del rows
    finally:
        parquet.give_back()
    segment.rename(segment.with_suffix(FILED))
    return reading.torn


class Conversions:
    """The segments on their way to Parquet in `folder`; work runs in `executor`, all else belongs to one thread.

    `lose` is told of records that were lost on the way, `complain` of what went wrong and is tried again.
    """

    def __init__(self, folder: Path, executor: Executor, lose: Loss, complain: Callable[[str], None]) -> None:
        self._folder = folder
        self._executor = executor
        self._lose = lose
        self._complain = complain
        self._waiting: list[_Waiting] = []
        self._filed: list[_Filed] = []

    @property
    def oldest_us(self) -> int | None:
        """Timestamp of the oldest record that is not yet in Parquet; None where all are."""
        oldest = (waiting.oldest_us for waiting in list(self._waiting))
        return min((each for each in oldest if each is not None), default=None)

    def begin(self, path: Path, lock: int, records: int, oldest_us: int | None) -> None:
        """Has a segment converted, and closes its lock when that is done."""
        self._waiting.append(_Waiting(path, lock, records, oldest_us, self._work(path)))

    def remember(self, path: Path, lock: int) -> None:
        """Keeps a segment that an earlier process had converted for as long as one of its own."""
        self._filed.append(_Filed(path, lock))

    def settle(self, now_ns: int) -> None:
        """Takes leave of what is converted, and tries again, after a while, what failed; monotonic nanoseconds."""
        self._take_stock(now_ns)
        for filed in self._filed:
            if filed.until_ns is None:
                filed.until_ns = now_ns + REMEMBER_NS
            elif now_ns >= filed.until_ns:
                _forget(filed)
        self._filed = [filed for filed in self._filed if filed.until_ns is None or filed.until_ns > now_ns]

    def hurry(self) -> None:
        """Tries again at the next `settle` what failed, because what was in the way may be gone."""
        for waiting in self._waiting:
            if waiting.retry_at_ns is not None:
                waiting.retry_at_ns = 0

    def finish(self) -> None:
        """Waits for everything and tries once more what failed; what fails again stays for the next start."""
        for waiting in self._waiting:
            if waiting.work.exception() is not None:
                waiting.work = self._work(waiting.path)
        for waiting in self._waiting:
            waiting.work.exception()
        self._take_stock(None)
        for waiting in self._waiting:
            os.close(waiting.lock)
        for filed in self._filed:
            _forget(filed)
        self._waiting.clear()
        self._filed.clear()

    def _work(self, path: Path) -> "Future[bool]":
        return self._executor.submit(convert, path, self._folder)

    def _take_stock(self, now_ns: int | None) -> None:
        kept: list[_Waiting] = []
        for waiting in self._waiting:
            if not waiting.work.done():
                kept.append(waiting)
            elif (error := waiting.work.exception()) is not None:
                if self._failed(waiting, error, now_ns):
                    kept.append(waiting)
            else:
                if waiting.work.result():
                    self._lose("torn", f"The end of {waiting.path.name} was cut off by a crash.", 1)
                self._filed.append(_Filed(waiting.path.with_suffix(FILED), waiting.lock))
        self._waiting = kept

    def _failed(self, waiting: _Waiting, error: BaseException, now_ns: int | None) -> bool:
        """Whether a conversion that has failed is to be kept for another try."""
        if gone(waiting.path):
            self._lose("removed", f"{waiting.path.name} was removed before it became Parquet.", waiting.records)
            os.close(waiting.lock)
            return False
        self._complain(f"{waiting.path.name} could not be turned into Parquet: {error}")
        if now_ns is not None:
            if waiting.retry_at_ns is None:
                waiting.retry_at_ns = now_ns + RETRY_NS
            elif now_ns >= waiting.retry_at_ns:
                waiting.retry_at_ns = None
                waiting.work = self._work(waiting.path)
        return True


def _forget(filed: _Filed) -> None:
    with contextlib.suppress(OSError):
        filed.path.unlink(missing_ok=True)
    os.close(filed.lock)
