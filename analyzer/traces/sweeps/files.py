"""Files of a benchmark, one after the other, with those that are none named."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from analyzer.errors import UnreadableFile, UnreadableRecords
from analyzer.throughput.sweeps.point import Figures
from analyzer.traces.base import unreadable
from analyzer.traces.nested import at, number
from analyzer.traces.sweeps.base import Heard, Run


def each(paths: Sequence[Path], read: Callable[[Path], Iterable[Run]], notes: Sequence[str] = ()) -> Heard:
    """What `read` finds in every file; a file for which it raises `UnreadableRecords` is named in the answer."""
    runs: list[Run] = []
    failed: list[UnreadableFile] = []
    for path in paths:
        try:
            if not path.is_file():
                raise unreadable(path, "there is no such file")
            runs.extend(read(path))
        except UnreadableRecords as error:
            failed.extend(error.files)
    return Heard(tuple(runs), notes, tuple(failed))


def figures(value: object, names: tuple[str, str, str, str], factor: float = 1.0) -> Figures:
    """Mean, p50, p95 and p99 from an object that calls them `names`, times `factor` to be milliseconds."""
    found = (number(at(value, *name.split("/"))) for name in names)
    return Figures(*(None if each is None else each * factor for each in found))
