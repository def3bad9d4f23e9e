"""What runs today and what could, each with its limits and step times, from profiles and records."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from analyzer import engine
from analyzer.engine import Gpu, Model, ServingProfile, StepTimes, Throughput
from analyzer.errors import BadSettings, NoThroughput, TooLittleTraffic
from analyzer.profiles import Placed
from analyzer.replay.checking import Checked, check, unchecked
from analyzer.replay.traffic import Requests, Routing
from analyzer.replay.whatif import Setup
from analyzer.throughput import roofline, sweeps
from analyzer.throughput.choice import blended, choose, from_records
from analyzer.throughput.timings import Timings


def setup(of: Placed, throughput: Throughput, requests: Requests, told_pool_tokens: int | None = None) -> Setup:
    """A profile with what its scheduler keeps to; `told_pool_tokens` is the engine's own figure, where known.

    Raises `DoesNotFit` where the model does not.
    """
    profile, model, gpu = of.profile, of.model, of.gpu
    memory = engine.memory(profile, model, gpu, told_pool_tokens)
    context = float(np.mean(requests.isl + requests.osl / 2)) if len(requests) else None
    return Setup(profile, engine.limits(profile, memory, model, context), throughput)


def today(of: Placed, timings: Timings | None, table: Path | None = None) -> Throughput:
    """The step times of what runs today: fitted to its records, blended with those of a sweep's `table`, if given.

    Where the records do not tell them: those of the table, of NVIDIA's tables where they are installed, or the
    roofline. Raises `BadSettings` or `TooLittleTraffic` where a table is given that does not tell them either.
    """
    profile, model, gpu = of.profile, of.model, of.gpu
    measured = None if table is None else sweeps.throughput(table, profile, model, gpu)
    others = measured or choose(profile, model, gpu).throughput
    if timings is None:
        return others
    try:
        fitted = from_records(timings, others, profile, model, gpu)
    except NoThroughput:
        return others
    return fitted if measured is None else blended((fitted, measured))


def checked(
    profile: ServingProfile,
    throughput: Throughput,
    timings: Timings | None,
    on: tuple[Model, Gpu],
    told_pool_tokens: int | None = None,
    routing: Routing = "least_outstanding",
) -> Checked:
    """How near the simulation of what runs today comes to its records, and its step times, corrected where it must be.

    `on` are the model and the GPU of the profile. Every command asks here, so that the same records have the same
    correction. Raises `DoesNotFit` where the model does not fit.
    """
    if timings is None or not len(timings):
        return unchecked(throughput.times)
    model, gpu = on
    memory = engine.memory(profile, model, gpu, told_pool_tokens)
    context = float(np.mean(timings.isl + timings.osl / 2))
    limits = engine.limits(profile, memory, model, context)
    return check(timings, limits, throughput.times, profile.replicas, routing)


def reckon(of: Placed) -> Throughput:
    """The roofline of a profile."""
    return roofline(of.profile, of.model, of.gpu)


def carried_over(known: Throughput, of: Placed, other: Placed, table: Path | None = None) -> Throughput:
    """The step times of `other`, from those that are `known` of another profile.

    Where both run the same weights on the same GPUs they are the same. Else they are those of the `table`, if it has
    `other`, or each part of a step changes as much as the roofline says it does.
    """
    if _runs(of) == _runs(other):
        return known
    if table is not None:
        with suppress(BadSettings, TooLittleTraffic):  # it may be of today's setup only
            return sweeps.throughput(table, other.profile, other.model, other.gpu)
    before, after = reckon(of), reckon(other)
    ratios = [new / old if old > 0 else 1.0 for old, new in zip(before.times.values, after.times.values, strict=True)]
    values = [value * ratio for value, ratio in zip(known.times.values, ratios, strict=True)]
    times = replace(StepTimes(*values), outside_ms=known.times.outside_ms)
    return replace(
        known,
        times=times,
        error_share=max(known.error_share, after.error_share),
        shorter_share=None,
        detail=f"{known.detail} Changed as the roofline changes from {_named(of.profile)} to {_named(other.profile)}.",
    )


def _runs(of: Placed) -> tuple[object, ...]:
    """What the time of a step depends on."""
    profile = of.profile
    return of.model, of.gpu, profile.tp, profile.pp, profile.weights, profile.kv_cache


def _named(profile: ServingProfile) -> str:
    return f"{profile.weights} on {profile.gpu} with tp {profile.tp}"
