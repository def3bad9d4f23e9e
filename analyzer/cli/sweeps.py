"""The command `sweep`: results of benchmarks become one throughput table."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from analyzer import profiles
from analyzer.errors import AnalyzerError, NoTraffic, UnreadableRecords
from analyzer.throughput.sweeps import BenchPoint, Figures, setup, table
from analyzer.traces.sweeps import BENCHMARKS, Told, read_sweep

HEADS = ("load", "req/s", "ISL", "OSL", "at once", "TTFT ms", "p95", "ITL ms", "p95", "E2E ms")
UNKNOWN = "–"


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `sweep` with its options to the commands of the program."""
    command = commands.add_parser("sweep", help="turn results of benchmarks into one throughput table")
    add = command.add_argument
    add("format", metavar="FORMAT", choices=[*BENCHMARKS], help=f"{', '.join(BENCHMARKS)}; see docs/sweeps.md")
    add("files", nargs="+", metavar="FILE", help="what the benchmark wrote; more than one of a format")
    add("--out", type=Path, metavar="FILE", required=True, help="the table to write, a Parquet file")
    add("--model", metavar="M", help="the model that was measured, before what the files say")
    add("--gpu", metavar="G", help="the GPU it ran on")
    add("--n-gpu", type=_count, metavar="N", help="all GPUs behind the endpoint; tp x pp unless given")
    add("--tp", type=_count, metavar="N", help="tensor parallelism of a replica")
    add("--pp", type=_count, metavar="N", help="pipeline parallelism of a replica")
    add("--backend", metavar="ENGINE", help="the engine")
    add("--engine-version", metavar="V", help="its version")
    add("--profile", type=Path, metavar="FILE", help="a serving profile that says all of these, where no option does")
    add("--quant", metavar="Q", help="the number format of the weights: bf16, fp8, int8, int4, nvfp4")
    add("--isl", type=_tokens, metavar="N", help="the input tokens of a request on average, as the engine counts them")
    add("--osl", type=_tokens, metavar="N", help="the output tokens of an answer on average, as the engine counts them")
    add("--debug", action="store_true", help="show the traceback of an error")


def run(options: argparse.Namespace) -> AnalyzerError | None:
    """Read, write the table, print its points, and answer the error to end with."""
    told = _told(options)
    found = read_sweep(BENCHMARKS[options.format], [Path(file) for file in options.files], told)
    if found.points:
        table.write(found.points, options.out)
        sys.stdout.writelines(f"{line}\n" for line in _lines(found.points, options.out))
    sys.stderr.writelines(f"tokentide-analyzer: {note}\n" for note in found.notes)
    if found.unreadable:
        error = UnreadableRecords(found.unreadable)
        if found.points:
            error.args = (f"{error}\nThe other files were read, and the table is without the ones above.",)
        return error
    return None if found.points else NoTraffic(f"{', '.join(options.files)}: no run of a benchmark is in there.")


def _told(options: argparse.Namespace) -> Told:
    """What the options say, and where they say nothing what the profile does."""
    said = Told(
        model=options.model,
        gpu=options.gpu,
        n_gpu=options.n_gpu,
        tp=options.tp,
        pp=options.pp,
        backend=options.backend,
        version=options.engine_version,
        quant=options.quant,
        isl=options.isl,
        osl=options.osl,
    )
    if options.profile is None:
        return said
    profile = profiles.load(options.profile)
    return replace(
        said,
        model=said.model or profile.model,
        gpu=said.gpu or profile.gpu,
        tp=said.tp or profile.tp,
        pp=said.pp or profile.pp,
        backend=said.backend or profile.engine,
        version=said.version or profile.engine_version,
        quant=said.quant or profile.weights,
    )


def _lines(points: tuple[BenchPoint, ...], out: Path) -> Iterator[str]:
    for one in dict.fromkeys(setup(point) for point in points):
        rows = [HEADS, *(_row(point) for point in points if setup(point) == one)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
        yield f"{one}:"
        yield from ("  ".join(t.rjust(w) for t, w in zip(row, widths, strict=True)).rstrip() for row in rows)
    yield f"written    {len(points):,} point{'' if len(points) == 1 else 's'} to {out}"


def _row(point: BenchPoint) -> tuple[str, ...]:
    unit = {"rate": "/s", "concurrency": " at once", None: ""}[point.load_kind]
    load = UNKNOWN if point.load is None else f"{point.load:g}{unit}"
    numbers = (point.rps, point.isl_mean, point.osl_mean, point.conc)
    return (load, *(_number(each) for each in numbers), *_both(point.ttft), *_both(point.itl), _number(point.e2e.mean))


def _both(figures: Figures) -> tuple[str, str]:
    return _number(figures.mean), _number(figures.p95)


def _number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.4g}"


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("it must be 1 or more")
    return value


def _tokens(text: str) -> float:
    value = float(text)
    if not 0 < value < 1 << 24:
        raise argparse.ArgumentTypeError("it must be a number of tokens above 0")
    return value
