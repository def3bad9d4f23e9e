"""The command `size`: the sizing questions without records."""

import argparse
import json
import math
import sys
from pathlib import Path

from analyzer import engine, profiles
from analyzer.advise.capacity import Peak, StatedCapacity
from analyzer.advise.prices import Prices, Traffic
from analyzer.advise.sized import CapacityAdvice, Objectives
from analyzer.advise.sizing import advice
from analyzer.advise.sizing.fleets import Demanded
from analyzer.advise.sizing.mix import of_point
from analyzer.advise.sizing.question import Sizing
from analyzer.analysis import capacity_as_json
from analyzer.cli import price_list, size_table, step_times
from analyzer.cli.durations import milliseconds
from analyzer.engine import Gpu, Model
from analyzer.errors import AnalyzerError, BadSettings, Unreachable
from analyzer.profiles import ProfileSettings

NAME = "size"
SPREAD = 0.5  # of real traffic one rarely sees less; constant lengths would make every percentile too good
DAY_HOURS = 24


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `size` with its options to the commands of the program."""
    command = commands.add_parser(NAME, help="say how many GPUs, running what, without records")
    add = command.add_argument
    add("--model", metavar="M", help="a model's name, or the path of its config.json; that of the profile unless given")
    add("--gpu", metavar="G", help="a GPU's name, such as h100; that of the profile unless given")
    add("--isl", metavar="N", type=int, required=True, help="mean input tokens of a request")
    add("--osl", metavar="N", type=int, required=True, help="mean output tokens of a request")
    add("--rps", metavar="R", type=float, required=True, help="requests per second in the busiest time")
    add("--ttft", metavar="D", help="the time to the first token that is promised, such as 500ms")
    add("--itl", metavar="D", help="the mean time between tokens of a request that is promised, such as 50ms")
    add("--e2e", metavar="D", help="the time to the last token that is promised, such as 10s")
    add("--percentile", metavar="P", type=float, default=95.0, help="of the requests that keep it; 95 unless given")
    add("--profile", type=Path, metavar="FILE", help="a TOML file with the knobs, instead of choosing them")
    add("--throughput", type=Path, metavar="FILE", help="a table made by sweep, instead of a model of the engine")
    add("--json", action="store_true", help="print the capacity object as JSON")
    add("--debug", action="store_true", help="show the traceback of an error")


def run(options: argparse.Namespace) -> AnalyzerError | None:
    """Size, print the answer, and answer the error to end with where no number of GPUs keeps the objectives."""
    _check(options)
    objectives = Objectives(
        ttft_ms=milliseconds("--ttft", options.ttft),
        itl_ms=milliseconds("--itl", options.itl),
        e2e_ms=milliseconds("--e2e", options.e2e),
        percentile=options.percentile,
    )
    prices = price_list.load(None)
    sizing = _question(options, objectives, prices)
    mix = of_point(options.isl, options.osl, SPREAD)
    found = advice.advise(
        sizing,
        mix,
        demanded(options, prices),
        StatedCapacity(rps_per_replica=1, gpus_per_node=sizing.gpu.gpus_per_node),
    )
    if found.advice is None:
        if options.json:
            sys.stdout.write("null\n")
        return Unreachable(found.sentence)
    if options.json:
        said = capacity_as_json(found.advice) | {"sentence": found.sentence}
        sys.stdout.write(json.dumps(said, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
        return None
    sys.stdout.write(_page(found.advice, sizing, options, found.sentence))
    return None


def _page(found: CapacityAdvice, sizing: Sizing, options: argparse.Namespace, sentence: str) -> str:
    share = sizing.prices.assumptions.busy_hour_share
    mean = _mean_rps(options.rps, share)
    asked = size_table.Asked(sizing.model.name, sizing.gpu.title, options.isl, options.osl, options.rps, mean, share)
    return size_table.page(found, asked, sentence)


def _check(options: argparse.Namespace) -> None:
    mistakes = [
        f"--{name} {getattr(options, name):g} is no number above zero."
        for name in ("isl", "osl", "rps")
        if not 0 < getattr(options, name) < math.inf
    ]
    if not 1 <= options.percentile < 100:
        mistakes.append(f"--percentile {options.percentile:g} is not between 1 and 100: give 95 or 99.")
    if mistakes:
        raise BadSettings("\n".join(mistakes))


def _question(options: argparse.Namespace, objectives: Objectives, prices: Prices) -> Sizing:
    path = options.profile
    said = None if path is None else profiles.read(path)
    model, gpu = _asked_about(options, said)
    fixed = None if said is None else step_times.profile(said, model, gpu, str(path))
    if options.isl + options.osl > model.max_positions:
        raise BadSettings(
            f"{model.name} takes at most {model.max_positions:,} tokens, and --isl and --osl ask for "
            f"{options.isl + options.osl:,} on average: shorten them, or take a model with a longer context."
        )
    return Sizing(
        model=model,
        gpu=gpu,
        objectives=objectives,
        times=step_times.source(model, gpu, options.throughput),
        prices=prices,
        fixed=fixed,
    )


def _asked_about(options: argparse.Namespace, said: ProfileSettings | None) -> tuple[Model, Gpu]:
    """The model and the GPU of the options, or else of the profile."""
    model = options.model or (None if said is None else said.model)
    gpu = options.gpu or (None if said is None else said.gpu)
    if model is None or gpu is None:
        raise BadSettings("It takes --model and --gpu, or a --profile that names both.")
    return step_times.model(model), engine.gpu(gpu)


def _mean_rps(peak: float, busy_share: float) -> float:
    """The mean rate over a day whose busiest hour has the rate `peak` and the share `busy_share` of its requests."""
    return peak / (DAY_HOURS * busy_share)


def demanded(options: argparse.Namespace, prices: Prices) -> Demanded:
    """The load: the peak as given, and a day whose busiest hour has a stated share of its requests."""
    mean = _mean_rps(options.rps, prices.assumptions.busy_hour_share)
    return Demanded(
        peak=Peak(options.rps, f"the peak of {options.rps:g} requests/s is given"),
        traffic=Traffic(mean, options.isl, options.osl),
        busy_hour_rps=options.rps,
    )
