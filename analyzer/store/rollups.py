"""Counts of hours that are over, kept as small Parquet files, so that their records are read once."""

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from pyarrow import parquet

from analyzer.errors import BadSettings
from analyzer.shape import Thresholds
from analyzer.store.counting import Hours
from analyzer.store.passes import filled
from analyzer.store.queries import look, query
from analyzer.store.survey import Row
from analyzer.window import HOUR_US

VERSION = 1
WHOLE_HOURS = ((0, 0),)  # the phases of all zones whose hours begin with those of UTC
_SURVEY = b"survey"
_COLUMNS = ("model", "hour", "side", "value", "requests")


@dataclass(frozen=True, slots=True)
class Rolled:
    """The records of some files, counted: what survey.sql says of them, and the counts of each hour by model.

    `first` and `last` are arrivals in microseconds since the epoch.
    """

    files: tuple[Path, ...]
    rows: tuple[Row, ...]
    counts: pa.Table

    @property
    def first(self) -> int:
        """The first arrival."""
        return min(int(row["first"] or 0) for row in self.rows)

    @property
    def last(self) -> int:
        """The last arrival."""
        return _last(self.rows)

    def fill(self, hours: Mapping[str, Hours], start: int, end: int) -> None:
        """Add the counts of the hours that begin at `start` or later and before `end` to those of their model."""
        columns = [self.counts.column(name).to_numpy() for name in _COLUMNS[1:]]
        models = self.counts.column("model").combine_chunks().dictionary_encode()
        numbers = models.indices.to_numpy()
        for number, model in enumerate(models.dictionary.to_pylist()):
            inside = (numbers == number) & (columns[0] >= start) & (columns[0] < end)
            if model in hours and inside.any():
                hours[model].take(*(column[inside] for column in columns))


class Rollups:
    """A folder of roll-ups, made with one pair of thresholds; a file that has changed finds none of its own."""

    __slots__ = ("_folder", "_thresholds")

    def __init__(self, folder: Path, thresholds: Thresholds) -> None:
        """Nothing is read or written before it is asked for."""
        self._folder = folder
        self._thresholds = thresholds

    def rolled(self, connection: duckdb.DuckDBPyConnection, files: Iterable[Path]) -> tuple[Rolled, ...]:
        """The roll-ups of those of `files` that are over, counted now where they were not before.

        Over is what ends before the hour of the newest record. What cannot be read, or has rows without a usable time,
        is not rolled up. Raises `BadSettings` where the folder cannot be written.
        """
        groups = _groups(files)
        known = {place: self._read(group) for place, group in groups.items()}
        rows = {place: look(connection, group) for place, group in groups.items() if known[place] is None}
        usable = {place: found for place, found in rows.items() if not isinstance(found, str) and _timely(found)}
        lasts = [one.last for one in known.values() if one is not None] + [_last(found) for found in usable.values()]
        newest = max(lasts, default=0) // HOUR_US * HOUR_US
        fresh = [
            self._counted(connection, groups[place], found) for place, found in usable.items() if _last(found) < newest
        ]
        return tuple(one for one in (*known.values(), *fresh) if one is not None and one.last < newest)

    def _counted(self, connection: duckdb.DuckDBPyConnection, files: Sequence[Path], rows: Sequence[Row]) -> Rolled:
        look(connection, files)
        names = sorted(str(row["model"]) for row in rows if row["model"] is not None)
        hours = filled(_everything(connection, names, self._thresholds), WHOLE_HOURS, {})
        parts = [(names[number], one.kept()) for number, one in sorted(hours.items())]
        columns = [
            pa.array([name for name, kept in parts for _ in range(len(kept[0]))], pa.string()),
            *(
                pa.array(np.concatenate([np.zeros(0, np.int64), *(kept[place] for _, kept in parts)]))
                for place in range(4)
            ),
        ]
        rolled = Rolled(tuple(files), tuple(rows), pa.table(columns, list(_COLUMNS)))
        self._write(rolled)
        return rolled

    def _write(self, rolled: Rolled) -> None:
        final = self._place(rolled.files)
        hidden = final.with_name(f".{final.name}.partial")
        told = rolled.counts.replace_schema_metadata({_SURVEY: json.dumps(rolled.rows).encode()})
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            parquet.write_table(told, hidden, compression="zstd")
            hidden.rename(final)
        except OSError as error:
            raise BadSettings(f"--rollups {self._folder} cannot be written: {error.strerror}.") from error

    def _read(self, files: Sequence[Path]) -> Rolled | None:
        """What was kept of `files` as they are now; a roll-up that is damaged is as good as none."""
        with contextlib.suppress(OSError, pa.ArrowException, KeyError, ValueError):
            table = parquet.read_table(self._place(files), partitioning=None)
            return Rolled(tuple(files), tuple(json.loads(table.schema.metadata[_SURVEY])), table.select(_COLUMNS))
        return None

    def _place(self, files: Sequence[Path]) -> Path:
        """Where the roll-up of `files` is, named by everything that it depends on."""
        about = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
        whole = json.dumps([VERSION, self._thresholds.isl, self._thresholds.osl, about])
        return self._folder / f"{hashlib.sha256(whole.encode()).hexdigest()[:32]}.parquet"


def _everything(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], thresholds: Thresholds
) -> pa.RecordBatchReader:
    """All rows of `names` that count."""
    connection.execute(query("models"))
    for number, name in enumerate(names):
        connection.execute("INSERT INTO models VALUES (?, ?, NULL, NULL)", [name, number])
    for variable, value in (("start", 0), ("end", 2**62)):
        connection.execute(f"SET VARIABLE window_{variable} = {value:d}::BIGINT")
    for variable, value in (("isl", thresholds.isl), ("osl", thresholds.osl)):
        connection.execute(f"SET VARIABLE long_{variable} = {value:d}::BIGINT")
    connection.execute(query("traffic"))
    return connection.sql(query("counted")).to_arrow_reader()


def _groups(files: Iterable[Path]) -> dict[Path, list[Path]]:
    """What is rolled up together: the files of one of the sidecar's folders of an hour, any other file by itself."""
    groups: dict[Path, list[Path]] = {}
    for path in sorted(files):
        groups.setdefault(path.parent if path.parent.name.startswith("hour=") else path, []).append(path)
    return groups


def _timely(rows: Sequence[Row]) -> bool:
    """Whether there are rows, and each has a time that can be used."""
    return bool(rows) and not any(row["untimely"] for row in rows)


def _last(rows: Sequence[Row]) -> int:
    return max(int(row["last"] or 0) for row in rows)
