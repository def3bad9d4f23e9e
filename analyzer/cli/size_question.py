"""What the options of `size` ask: the load, and what is to be sized for it."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, get_args

from analyzer import engine, profiles
from analyzer.advise.capacity import Peak
from analyzer.advise.prices import Prices, Traffic
from analyzer.advise.sized import Objectives
from analyzer.advise.sizing.fleets import Demanded
from analyzer.advise.sizing.question import Sizing, Wishes
from analyzer.cli import numbers, step_times
from analyzer.cli.durations import milliseconds
from analyzer.engine import EngineName, Gpu, Model, NumberFormat
from analyzer.errors import AnalyzerError, BadSettings, UnknownEngine
from analyzer.profiles import ProfileSettings

ENGINES = get_args(EngineName)
FORMATS = get_args(NumberFormat)
FIXED_BY_A_PROFILE = ("engine", "weights", "kv_cache", "max_model_len")
DAY_HOURS = 24
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Load:
    """Mean tokens in and out of a request, requests per second in the busiest time, and what is promised them.

    `max_model_len` is the most tokens that a request may have, `None` where the model's own limit holds.
    """

    isl: int
    osl: int
    rps: float
    objectives: Objectives
    max_model_len: int | None = None


def load(options: argparse.Namespace) -> Load:
    """The load of the options; raises `BadSettings` with a sentence for each mistake, all at once."""
    mistakes: list[str] = []

    def heard(read: Callable[[], T]) -> T | None:
        try:
            return read()
        except (ValueError, BadSettings) as error:
            mistakes.append(str(error))
            return None

    isl = heard(lambda: numbers.tokens("--isl", options.isl))
    osl = heard(lambda: numbers.tokens("--osl", options.osl))
    longest = heard(
        lambda: None if options.max_model_len is None else numbers.tokens("--max-model-len", options.max_model_len)
    )
    rps = heard(lambda: numbers.rate("--rps", options.rps))
    percentile = heard(lambda: numbers.percentile("--percentile", options.percentile))
    ttft, itl, e2e = (
        heard(lambda name=name: milliseconds(f"--{name}", getattr(options, name)))  # type: ignore[misc]  # mypy cannot see the default's type
        for name in ("ttft", "itl", "e2e")
    )
    if mistakes or isl is None or osl is None or rps is None:
        raise BadSettings("\n".join(mistakes))
    return Load(isl, osl, rps, Objectives(ttft, itl, e2e, percentile), longest)


def question(options: argparse.Namespace, asked: Load, prices: Prices) -> Sizing:
    """What is to be sized; raises `BadSettings` and `UnknownEngine` for what cannot be."""
    path = options.profile
    said = None if path is None else profiles.read(path)
    if said is not None and (given := [name for name in FIXED_BY_A_PROFILE if getattr(options, name) is not None]):
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise BadSettings(f"--profile {path} fixes the knobs: leave out {flags}, or change the profile.")
    model, gpu = _asked_about(options, said)
    fixed = None if said is None else step_times.profile(said, model, gpu, str(path))
    _check_lengths(asked, model)
    return Sizing(
        model=model,
        gpu=gpu,
        objectives=asked.objectives,
        times=step_times.source(model, gpu, options.throughput),
        prices=prices,
        fixed=fixed,
        wishes=Wishes(
            engine=options.engine or "vllm",
            weights=options.weights,
            kv_cache=options.kv_cache,
            max_model_len=asked.max_model_len,
        ),
    )


def _check_lengths(asked: Load, model: Model) -> None:
    mean, longest = asked.isl + asked.osl, asked.max_model_len
    if longest is not None and longest > model.max_positions:
        raise BadSettings(
            f"{model.name} takes at most {model.max_positions:,} tokens: lower --max-model-len {longest}."
        )
    if mean > (longest or model.max_positions):
        who, instead = model.name, "take a model with a longer context"
        if longest is not None:
            who, instead = f"--max-model-len {longest}", "raise it"
        raise BadSettings(
            f"{who} takes at most {longest or model.max_positions:,} tokens, and --isl and --osl ask for {mean:,} on "
            f"average: shorten them, or {instead}."
        )


def _asked_about(options: argparse.Namespace, said: ProfileSettings | None) -> tuple[Model, Gpu]:
    """The model and the GPU of the options, or else of the profile; raises one error for all that is not known."""
    name = options.model or (None if said is None else said.model)
    card = options.gpu or (None if said is None else said.gpu)
    if name is None or card is None:
        raise BadSettings("It takes --model and --gpu, or a --profile that names both.")
    found = _known(lambda: step_times.model(name)), _known(lambda: engine.gpu(card))
    model, gpu = found
    if isinstance(model, AnalyzerError) or isinstance(gpu, AnalyzerError):
        wrong = [str(each) for each in found if isinstance(each, AnalyzerError)]
        raise UnknownEngine("\n".join(wrong))
    return model, gpu


def _known(read: Callable[[], T]) -> T | AnalyzerError:
    try:
        return read()
    except (UnknownEngine, BadSettings) as error:
        return error


def mean_rps(peak: float, busy_share: float) -> float:
    """The mean rate over a day whose busiest hour has the rate `peak` and the share `busy_share` of its requests."""
    return peak / (DAY_HOURS * busy_share)


def demanded(asked: Load, prices: Prices) -> Demanded:
    """The load: the peak as given, and a day whose busiest hour has a stated share of its requests."""
    mean = mean_rps(asked.rps, prices.assumptions.busy_hour_share)
    return Demanded(
        peak=Peak(asked.rps, f"the peak of {asked.rps:g} requests/s is given"),
        traffic=Traffic(mean, asked.isl, asked.osl),
        busy_hour_rps=asked.rps,
    )
