"""Files of one format become records: read, checked, sorted, written, summed up."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import BadSettings, UnreadableFile, UnreadableRecords
from analyzer.traces.base import Batch, Format, Wishes
from analyzer.traces.checking import Checked, checked
from analyzer.traces.fields import typed
from analyzer.traces.writing import write

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the files.

    `read` counts rows, `set_aside` those that are no record by reason, `models` the records of each model; `first` and
    `last` are the ends of the time span (`None` without a record). `notes` maps sentences to the rows they are about.
    """

    files: int
    read: int
    written: tuple[Path, ...]
    records: int
    set_aside: Mapping[str, int]
    first: datetime | None
    last: datetime | None
    models: Mapping[str, int]
    notes: Mapping[str, int]
    unreadable: tuple[UnreadableFile, ...]


@dataclass(slots=True)
class _Tally:
    """What has been read so far."""

    read: int = 0
    tables: list[pa.Table] = field(default_factory=list)
    set_aside: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def take(self, batch: Batch, found: Checked) -> None:
        """Count one batch and keep its rows."""
        self.read += batch.rows.num_rows + sum(batch.left_out.values())
        self.tables.append(typed(found.rows))
        self.set_aside.update(found.set_aside)
        self.set_aside.update(batch.left_out)
        self.notes.update(batch.notes)


def import_files(name: str, source: Format, files: Iterable[Path], wishes: Wishes, out: Path, now: int) -> Imported:
    """Import `files`, all of the format `source` that is called `name`, into records below `out`.

    `now` is in microseconds since the epoch. A file that cannot be read is named in the answer and the others are
    imported; raises `BadSettings` where wishes are missing or cannot be followed.
    """
    if source.relative and wishes.start is None:
        raise BadSettings(
            f"The times of {name} count from a start that the file does not hold: give it, as --start 2025-01-01T00:00."
        )
    tally, unreadable, digests = _Tally(), list[UnreadableFile](), list[str]()
    for path in dict.fromkeys(path.resolve() for path in files):
        before = len(tally.tables)
        try:
            _read(path, source, wishes, tally, now)
        except UnreadableRecords as error:
            del tally.tables[before:]
            unreadable.extend(error.files)
        else:
            digests.append(_digest(path))
    stem = f"{name}-{hashlib.sha256(''.join(sorted(digests)).encode()).hexdigest()[:12]}"
    return _summed_up(tally, unreadable, len(digests), out, stem)


def _read(path: Path, source: Format, wishes: Wishes, tally: _Tally, now: int) -> None:
    """Read one file into `tally`; rows without a model get the one asked for, or the file's name."""
    if not path.is_file():
        raise UnreadableRecords((UnreadableFile(str(path), "there is no such file"),))
    own = _Tally()
    for batch in source.read(path, wishes):
        own.take(batch, checked(_with_model(batch.rows, wishes.model, path), now))
        if "model" not in batch.rows.column_names and wishes.model is None:
            own.notes["no model is named, so that it is the file's name, --model says another"] += batch.rows.num_rows
    tally.read += own.read
    tally.tables.extend(own.tables)
    tally.set_aside.update(own.set_aside)
    tally.notes.update(own.notes)


def _with_model(rows: pa.Table, model: str | None, path: Path) -> pa.Table:
    if "model" not in rows.column_names:
        return rows.append_column("model", _repeated(model or path.name.partition(".")[0], rows.num_rows))
    if model is None:
        return rows
    place = rows.column_names.index("model")
    return rows.set_column(place, "model", pc.fill_null(rows.column("model"), model))


def _repeated(value: str, rows: int) -> pa.Array:
    return pa.array([value], pa.string()).take(pa.array([0], pa.int32()).take(pa.nulls(rows, pa.int32()).fill_null(0)))


def _digest(path: Path) -> str:
    """What a file holds, as a name: importing it again replaces the records of the first time."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _summed_up(tally: _Tally, unreadable: Sequence[UnreadableFile], files: int, out: Path, stem: str) -> Imported:
    rows = pa.concat_tables(tally.tables, promote_options="default") if tally.tables else None
    paths = write(rows, out, stem) if rows is not None and rows.num_rows else ()
    first = last = None
    models: dict[str, int] = {}
    if rows is not None and rows.num_rows:
        ends = pc.min_max(rows.column("timestamp").cast(pa.int64())).as_py()
        first, last = (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=ends[key]) for key in ("min", "max"))
        models = {one["values"]: one["counts"] for one in pc.value_counts(rows.column("model")).to_pylist()}
    return Imported(
        files=files,
        read=tally.read,
        written=paths,
        records=0 if rows is None else rows.num_rows,
        set_aside=dict(sorted(tally.set_aside.items())),
        first=first,
        last=last,
        models=dict(sorted(models.items(), key=lambda item: (-item[1], item[0]))),
        notes=dict(tally.notes),
        unreadable=tuple(unreadable),
    )
