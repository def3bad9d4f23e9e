"""What a format is: something that reads a file of another tool as columns of records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from analyzer.errors import UnreadableFile, UnreadableRecords


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user says about the files.

    `timezone` is the IANA name of the clock of times without an offset (UTC where `None`), `start` the moment from
    which relative times count in microseconds since the epoch, `unit` that of times that are numbers (`s`, `ms`, `us`,
    `ns`, or `iso`), `model` the name of rows that name none, `columns` the source's name of a column of the record.
    """

    timezone: str | None = None
    start: int | None = None
    unit: str | None = None
    model: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a file: columns of the record by name, all of one length, and what the user should hear of them.

    `timestamp` is timestamp[us, UTC]; what could not be read is null. `left_out` counts by reason the rows that are not
    in it, such as a line that is no JSON. `notes` maps a sentence to the number of rows that it is about.
    """

    rows: pa.Table
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)


UNREADABLE_ROW = "unreadable_row"


class Format(Protocol):
    """How one tool writes down requests.

    `relative` says that its times count from a start that only the user knows. `read` yields a file's rows in the order
    of the file; it raises `UnreadableRecords` for a file that is not of the format, and `BadSettings` for wishes that
    it cannot follow.
    """

    @property
    def relative(self) -> bool:
        """Whether its times count from a start that only the user knows."""
        ...

    def read(self, path: Path, wishes: Wishes) -> Iterator[Batch]:
        """The rows of one file."""
        ...


def unreadable(path: Path, reason: str) -> UnreadableRecords:
    """The error for one file that is not of its format; `reason` is a clause without a full stop."""
    return UnreadableRecords((UnreadableFile(str(path), reason),))
