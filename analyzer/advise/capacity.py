"""How many replicas and GPUs the peak asks for."""

import math
from dataclasses import replace

from analyzer.advise.sized import (
    UNCHECKED,
    CapacityAdvice,
    Deployment,
    Load,
    Objectives,
    Origin,
    Peak,
    Profile,
    StatedCapacity,
)
from analyzer.demand import Law, negative_binomial_p95, poisson_p95
from analyzer.evidence import Evidence

__all__ = [
    "UNCHECKED",
    "CapacityAdvice",
    "Deployment",
    "Load",
    "Objectives",
    "Peak",
    "Profile",
    "StatedCapacity",
    "advise",
    "arithmetic",
    "fleet",
    "nodes_for",
    "peak",
    "replicas_for",
    "sentence",
    "short",
    "together",
]

LAWS: dict[Law, str] = {
    "negative_binomial": "the negative binomial law with their mean and variance",
    "poisson": "the Poisson law with their mean",
    "busy": "their count",
}


def arithmetic(advice: CapacityAdvice) -> str:
    """How the replicas follow from the peak, to be recomputed by hand: 9 / (2.4 × 0.7) = 5.36 → 6, + 1 spare = 7."""
    exact = advice.source == "stated"
    each, top = (f"{value:,g}" if exact else short(value) for value in (advice.rps_per_replica, advice.peak_rps))
    divisor = each if advice.rho_max == 1 else f"({each} × {advice.rho_max:g})"
    bare = replicas_for(advice.peak_rps, advice.rps_per_replica, advice.rho_max)
    quotient = advice.peak_rps / (advice.rps_per_replica * advice.rho_max)
    steps = f"{top} / {divisor} = {quotient:,.2f} → {bare:,}"
    if advice.pooled is not None and advice.pooled != bare:
        steps += f"; {together(advice)}"
    if (advice.pooled or bare) < advice.min_replicas:
        steps += f", at least {advice.min_replicas:,} by the settings"
    if advice.spare:
        steps += f", + {advice.spare} spare = {advice.replicas:,}"
    return steps


def together(advice: CapacityAdvice) -> str:
    """How many replicas keep the objectives together, and by what: a recorded hour, or chance arrivals at the peak."""
    load = "" if advice.expected is None else advice.expected.load
    if load.startswith("the hour"):
        return f"{load}, replayed as it came takes {advice.pooled or 0:,} behind one router to keep the objectives"
    return f"simulated together behind one router {advice.pooled or 0:,} keep the objectives"


