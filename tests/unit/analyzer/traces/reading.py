"""What a format makes of a file, as plain rows, for the tests of formats."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analyzer.traces.base import Format, Wishes

SHARED = Path(__file__).parents[5] / "shared"


@dataclass(frozen=True, slots=True)
class Seen:
    """All rows of a file, what was left out of it by reason, and the sentences about it with their rows."""

    rows: list[dict[str, Any]]
    left_out: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def column(self, name: str) -> list[Any]:
        return [row.get(name) for row in self.rows]


def seen(source: Format, path: Path, wishes: Wishes | None = None) -> Seen:
    found = Seen([])
    for batch in source.read(path, wishes or Wishes()):
        found.rows.extend(batch.rows.to_pylist())
        found.left_out.update(batch.left_out)
        found.notes.update({sentence: rows for sentence, rows in batch.notes.items() if rows})
    return found


def written(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path
