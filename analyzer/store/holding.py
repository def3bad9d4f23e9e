"""Which files are read for which window: those with rolled up hours only where the rows themselves are needed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from analyzer.errors import UnreadableFile, UnreadableRecords
from analyzer.store.queries import look, view
from analyzer.store.rollups import Rolled, Rollups
from analyzer.store.survey import Row, Survey, survey


@dataclass(frozen=True, slots=True)
class Holding:
    """All records that can be read: `files` whose rows are always looked at, roll-ups of others, the survey of all."""

    files: tuple[Path, ...]
    rolled: tuple[Rolled, ...]
    survey: Survey

    def show(self, connection: duckdb.DuckDBPyConnection, start: int, end: int) -> None:
        """Let the queries see the rows that came at `start` or later and before `end`, and maybe others."""
        if self.rolled:
            inside = [path for one in self.rolled if one.first < end and one.last >= start for path in one.files]
            view(connection, [*self.files, *inside])


def held(
    connection: duckdb.DuckDBPyConnection, files: Iterable[Path], lasting: Iterable[Path], rollups: Rollups | None
) -> tuple[tuple[UnreadableFile, ...], Holding]:
    """What `files` hold, and those whose end is fine and whose inside is not.

    Only the `lasting` ones of `files` are rolled up, others are copies for this time. Raises `UnreadableRecords` where
    files that can be read alone do not go together.
    """
    every = [*files]
    rolled = rollups.rolled(connection, lasting) if rollups is not None else ()
    known = {path for one in rolled for path in one.files}
    damaged, sound, rows = _looked(connection, [path for path in every if path not in known])
    rows = [*rows, *(row for one in rolled for row in one.rows)]
    return damaged, Holding(tuple(sound), rolled, survey(rows))


def _looked(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path]
) -> tuple[tuple[UnreadableFile, ...], Sequence[Path], Sequence[Row]]:
    """The damaged files, the sound ones and what those hold; one by one only if all at once fails."""
    found = look(connection, files)
    if not isinstance(found, str):
        return (), files, found
    failures = {path: failure for path in files if isinstance(failure := look(connection, [path]), str)}
    sound = [path for path in files if path not in failures]
    rows = look(connection, sound)
    if isinstance(rows, str):
        reason = f"it does not go together with the others ({rows})"
        raise UnreadableRecords(tuple(UnreadableFile(str(path), reason) for path in sound))
    return tuple(UnreadableFile(str(path), f"it is damaged ({why})") for path, why in failures.items()), sound, rows
