"""Tables of step times over lengths, batches and contexts, kept as Parquet so that who has one needs nothing else."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from analyzer.engine import NumberFormat, StepTimes
from analyzer.throughput import fitting
from analyzer.throughput.fitting import Fit

Floats = NDArray[np.float64]
PREFILL, DECODE, MIXED = 0, 1, 2
COLUMNS = ("kind", "prompt_tokens", "batch", "context", "ms")


@dataclass(frozen=True, slots=True)
class GridKey:
    """What a grid holds for: a model, system and engine by the names of the tables, and how the engine runs it."""

    model: str
    system: str
    engine: str
    version: str
    tp: int
    pp: int
    weights: NumberFormat
    kv_cache: NumberFormat

    @property
    def file_name(self) -> str:
        """The name of the grid's file, from which everything but the version can be found again."""
        return f"{self.stem}-{_plain(self.version)}.parquet"

    @property
    def stem(self) -> str:
        """The file name up to the version."""
        parts = (self.model, self.system, f"tp{self.tp}-pp{self.pp}", f"{self.weights}-{self.kv_cache}", self.engine)
        return "_".join(_plain(part) for part in parts)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Step times in milliseconds, one entry each.

    `kind` is PREFILL (one prompt of `prompt_tokens`), DECODE (one token for each of `batch` requests with `context`
    tokens) or MIXED (both at once).
    """

    key: GridKey
    kind: NDArray[np.int64]
    prompt_tokens: Floats
    batch: Floats
    context: Floats
    ms: Floats

    @classmethod
    def of(cls, key: GridKey, rows: Iterable[tuple[int, float, float, float, float]]) -> "Grid":
        """A grid from (kind, prompt tokens, batch, context, milliseconds)."""
        table = np.array(list(rows), dtype=np.float64).reshape(-1, len(COLUMNS))
        return cls(key, table[:, 0].astype(np.int64), *(table[:, column] for column in range(1, 5)))


@dataclass(frozen=True, slots=True)
class GridFit:
    """The step times of a grid, and by how much they are off at its points, at most and in the median, as shares."""

    times: StepTimes
    prefill: tuple[float, float]
    decode: tuple[float, float]
    mixed: tuple[float, float]


def fit(grid: Grid, most: int, pool_tokens: float) -> GridFit:
    """The step times that are nearest to the grid, over batches up to `most` that a cache of `pool_tokens` holds.

    A prompt in a step that decodes may compute while the weights are read, or not: what is nearer to the mixed steps.
    """
    held = (grid.batch <= max(most, 8)) & (grid.batch * grid.context <= max(pool_tokens, 20_000))
    read, write, both = ((grid.kind == kind) & held for kind in (PREFILL, DECODE, MIXED))
    prompt = fitting.prefill(grid.prompt_tokens[read], grid.ms[read])
    a0, a1, a2 = prompt.coefficients
    step = fitting.decode(grid.batch[write], (grid.batch * grid.context)[write], grid.ms[write])
    b0, b1, b2 = step.coefficients
    alone = StepTimes(a0, a1, a2, b0, b1, b2)
    mixed, overlap = min(
        (_mixed(grid, both, alone, hidden) for hidden in (0.0, b0)), key=lambda one: one[0].median_error
    )
    return GridFit(
        times=replace(alone, m0=mixed.coefficients[0], overlap_ms=overlap),
        prefill=(prompt.max_error, prompt.median_error),
        decode=(step.max_error, step.median_error),
        mixed=(mixed.max_error, mixed.median_error),
    )


def _mixed(grid: Grid, rows: NDArray[np.bool_], alone: StepTimes, hidden: float) -> tuple[Fit, float]:
    """What a step that reads and writes takes besides, if `hidden` milliseconds of reading weights are computed in."""
    times = replace(alone, overlap_ms=hidden)
    new, batch = grid.prompt_tokens[rows], grid.batch[rows]
    steps = zip(batch, batch * grid.context[rows], new, strict=True)
    known = np.array([times.mixed_ms(b, kv_tokens, 1, x, x * x) for b, kv_tokens, x in steps])
    return fitting.fitted((np.ones_like(new),), grid.ms[rows], known=known), hidden


def write(grid: Grid, folder: Path) -> Path:
    """Keep `grid` in `folder`, which is made; the file appears only when it is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = (grid.kind.astype(np.int8), grid.prompt_tokens, grid.batch, grid.context, grid.ms)
    table = pa.table(dict(zip(COLUMNS, columns, strict=True)))
    path = folder / grid.key.file_name
    partial = path.with_suffix(".partial")
    parquet.write_table(table, partial)
    partial.replace(path)
    return path


def read(key: GridKey, folder: Path) -> Grid | None:
    """The grid for `key` in `folder`: of its version, else of the last one in order of name; `None` where none is.

    A file that cannot be read counts as none.
    """
    path = folder / key.file_name
    if not path.is_file():
        others = sorted(folder.glob(f"{key.stem}-*.parquet"))
        if not others:
            return None
        path = others[-1]
    try:
        table = parquet.read_table(path, columns=list(COLUMNS))
    except (pa.ArrowException, OSError):
        return None
    columns = [np.asarray(table.column(name).to_numpy()) for name in COLUMNS]
    found = replace(key, version=path.stem.removeprefix(f"{key.stem}-"))
    return Grid(found, columns[0].astype(np.int64), *(each.astype(np.float64) for each in columns[1:]))


def _plain(part: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "-", part)