def short(number: float) -> str:
    """A figure with three significant digits, whole from 100 upward: 26.3, 5,000."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def replicas_for(peak_rps: float, rps_per_replica: float, rho_max: float = 1.0) -> int:
    """The replicas that carry `peak_rps`: ceil(peak / (rps_per_replica · rho_max)).

    A quotient within 1e-9 of a whole number counts as that number: 4.2 / 1.4 is 3, not 4.
    """
    return max(1, math.ceil(peak_rps / (rps_per_replica * rho_max) - 1e-9))


def nodes_for(replicas: int, gpus_per_replica: int, gpus_per_node: int) -> int:
    """The nodes for `replicas`, none of which is split over nodes unless it is larger than one."""
    if gpus_per_replica > gpus_per_node:
        return replicas * math.ceil(gpus_per_replica / gpus_per_node)
    return math.ceil(replicas / (gpus_per_node // gpus_per_replica))


def peak(load: Load, stated: StatedCapacity) -> Peak:
    """The load that 95 % of the seconds stay at or below.

    By the stated law within the busiest cell of hours, since the daily trend would count as burstiness in a mean over
    the whole window; over the whole window where no cell was seen for an hour. A stated peak goes before all.
    """
    if stated.peak_rps is not None:
        return Peak(stated.peak_rps, f"the peak of {stated.peak_rps:g} requests/s is stated")
    rate = load.rate
    if stated.law == "busy" or load.busiest is None:
        counts = {
            "negative_binomial": rate.negative_binomial_p95_1s,
            "poisson": rate.poisson_p95_1s,
            "busy": rate.busy_p95_1s,
        }
        found, where = counts[stated.law], "the seconds of the window"
    else:
        cell = load.busiest.seconds
        negative_binomial = stated.law == "negative_binomial"
        found = negative_binomial_p95(cell.mean, cell.variance) if negative_binomial else poisson_p95(cell.mean)
        where = f"the seconds of the busiest hours ({load.busiest.name})"
    return Peak(
        float(found),
        f"95 % of {where} stay at or below {found} requests/s by {LAWS[stated.law]} "
        f"(over the whole window: Poisson {rate.poisson_p95_1s}, negative binomial {rate.negative_binomial_p95_1s}, "
        f"counted {rate.busy_p95_1s})",
    )


def advise(
    model: str, load: Load, stated: StatedCapacity, max_model_len: int | None, requests: int, days: int
) -> tuple[CapacityAdvice, Evidence]:
    """The replicas, GPUs, nodes and cost for the peak of `load`, with the evidence.

    Per million tokens the cost is spread over the input and output tokens of the mean rate.
    """
    found = peak(load, stated)
    profile = Profile(model, stated.gpu, stated.gpus_per_replica, max_model_len, 0)
    advice = fleet(profile, found, stated, load.rate.mean_rps * 3600 * load.mean_tokens)
    return advice, Evidence("capacity.replicas", requests, days, None, sentence(found, advice))


def fleet(
    profile: Profile, found: Peak, stated: StatedCapacity, tokens_per_hour: float, pooled: int | None = None
) -> CapacityAdvice:
    """The advice for a peak: replicas, GPUs, nodes, and cost at the stated price.

    instances = max(ceil(peak / (rps_per_replica · rho_max)), min_replicas), one more where N+1 is asked for; `pooled`
    takes the place of the quotient where the replicas were simulated together. `tokens_per_hour` are those of the
    mean load, over which the cost is spread.
    """
    carrying = replicas_for(found.rps, stated.rps_per_replica, stated.rho_max) if pooled is None else pooled
    replicas = max(carrying, stated.min_replicas) + stated.n_plus_one
    gpus = replicas * stated.gpus_per_replica
    cost = None if stated.price_per_gpu_hour is None else gpus * stated.price_per_gpu_hour
    current = _current(stated)
    origin = stated.origin or Origin(
        "stated", f"{stated.rps_per_replica:g} requests/s per replica, from the settings", UNCHECKED
    )
    return CapacityAdvice(
        gpu=stated.gpu,
        objectives=stated.objectives,
        source=origin.source,
        source_detail=origin.detail,
        confidence=origin.confidence,
        profile=replace(profile, replicas=replicas),
        rps_per_replica=stated.rps_per_replica,
        peak_rps=found.rps,
        replicas=replicas,
        gpus_per_replica=stated.gpus_per_replica,
        gpus=gpus,
        nodes=nodes_for(replicas, stated.gpus_per_replica, stated.gpus_per_node),
        cost_per_hour=cost,
        cost_per_million_tokens=cost / tokens_per_hour * 1e6 if cost is not None and tokens_per_hour else None,
        current=current,
        change_gpus=None if current is None else gpus - current.gpus,
        rho_max=stated.rho_max,
        min_replicas=stated.min_replicas,
        spare=int(stated.n_plus_one),
        pooled=pooled,
    )


def _current(stated: StatedCapacity) -> Deployment | None:
    if stated.current_replicas is None:
        return None
    gpus = stated.current_replicas * (stated.current_gpus_per_replica or stated.gpus_per_replica)
    price = stated.price_per_gpu_hour
    return Deployment(stated.current_replicas, gpus, None if price is None else gpus * price)


def sentence(found: Peak, advice: CapacityAdvice) -> str:
    """How the peak was found, and how the replicas follow from it."""
    replicas = "1 replica" if advice.replicas == 1 else f"{advice.replicas:,} replicas"
    used = f" used to {advice.rho_max * 100:.0f} %" if advice.rho_max < 1 else ""
    stated = ", which the settings state and these records do not check," if advice.source == "stated" else ""
    each = f"{advice.rps_per_replica:g}" if stated else short(advice.rps_per_replica)
    return (
        f"{found.sentence[0].upper()}{found.sentence[1:]}; at {each} requests/s per replica{used}{stated or ','} "
        f"that takes {replicas}: {arithmetic(advice)}."
    )
