"""How many replicas and GPUs the peak asks for."""

import math
from dataclasses import dataclass

from analyzer.demand import Cell, Law, Rate, negative_binomial_p95, poisson_p95
from analyzer.evidence import Evidence

UNCHECKED = "stated, not checked against the records"
LAWS: dict[Law, str] = {
    "negative_binomial": "the negative binomial law with their mean and variance",
    "poisson": "the Poisson law with their mean",
    "busy": "their count",
}


@dataclass(frozen=True, slots=True)
class Objectives:
    """The latency promised: limits in milliseconds, each at `percentile` (such as 95); `None` where none is."""

    ttft_ms: float | None = None
    itl_ms: float | None = None
    e2e_ms: float | None = None
    percentile: float | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What one replica is, as far as it is known."""

    model: str
    gpu: str | None
    gpus_per_replica: int
    max_model_len: int | None
    replicas: int


@dataclass(frozen=True, slots=True)
class Deployment:
    """What runs today: replicas, their GPUs, and cost in the currency of the stated price per hour."""

    replicas: int
    gpus: int
    cost_per_hour: float | None


@dataclass(frozen=True, slots=True)
class StatedCapacity:
    """What the user says one replica delivers and costs, and what runs today.

    `rps_per_replica` is requests per second within the objectives, `rho_max` the share of it that may be used, `law`
    how the peak is found unless `peak_rps` states it. Prices are per GPU and hour in any one currency. `switch_minutes`
    is for how long a replica that is added or removed is paid for without carrying anything.
    """

    rps_per_replica: float
    gpu: str | None = None
    gpus_per_replica: int = 1
    gpus_per_node: int = 8
    price_per_gpu_hour: float | None = None
    n_plus_one: bool = False
    min_replicas: int = 1
    rho_max: float = 1.0
    law: Law = "negative_binomial"
    peak_rps: float | None = None
    current_replicas: int | None = None
    current_gpus_per_replica: int | None = None
    switch_minutes: float = 10.0
    objectives: Objectives = Objectives()


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be carried: the rate of the window, its busiest cell of hours (if any was seen for an hour), and the
    mean tokens of a request, input and output.
    """

    rate: Rate
    busiest: Cell | None
    mean_tokens: float


@dataclass(frozen=True, slots=True)
class Peak:
    """The load to size for in requests per second, and the sentence that says how it was found."""

    rps: float
    sentence: str


@dataclass(frozen=True, slots=True)
class CapacityAdvice:
    """The replicas and GPUs that carry the peak.

    `source` says where `rps_per_replica` (requests per second that one replica carries within the objectives) comes
    from. `rho_max` is the share of it that is used, `min_replicas` and `spare` are the least and the extra replicas
    asked for: replicas = max(ceil(peak_rps / (rps_per_replica · rho_max)), min_replicas) + spare. `change_gpus` is
    the advice minus what runs today, `None` where that is not stated.
    """

    gpu: str | None
    objectives: Objectives
    source: str
    source_detail: str
    confidence: str
    profile: Profile
    rps_per_replica: float
    peak_rps: float
    replicas: int
    gpus_per_replica: int
    gpus: int
    nodes: int
    cost_per_hour: float | None
    cost_per_million_tokens: float | None
    current: Deployment | None
    change_gpus: int | None
    rho_max: float = 1.0
    min_replicas: int = 1
    spare: int = 0


def arithmetic(advice: CapacityAdvice) -> str:
    """How the replicas follow from the peak, to be recomputed by hand: 9 / (2.4 × 0.7) = 5.36 → 6, + 1 spare = 7."""
    used = advice.rps_per_replica * advice.rho_max
    each = f"{advice.rps_per_replica:,g}"
    divisor = each if advice.rho_max == 1 else f"({each} × {advice.rho_max:g})"
    bare = replicas_for(advice.peak_rps, advice.rps_per_replica, advice.rho_max)
    steps = f"{advice.peak_rps:,g} / {divisor} = {advice.peak_rps / used:,.2f} → {bare:,}"
    if bare < advice.min_replicas:
        steps += f", at least {advice.min_replicas:,} by the settings"
    if advice.spare:
        steps += f", + {advice.spare} spare = {advice.replicas:,}"
    return steps


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

    instances = max(ceil(peak / (rps_per_replica · rho_max)), min_replicas), one more where N+1 is asked for. Cost is
    GPUs times their price; per million tokens it is spread over the input and output tokens of the mean rate.
    """
    found = peak(load, stated)
    replicas = max(replicas_for(found.rps, stated.rps_per_replica, stated.rho_max), stated.min_replicas)
    replicas += stated.n_plus_one
    gpus = replicas * stated.gpus_per_replica
    cost = None if stated.price_per_gpu_hour is None else gpus * stated.price_per_gpu_hour
    tokens_per_hour = load.rate.mean_rps * 3600 * load.mean_tokens
    current = _current(stated)
    advice = CapacityAdvice(
        gpu=stated.gpu,
        objectives=stated.objectives,
        source="stated",
        source_detail=f"{stated.rps_per_replica:g} requests/s per replica, from the settings",
        confidence=UNCHECKED,
        profile=Profile(model, stated.gpu, stated.gpus_per_replica, max_model_len, replicas),
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
    )
    return advice, Evidence("capacity.replicas", requests, days, None, _sentence(found, advice, stated))


def _current(stated: StatedCapacity) -> Deployment | None:
    if stated.current_replicas is None:
        return None
    gpus = stated.current_replicas * (stated.current_gpus_per_replica or stated.gpus_per_replica)
    price = stated.price_per_gpu_hour
    return Deployment(stated.current_replicas, gpus, None if price is None else gpus * price)


def _sentence(found: Peak, advice: CapacityAdvice, stated: StatedCapacity) -> str:
    replicas = "1 replica" if advice.replicas == 1 else f"{advice.replicas:,} replicas"
    used = f" used to {stated.rho_max:.0%}" if stated.rho_max < 1 else ""
    return (
        f"{found.sentence[0].upper()}{found.sentence[1:]}; at {stated.rps_per_replica:g} requests/s per replica{used}, "
        f"which the settings state and these records do not check, that takes {replicas}: {arithmetic(advice)}."
    )
