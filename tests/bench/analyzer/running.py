"""Programs run one after another, each as a process of its own, with what the kernel says of it."""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
FRAMES = ROOT / ".venv-frames" / "bin" / "python"
OURS, FLOOR, PANDAS, POLARS, IMPORTS = "analyze", "bare aggregate", "pandas", "polars", "imports"
MOST_BYTES = 20 << 30
FIRST_TO_END = "1000"


@dataclass(frozen=True, slots=True)
class Run:
    """One program over some records: seconds by the clock and of processors, the most memory in MB, its exit status.

    A program that ends well and writes no answer has the status -1.
    """

    program: str
    records: str
    round: int
    wall: float
    cpu: float
    peak_mb: float
    status: int


@dataclass(frozen=True, slots=True)
class Figure:
    """The medians of the rounds of one program over some records."""

    program: str
    records: str
    wall: float
    cpu: float
    peak_mb: float
    rounds: int
    failed: int


def commands(out: Path, *, peers: bool) -> Mapping[str, list[str]]:
    """What is run, by name; the records come last. The peers are left out where they are not installed or wanted."""
    found = {
        FLOOR: [sys.executable, str(HERE / "floor.py")],
        OURS: [
            str(Path(sys.executable).parent / "tokentide-analyzer"),
            "analyze",
            "--all",
            "--out",
            str(out / "analysis.json"),
        ],
    }
    if peers and FRAMES.exists():
        found[POLARS] = [str(FRAMES), str(HERE / "with_polars.py")]
        found[PANDAS] = [str(FRAMES), str(HERE / "with_pandas.py")]
    return found


def measured(program: str, command: Sequence[str], records: Path, number: int, out: Path) -> Run:
    """One run from start to end; what it prints goes to files in `out`."""
    name, answer = program.replace(" ", "-"), out / "analysis.json"
    answer.unlink(missing_ok=True)
    with (out / f"{name}.out").open("w") as said, (out / f"{name}.err").open("w") as wrong:
        started = time.monotonic()
        process = subprocess.Popen(
            [*command, str(records)],
            stdout=said,
            stderr=wrong,
            cwd=ROOT,
            preexec_fn=_bounded,  # noqa: PLW1509  no threads here
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)  # it is waited for
    silent = not answer.exists() if program == OURS else program != IMPORTS and not (out / f"{name}.out").stat().st_size
    return Run(
        program=program,
        records=records.stem,
        round=number,
        wall=wall,
        cpu=used.ru_utime + used.ru_stime,
        peak_mb=used.ru_maxrss / 1024,
        status=-1 if silent and not process.returncode else process.returncode,
    )


def _bounded() -> None:
    """A program that asks for more memory fails, or is ended first, instead of taking it from others."""
    Path("/proc/self/oom_score_adj").write_text(FIRST_TO_END)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))


def figures(runs: Sequence[Run]) -> list[Figure]:
    """The medians, in the order of the runs."""
    found = []
    for program, records in dict.fromkeys((run.program, run.records) for run in runs):
        rounds = [run for run in runs if (run.program, run.records) == (program, records)]
        good = [run for run in rounds if run.status == 0] or rounds
        middle = [statistics.median(getattr(run, name) for run in good) for name in ("wall", "cpu", "peak_mb")]
        found.append(Figure(program, records, *middle, len(rounds), sum(run.status != 0 for run in rounds)))
    return found
