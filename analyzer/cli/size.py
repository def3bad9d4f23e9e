"""The command `size`: the sizing questions without records."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from analyzer import emit
from analyzer.advise.capacity import StatedCapacity
from analyzer.advise.sized import CapacityAdvice
from analyzer.advise.sizing import advice
from analyzer.advise.sizing.mix import of_point
from analyzer.advise.sizing.question import Candidate, Sizing
from analyzer.analysis import capacity_as_json
from analyzer.cli import advice_files, price_list, size_question, size_table
from analyzer.cli.size_question import ENGINES, FORMATS, Load
from analyzer.engine import ServingProfile
from analyzer.errors import AnalyzerError, Unreachable

NAME = "size"
SPREAD = 0.5  # of real traffic one rarely sees less; constant lengths would make every percentile too good


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `size` with its options to the commands of the program."""
    command = commands.add_parser(NAME, help="say how many GPUs, running what, without records")
    add = command.add_argument
    add("--model", metavar="M", help="a model's name, or the path of its config.json; that of the profile unless given")
    add("--gpu", metavar="G", help="a GPU's name, such as h100; that of the profile unless given")
    add("--isl", metavar="N", required=True, help="mean input tokens of a request")
    add("--osl", metavar="N", required=True, help="mean output tokens of a request")
    add("--rps", metavar="R", required=True, help="requests per second in the busiest time")
    add("--ttft", metavar="D", help="the time to the first token that is promised, such as 500ms")
    add("--itl", metavar="D", help="the mean time between tokens of a request that is promised, such as 50ms")
    add("--e2e", metavar="D", help="the time to the last token that is promised, such as 10s")
    add("--percentile", metavar="P", default="95", help="of the requests that keep it; 95 unless given")
    add("--profile", type=Path, metavar="FILE", help="a TOML file with the knobs, instead of choosing them")
    add("--engine", choices=ENGINES, help="the engine whose settings are chosen; vllm unless given")
    add("--weights", choices=FORMATS, metavar="F", help=f"the weights' number format: {', '.join(FORMATS)}")
    add("--kv-cache", choices=FORMATS, metavar="F", help="the KV cache's number format")
    add("--max-model-len", metavar="N", help="the most tokens of a request, input and output; the model's unless given")
    add("--n-plus-one", action="store_true", help="one replica to spare")
    add("--prices", type=Path, metavar="FILE", help="a TOML file with prices, instead of the examples")
    add("--throughput", type=Path, metavar="FILE", help="a table made by sweep, instead of a model of the engine")
    add("--emit", type=Path, metavar="DIR", help="write the advice as files of engines and clusters here")
    add("--json", action="store_true", help="print the capacity object as JSON")
    add("--debug", action="store_true", help="show the traceback of an error")


def run(options: argparse.Namespace) -> AnalyzerError | None:
    """Size, print the answer, and answer the error to end with where no number of GPUs keeps the objectives."""
    asked = size_question.load(options)
    prices = price_list.load(options.prices)
    sizing = size_question.question(options, asked, prices)
    wanted = StatedCapacity(rps_per_replica=1, gpus_per_node=sizing.gpu.gpus_per_node, n_plus_one=options.n_plus_one)
    load = size_question.demanded(asked, prices)
    found = advice.advise(sizing, of_point(asked.isl, asked.osl, SPREAD), load, wanted)
    if found.advice is None or found.best is None:
        if options.json:
            sys.stdout.write("null\n")
        return Unreachable(found.sentence)
    _hand_over(found.advice, _served(found.best.candidate, sizing), found.sentence, sizing, asked, options)
    return None


def _served(chosen: Candidate, sizing: Sizing) -> ServingProfile:
    """The profile as it can be started: an engine refuses a context that its cache cannot hold even once."""
    longest = chosen.limits.max_model_len
    if chosen.profile.max_model_len is not None or longest >= sizing.model.max_positions:
        return chosen.profile
    return replace(chosen.profile, max_model_len=longest)


def _hand_over(
    found: CapacityAdvice,
    serving: ServingProfile,
    sentence: str,
    sizing: Sizing,
    asked: Load,
    options: argparse.Namespace,
) -> None:
    """Print the answer, and write the files of the advice where a folder is given."""
    found = replace(found, profile=advice.told(serving))
    load = (
        f"what was asked for, without records: {asked.rps:g} requests/s of {asked.isl:,} tokens in, {asked.osl:,} out"
    )
    recommended = advice_files.without_records(serving, found, load)
    start = emit.command_line(recommended)
    if serving.weights != sizing.model.native_weights:
        start += f"  # of a checkpoint whose weights are in {serving.weights}"
    if options.emit is not None:
        advice_files.write(emit.files(recommended), options.emit)
    if options.json:
        said = capacity_as_json(found) | {"sentence": sentence, "command": start}
        sys.stdout.write(json.dumps(said, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
        return
    share = sizing.prices.assumptions.busy_hour_share
    mean = size_question.mean_rps(asked.rps, share)
    told = size_table.Asked(sizing.model.name, sizing.gpu.title, asked.isl, asked.osl, asked.rps, mean, share)
    sys.stdout.write(size_table.page(found, told, sentence, start))
    if options.emit is not None:
        sys.stdout.write(f"\nThe advice as files: {options.emit / 'README.md'} says what is in which.\n")
