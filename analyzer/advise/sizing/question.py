"""What is to be sized, and what it is reckoned with."""

from dataclasses import dataclass
from typing import Protocol

from analyzer.advise.prices import Prices
from analyzer.advise.sized import Objectives
from analyzer.advise.sizing.search import Engine
from analyzer.engine import (
    EngineLimits,
    EngineName,
    Gpu,
    Memory,
    Model,
    NumberFormat,
    ServingProfile,
    Throughput,
    complete,
    limits,
    memory,
    parallel_choices,
)
from analyzer.errors import DoesNotFit, NoThroughput
from analyzer.replay import Routing
from analyzer.replay.checking import Checked
from analyzer.throughput.timings import Timings


class StepModel(Protocol):
    """Where the step times of a profile come from: live records, a sweep, tables, or arithmetic."""

    def __call__(self, profile: ServingProfile, /) -> Throughput:
        """The step times of one replica that runs `profile`; raises `NoThroughput` where nothing is known of it."""
        ...


@dataclass(frozen=True, slots=True)
class Wishes:
    """What of a profile is wished for where the rest is to be chosen; `None`: as the engine or the model has it."""

    engine: EngineName = "vllm"
    engine_version: str | None = None
    weights: NumberFormat | None = None
    kv_cache: NumberFormat | None = None
    max_model_len: int | None = None
    prefix_caching: bool | None = None


@dataclass(frozen=True, slots=True)
class Sizing:
    """One question: which replicas, and how many, keep `objectives` for a model on a GPU.

    `fixed` is the profile where the user gave one, else the knobs are chosen, as far as `wishes` leave them open.
    `told_pool_tokens` is how many tokens the KV cache of the fixed profile holds by the engine's own account; `timings`
    are what recorded requests took with it, and `checked` how near the simulation comes to them.
    """

    model: Model
    gpu: Gpu
    objectives: Objectives
    times: StepModel
    prices: Prices
    fixed: ServingProfile | None = None
    wishes: Wishes = Wishes()
    told_pool_tokens: int | None = None
    routing: Routing = "least_outstanding"
    timings: Timings | None = None
    checked: Checked | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A profile that could run, with the memory and the scheduler's limits that follow from it, and its step times."""

    profile: ServingProfile
    memory: Memory
    limits: EngineLimits
    throughput: Throughput

    @property
    def engine(self) -> Engine:
        """One replica to simulate."""
        return Engine(self.limits, self.throughput.times)


@dataclass(frozen=True, slots=True)
class Refused:
    """A choice of parallelism that cannot run, or of which no step times are known, and why, in one sentence."""

    tp: int
    pp: int
    why: str


def candidate(profile: ServingProfile, sizing: Sizing, context: float) -> Candidate:
    """`profile` with what follows from it; raises `DoesNotFit` where it cannot run, and `NoThroughput`.

    `context` is how many tokens a running request has in the cache on average.
    """
    told = sizing.told_pool_tokens if profile == sizing.fixed else None
    held = memory(profile, sizing.model, sizing.gpu, told)
    return Candidate(profile, held, limits(profile, held, sizing.model, context), sizing.times(profile))


def candidates(sizing: Sizing, context: float) -> tuple[tuple[Candidate, ...], tuple[Refused, ...]]:
    """The profiles to choose from with the engine's own knobs, fewest GPUs first; and those that cannot run.

    The fixed profile is the only one where there is one. Raises `DoesNotFit` where it cannot run or none can, and
    `NoThroughput` where nothing is known of it.
    """
    if sizing.fixed is not None:
        return (candidate(sizing.fixed, sizing, context),), ()
    wishes = sizing.wishes
    ways = parallel_choices(sizing.model, sizing.gpu, wishes.weights, wishes.kv_cache, wishes.engine, context)
    able: list[Candidate] = []
    refused: list[Refused] = []
    for way in ways:
        made = way.refused or _possible(sizing, way.tp, way.pp, context)
        if isinstance(made, str):
            refused.append(Refused(way.tp, way.pp, made))
        else:
            able.append(made)
    if not able:
        whys = "; ".join(dict.fromkeys(one.why.removesuffix(".") for one in refused))
        where = f"{sizing.model.name} on {sizing.gpu.name}"
        raise DoesNotFit(f"{where}: there is no way to split it that can be sized: {whys}.")
    return tuple(able), tuple(refused)


def _possible(sizing: Sizing, tp: int, pp: int, context: float) -> Candidate | str:
    """The candidate that is split so, or why it is none."""
    wishes = sizing.wishes
    profile = complete(
        sizing.model,
        sizing.gpu,
        engine=wishes.engine,
        engine_version=wishes.engine_version,
        tp=tp,
        pp=pp,
        weights=wishes.weights,
        kv_cache=wishes.kv_cache,
        max_model_len=wishes.max_model_len,
        prefix_caching=wishes.prefix_caching,
    )
    try:
        return candidate(profile, sizing, context)
    except (DoesNotFit, NoThroughput) as error:
        return str(error)
