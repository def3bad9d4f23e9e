"""Append-only segments of records: what is written survives the process, and a torn end is recognised."""

import errno
import fcntl
import os
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

import orjson

from exporter.errors import Unusable
from exporter.giving_way import undisturbed
from exporter.record import RequestRecord

Key: TypeAlias = tuple[str, int]
"""An exchange: the relay process that numbered it, and the number."""

FOLDER = ".spool"
SUFFIX = ".spool"
FILED = ".filed"
"""Suffix of a segment whose records are in Parquet, which is kept for a while for the names of its exchanges."""
MAGIC = b"tokentide spool 1\n"
_FRAME = struct.Struct("<II")
_LARGEST_ENTRY = 64 * 2**20
_MODE = 0o640


class UnusableRecords(Unusable):
    """The folder for records cannot be used; the message is one sentence that says why and what to do."""


class ForeignSegment(Exception):
    """A file in the spool folder is not ours to read or to delete."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record read back: its exchange, where it had one, and its values by column."""

    key: Key | None
    record: dict[str, object]


def encode(record: RequestRecord, key: Key | None) -> bytes:
    """One entry: length and CRC-32 of the payload, and the payload as JSON.

    Raises orjson.JSONEncodeError (a TypeError) for text that has no UTF-8 form or a number over 64 bits.
    """
    payload = orjson.dumps({"key": key, "record": record})
    return _FRAME.pack(len(payload), zlib.crc32(payload)) + payload


@dataclass(slots=True)
class Reading:
    """The entries of one segment, one after the other; after the last, `torn` says whether the file went on.

    Reading stops at the end or where an entry is cut short or damaged: what follows has no boundary to trust. Raises
    OSError where the file cannot be read and ForeignSegment where it was not written by this program.
    """

    path: Path
    torn: bool = False

    def __iter__(self) -> Iterator[Entry]:
        with self.path.open("rb") as file:
            magic = file.read(len(MAGIC))
            if not MAGIC.startswith(magic):
                raise ForeignSegment(f"{self.path} is no spool segment of this version; move it away.")
            self.torn = len(magic) < len(MAGIC)
            while frame := file.read(_FRAME.size):
                payload = _payload(file, frame)
                if payload is None:
                    self.torn = True
                    return
                content = orjson.loads(payload)
                key = content["key"]
                yield Entry(None if key is None else (key[0], key[1]), content["record"])


def _payload(file: BinaryIO, frame: bytes) -> bytes | None:
    if len(frame) < _FRAME.size:
        return None
    length, crc = _FRAME.unpack(frame)
    if length > _LARGEST_ENTRY:
        return None
    payload = file.read(length)
    return payload if len(payload) == length and zlib.crc32(payload) == crc else None


def stem(instance: str, start_us: int, sequence: int) -> str:
    """The name that a segment and the files made from it share; `start_us` tells runs of one instance apart."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", instance).lstrip(".") or "sidecar"
    return f"{safe[:64]}-{start_us}-{sequence:06d}"


class Segment:
    """One segment that is open for appending, locked for as long as this process lives or until the lock is closed.

    `size` is in bytes, `records` how many it holds; `damaged` says that its end could not be repaired after a failed
    write, so that nothing must be appended any more.
    """

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.lock = lock
        self.size = len(MAGIC)
        self.records = 0
        self.damaged = False

    @property
    def there(self) -> bool:
        """Whether the segment still has its name: its folder may have been deleted."""
        return not gone(self.path)

    def append(self, entry: bytes) -> None:
        """Appends one entry; what cannot be written whole is taken back and OSError raised."""
        view = memoryview(entry)
        written = 0
        try:
            with undisturbed():
                while written < len(entry):
                    written += os.write(self.lock, view[written:])
        except OSError:
            self._take_back()
            raise
        self.size += written
        self.records += 1

    def _take_back(self) -> None:
        try:
            os.ftruncate(self.lock, self.size)
        except OSError:
            self.damaged = True


def create(folder: Path, name: str) -> Segment:
    """A new locked segment. OSError where it cannot be made, FileExistsError where the name is taken."""
    path = folder / f"{name}{SUFFIX}"
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, _MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(descriptor, MAGIC)
    except BlockingIOError:
        os.close(descriptor)
        raise FileExistsError(errno.EEXIST, "another sidecar locked the segment while it was made", str(path)) from None
    except OSError:
        path.unlink(missing_ok=True)
        os.close(descriptor)
        raise
    if not _is_at(path, descriptor):
        os.close(descriptor)
        raise FileExistsError(errno.EEXIST, "another sidecar took the segment while it was made", str(path))
    return Segment(path, descriptor)


def claim(path: Path) -> int | None:
    """Locks a segment whose process is dead and returns the descriptor; None where somebody has it or had it."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if not _is_at(path, descriptor):
        os.close(descriptor)
        return None
    return descriptor


def gone(path: Path) -> bool:
    """Whether there is no such file; one that a fault of the disk hides is not gone."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def segments(folder: Path) -> Sequence[Path]:
    """All segments of a spool folder, oldest run first, those that are filed included."""
    return sorted(path for path in folder.glob("*") if path.suffix in {SUFFIX, FILED})


def prepare(records: Path) -> Path:
    """Makes the spool folder below `records` and proves that it can be written; raises UnusableRecords."""
    folder = records / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        proof = folder / f".writable-{os.getpid()}"
        proof.write_bytes(MAGIC)
        proof.unlink()
    except OSError as error:
        raise UnusableRecords(
            f"Records cannot be written to {records} ({error.strerror}); choose another folder or correct its rights."
        ) from error
    return folder


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether the path still names the file behind the descriptor: another sidecar may have finished with it."""
    try:
        there = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    here = os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
