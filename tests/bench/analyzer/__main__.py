"""`python -m tests.bench.analyzer`: measures an analysis beside a bare aggregate, pandas and polars."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from tests.bench import document, programs
from tests.bench.analyzer.rows import made
from tests.bench.analyzer.running import FLOOR, IMPORTS, OURS, ROOT, Figure, Run, commands, figures, measured
from tests.bench.analyzer.verdict import PLANTED, verdicts
from tests.bench.table import number, show_rows
from tests.bench.targets import Verdict

PAGE = ROOT / "docs" / "performance-analyzer.md"
TRACE = ROOT.parent / "shared" / "traces" / f"{PLANTED}.parquet"
HEAD = ("records", "program", "seconds", "× bare aggregate", "CPU seconds", "× its CPU", "peak MB", "rounds")
TARGETS = ("target", "at most", "measured", "")
_WORDS = {True: "met", False: "missed", None: "not measured"}
_WIDTH = 120


def main() -> int:
    """Runs the bench; returns the exit status."""
    told = _told()
    told.out.mkdir(parents=True, exist_ok=True)
    places = [made(told.out, rows * 1_000_000) for rows in told.millions]
    runs: list[Run] = []
    started = time.monotonic()
    for number_of in range(told.rounds):
        for place in places:
            for program, command in commands(told.out, peers=not told.no_peers).items():
                print(
                    f"{time.monotonic() - started:5.0f} s  round {number_of + 1}, {place.stem}, {program}", flush=True
                )
                runs.append(measured(program, command, place, number_of, told.out))
        runs += _planted(told, number_of)
    _report(told, figures(runs), runs)
    return 0


def _told() -> argparse.Namespace:
    parser = argparse.ArgumentParser("tests.bench.analyzer", description=__doc__)
    parser.add_argument("--millions", type=int, nargs="+", default=[10], help="millions of rows (10); 100 takes long")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the medians are told (3)")
    parser.add_argument("--no-peers", action="store_true", help="leave out pandas and polars")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "build" / "bench-analyzer", help="folder for rows and results"
    )
    parser.add_argument("--note", help="what else ran on the machine meanwhile, told beside the figures")
    parser.add_argument("--write", action="store_true", help="also write the run into docs/performance-analyzer.md")
    told = parser.parse_args()
    told.millions.sort()
    return told


def _planted(told: argparse.Namespace, number_of: int) -> list[Run]:
    """A small trace beside the checkout, where what is imported counts as well."""
    if not TRACE.exists():
        return []
    known = commands(told.out, peers=False)
    loading = [sys.executable, "-c", "import analyzer.cli"]
    every = {**known, IMPORTS: loading}
    return [measured(program, every[program], TRACE, number_of, told.out) for program in (IMPORTS, FLOOR, OURS)]


def _report(told: argparse.Namespace, found: Sequence[Figure], runs: Sequence[Run]) -> None:
    judged = verdicts(found, [millions * 1_000_000 for millions in told.millions])
    console = Console()
    console.width = max(console.width, _WIDTH)
    show_rows(console, "What an analysis costs", HEAD, _rows(found))
    show_rows(console, "Targets", TARGETS, [_target(each) for each in judged])
    machine = {**programs.machine(), **({"meanwhile": told.note} if told.note else {})}
    result = {
        "machine": machine,
        "figures": [asdict(each) for each in found],
        "targets": [{**asdict(each), "met": each.met} for each in judged],
        "runs": [asdict(run) for run in runs],
    }
    (told.out / "bench.json").write_text(json.dumps(result, indent=1) + "\n")
    if told.write:
        part = "-".join(str(millions) for millions in told.millions)
        text = f"{document.grid(HEAD, _rows(found))}\n\n"
        document.write(PAGE, text + document.measured(machine, TARGETS, [_target(each) for each in judged]), part)
        console.print(f"{PAGE} holds this run.")


def _rows(found: Sequence[Figure]) -> list[list[str]]:
    floors = {each.records: each for each in found if each.program == FLOOR}
    rows = []
    for each in found:
        floor = floors[each.records]
        times, work = number(each.wall / floor.wall), number(each.cpu / floor.cpu)
        wall = number(each.wall) if not each.failed else f"{number(each.wall)}, {each.failed} failed"
        rows.append(
            [each.records, each.program, wall, times, number(each.cpu), work, f"{each.peak_mb:,.0f}", str(each.rounds)]
        )
    return rows


def _target(verdict: Verdict) -> list[str]:
    measured_as = "–" if verdict.measured is None else number(verdict.measured)
    return [verdict.what, f"{number(verdict.limit)} {verdict.unit}".strip(), measured_as, _WORDS[verdict.met]]


if __name__ == "__main__":
    sys.exit(main())
