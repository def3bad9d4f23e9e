"""The records on disk: spooled at once, turned into Parquet file by file, none lost without being counted."""

import errno
import os
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from pathlib import Path

from exporter.observe.observation import Measurement
from exporter.sinks.conversions import Conversions
from exporter.sinks.spool import (
    FILED,
    FOLDER,
    ForeignSegment,
    Key,
    Reading,
    Segment,
    UnusableRecords,
    claim,
    create,
    encode,
    prepare,
    segments,
    stem,
)

SECOND_NS = 1_000_000_000
REMEMBERED = 8192
_REASONS = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EROFS: "read_only",
    errno.EACCES: "read_only",
    errno.EPERM: "read_only",
}


class Records:
    """Writes each record to the spool and has the spool turned into Parquet.

    A new Parquet file is begun after `rotate_seconds` or `rotate_bytes` of spool, whichever comes first. `start_us` is
    the wall-clock time of this start and must differ between starts of one instance. Nothing is accepted while
    `backlog_full` says so. Conversions and fsyncs run in `executor`; everything else belongs to one thread. `written`
    counts records that reached the spool, `problem` is the last thing that went wrong, as a sentence. No fault of the
    disk is ever raised, and a folder that cannot be used is tried again with each record.
    """

    def __init__(
        self,
        folder: Path,
        instance: str,
        start_us: int,
        executor: Executor,
        *,
        rotate_seconds: float = 300.0,
        rotate_bytes: int = 16 << 20,
        backlog_full: Callable[[], bool] = lambda: False,
    ) -> None:
        self._spool = folder / FOLDER
        self._folder = folder
        self._backlog_full = backlog_full
        self._instance = instance
        self._start_us = start_us
        self._executor = executor
        self._rotate_ns = int(rotate_seconds * SECOND_NS)
        self._rotate_bytes = rotate_bytes
        self._sequence = 0
        self._segment: Segment | None = None
        self._segment_oldest_us: int | None = None
        self._segment_seen_ns: int | None = None
        self._conversions = Conversions(folder, executor, self._lose, self._complain)
        self._before: frozenset[Key] = frozenset()
        self._recent: set[Key] = set()
        self._order: deque[Key] = deque()
        self._synced_ns = 0
        self._synced_size = 0
        self._sync: Future[None] | None = None
        self._lost: dict[str, int] = {}
        self._hindered = False
        self.written = 0
        self.problem: str | None = None
        try:
            prepare(folder)
        except UnusableRecords as error:
            self._hindered, self.problem = True, str(error)

    @property
    def lost(self) -> Mapping[str, int]:
        """Records that could not be written or kept, by reason; a torn end counts as one."""
        return dict(self._lost)

    @property
    def oldest_pending(self) -> int | None:
        """Timestamp (microseconds, UTC) of the oldest record that is not yet in Parquet; None where all are."""
        pending = (self._segment_oldest_us, self._conversions.oldest_us)
        return min((oldest for oldest in pending if oldest is not None), default=None)

    def accept(self, measurement: Measurement, key: Key | None = None) -> None:
        """Writes one record; when this returns it survives the process, or it is counted as lost."""
        record = measurement.record
        if self._backlog_full():
            self._lose("backlog_full", "The files that wait for their upload are as large as `backlog_bytes` allows.")
            return
        try:
            entry = encode(record, key)
        except TypeError:
            self._lose("unencodable", "A record holds a value that JSON cannot express.")
            return
        try:
            segment = self._open()
            segment.append(entry)
        except OSError as error:
            self._fail(error)
            if self._segment is not None and self._segment.damaged:
                self._rotate()
            return
        self.written += 1
        if self._hindered:
            self._go_on()
        oldest = self._segment_oldest_us
        self._segment_oldest_us = record.timestamp if oldest is None else min(oldest, record.timestamp)
        if key is not None:
            self._remember(key)
        if segment.size >= self._rotate_bytes:
            self._rotate()

    def known(self, key: Key) -> bool:
        """Whether this exchange was found in the spool at start, or was among the last 8192 written since."""
        return key in self._before or key in self._recent

    def recover(self) -> frozenset[Key]:
        """Has every segment of a dead process converted; returns the exchanges found in all of them so far.

        Segments that a living sidecar holds are left alone, so that several may share a folder.
        """
        keys: set[Key] = set()
        for path in segments(self._spool):
            lock = claim(path)
            if lock is None:
                continue
            try:
                found = [(entry.key, entry.record.get("timestamp")) for entry in Reading(path)]
            except (OSError, ForeignSegment) as error:
                os.close(lock)
                self.problem = str(error)
                continue
            keys.update(key for key, _ in found if key is not None)
            if path.suffix == FILED:
                self._conversions.remember(path, lock)
                continue
            oldest = min((moment for _, moment in found if isinstance(moment, int)), default=None)
            self._conversions.begin(path, lock, len(found), oldest)
        self._before |= keys
        return self._before

    def tick(self, now_ns: int) -> None:
        """Synchronises, rotates and looks after conversions; to be called about once a second, in monotonic ns."""
        self._conversions.settle(now_ns)
        segment = self._segment
        if segment is None:
            return
        if self._segment_seen_ns is None:
            self._segment_seen_ns = now_ns
        elif not segment.there or now_ns - self._segment_seen_ns >= self._rotate_ns:
            self._rotate()
            return
        if segment.size > self._synced_size and now_ns - self._synced_ns >= SECOND_NS:
            self._synced_ns, self._synced_size = now_ns, segment.size
            self._synchronise(segment)

    def close(self) -> None:
        """Turns everything into Parquet and waits for it; what cannot be written stays in the spool for next time."""
        self._rotate()
        self._conversions.finish()

    def _open(self) -> Segment:
        while self._segment is None:
            self._spool.mkdir(parents=True, exist_ok=True)
            self._sequence += 1
            try:
                self._segment = create(self._spool, stem(self._instance, self._start_us, self._sequence))
            except FileExistsError:
                continue
            self._segment_seen_ns, self._synced_size = None, 0
        return self._segment

    def _go_on(self) -> None:
        """What failed while the folder could not be used is tried at once."""
        self._hindered = False
        self.recover()
        self._conversions.hurry()

    def _synchronise(self, segment: Segment) -> None:
        """Has the segment's bytes reach the disk, off this thread, unless the last time has not ended yet."""
        if self._sync is not None:
            if not self._sync.done():
                return
            error = self._sync.exception()
            if error is not None:
                self.problem = f"The spool could not be synchronised to disk: {error}"
        try:
            descriptor = os.dup(segment.lock)
        except OSError as error:
            self.problem = f"The spool could not be synchronised to disk: {error.strerror}."
            return
        self._sync = self._executor.submit(_synchronise, descriptor)

    def _rotate(self) -> None:
        segment, oldest = self._segment, self._segment_oldest_us
        if segment is not None:
            self._segment = self._segment_oldest_us = None
            self._conversions.begin(segment.path, segment.lock, segment.records, oldest)

    def _fail(self, error: OSError) -> None:
        self._hindered = True
        reason = _REASONS.get(error.errno or 0, "write_failed")
        self._lose(reason, f"Records cannot be written to {self._folder}: {error.strerror}.")

    def _lose(self, reason: str, sentence: str, records: int = 1) -> None:
        self._lost[reason] = self._lost.get(reason, 0) + records
        self.problem = sentence

    def _complain(self, sentence: str) -> None:
        self.problem = sentence

    def _remember(self, key: Key) -> None:
        self._recent.add(key)
        self._order.append(key)
        if len(self._order) > REMEMBERED:
            self._recent.discard(self._order.popleft())


def _synchronise(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
