"""The finished Parquet files of a records folder: which are ours, how large and how old, and which were uploaded."""

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

MARKS: Final = ".uploaded"
_LOCK: Final = ".lock"
_DATE: Final = re.compile(r"date=(\d{4}-\d\d-\d\d)")
_HOUR: Final = re.compile(r"hour=([01]\d|2[0-3])")
_FILE: Final = re.compile(r"[^.].*-\d+-\d{6,}\.parquet")
_HOUR_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Filed:
    """A finished file: `place` below the records folder, size in bytes, and when its hour ends (Unix seconds)."""

    place: str
    size: int
    hour_ends: int


def files(records: Path) -> Sequence[Filed]:
    """Everything that has the place and the name of a file of ours, oldest hour first; links are not followed."""
    found: list[Filed] = []
    for date in _folders(records, _DATE):
        for hour in _folders(records / date, _HOUR):
            ends = _hour_ends(date, hour)
            if ends is not None:
                found += _files(records, f"{date}/{hour}", ends)
    return sorted(found, key=lambda filed: (filed.hour_ends, filed.place))


def remove(records: Path, filed: Filed) -> None:
    """Deletes a file, its mark, and the folders that are empty then. Raises OSError."""
    path = records / filed.place
    path.unlink(missing_ok=True)
    _mark(records, filed.place).unlink(missing_ok=True)
    for folder in (path.parent, path.parent.parent, *_mark(records, filed.place).parents[:2]):
        with contextlib.suppress(OSError):
            folder.rmdir()


def mark(records: Path, filed: Filed) -> None:
    """Remembers that a file was uploaded as it is now. Raises OSError."""
    path = _mark(records, filed.place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(filed.size), encoding="ascii")


def uploaded_at(records: Path, filed: Filed) -> float | None:
    """When a file of this size was uploaded (Unix seconds), or None where it was not."""
    path = _mark(records, filed.place)
    try:
        return path.stat().st_mtime if path.read_bytes() == str(filed.size).encode() else None
    except OSError:
        return None


@contextlib.contextmanager
def alone(records: Path) -> Iterator[bool]:
    """Whether no other sidecar looks after this folder meanwhile. Raises OSError."""
    (records / MARKS).mkdir(parents=True, exist_ok=True)
    descriptor = os.open(records / MARKS / _LOCK, os.O_CREAT | os.O_RDWR, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _folders(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [each.name for each in entries if pattern.fullmatch(each.name) and _is_folder(each)]
    except FileNotFoundError:
        return []


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    return entry.is_dir(follow_symlinks=False)


def _files(records: Path, folder: str, ends: int) -> Iterator[Filed]:
    with contextlib.suppress(FileNotFoundError), os.scandir(records / folder) as entries:
        for each in entries:
            if _FILE.fullmatch(each.name) and each.is_file(follow_symlinks=False):
                with contextlib.suppress(FileNotFoundError):
                    yield Filed(f"{folder}/{each.name}", each.stat().st_size, ends)


def _hour_ends(date: str, hour: str) -> int | None:
    try:
        begins = datetime.strptime(f"{date[5:]} {hour[5:]}", "%Y-%m-%d %H").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(begins.timestamp()) + _HOUR_SECONDS


def _mark(records: Path, place: str) -> Path:
    return records / MARKS / f"{place}.size"
