"""Files as benchmarks write them, small."""

import json
from collections.abc import Mapping
from pathlib import Path

from analyzer.throughput.sweeps import BenchPoint
from analyzer.traces.sweeps import BENCHMARKS, Sweep, Told, read_sweep

SAID = Told(model="m", gpu="h100")


def written(path: Path, value: object) -> Path:
    """`value` as a JSON file at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return path


def read(name: str, *files: Path, told: Told = SAID) -> Sweep:
    """What the benchmark called `name` says in these files."""
    return read_sweep(BENCHMARKS[name], files, told)


def only(name: str, file: Path, told: Told = SAID) -> BenchPoint:
    """The one point of one file that is in order."""
    found = read(name, file, told=told)
    assert not found.unreadable, found.unreadable
    [point] = found.points
    return point


def reasons(name: str, *files: Path) -> Mapping[str, str]:
    """Why files were not read, by their names."""
    return {Path(one.path).name: one.reason for one in read(name, *files).unreadable}
