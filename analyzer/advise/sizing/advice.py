"""From a question and the lengths of its requests to the advice: what to run, on how many GPUs, at which cost."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from analyzer import throughput
from analyzer.advise.capacity import fleet, replicas_for, short
from analyzer.advise.sized import (
    Alternative,
    CapacityAdvice,
    Correction,
    Deployment,
    Expected,
    FitError,
    MemoryUse,
    Origin,
    Profile,
    StatedCapacity,
)
from analyzer.advise.sizing import verdicts, words
from analyzer.advise.sizing.choose import Chosen, Gpus, Judged, choose, judge
from analyzer.advise.sizing.fleets import Demanded, Fleet, fleets, used_share
from analyzer.advise.sizing.mix import Mix
from analyzer.advise.sizing.money import priced, reach
from analyzer.advise.sizing.pool import Pooled
from analyzer.advise.sizing.question import Candidate, Sizing
from analyzer.advise.sizing.search import FULL, Engine, capacity, slower
from analyzer.engine import ServingProfile
from analyzer.replay.checking import Checked, off
from analyzer.replay.outcome import scaled

LEAST_FACTOR = 0.2


@dataclass(frozen=True, slots=True)
class Sized:
    """The answer. `best` and `advice` are `None` where no choice keeps the objectives; `sentence` says why then, and
    else where the figure of one replica comes from. `stated` is what one replica carries, for whoever plans by it.
    """

    best: Judged | None
    advice: CapacityAdvice | None
    stated: StatedCapacity | None
    sentence: str


def advise(sizing: Sizing, mix: Mix, demanded: Demanded, wanted: StatedCapacity) -> Sized:
    """What to run for `demanded`; `wanted` are the user's other wishes, whose throughput and GPUs are filled in.

    Same input, same output: every simulation is seeded.
    """
    fleet_of = fleets(sizing, mix, demanded, wanted)
    chosen = choose(sizing, mix, lambda one: fleet_of(one).gpus)
    if chosen.best is None:
        return Sized(None, None, None, words.unreachable(sizing, chosen.tried))
    own = _checked(sizing, chosen.best)
    best = chosen.best if own is chosen.best.candidate else judge(own, sizing, mix)
    if not best.capacity.rps:  # with the corrected step times
        return Sized(None, None, None, words.unreachable(sizing, (*chosen.tried, best)))
    stated = _stated(wanted, sizing, best, words.confidence(best, sizing.checked))
    pooled = fleet_of(best).pooled
    profile, tokens = told(best.candidate.profile), demanded.traffic.tokens_per_hour
    advice = fleet(profile, demanded.peak, stated, tokens, pooled.replicas)
    interval = _interval(sizing, best, mix)
    advice = replace(
        advice,
        rps_interval=interval,
        replicas_interval=_counts(interval, advice, demanded.peak.rps, fleet_of(best).gpus),
        saturation_rps=best.capacity.saturation_rps,
        closed_form_rps=_closed_form(sizing, best, mix),
        lengths=mix.told,
        expected=_expected(pooled, demanded),
        memory=_memory(best, mix),
        alternatives=tuple(_alternatives(chosen, best, sizing, fleet_of)),
        current=_used(advice, demanded),
        fit_error=_fit_error(sizing.checked),
        correction=_correction(sizing.checked),
    )
    advice = priced(advice, stated, sizing.prices, demanded.traffic, demanded.seconds)
    users = reach(advice, demanded.traffic, demanded.busy_hour_rps, sizing.prices.assumptions)
    why = words.beyond(pooled, sizing) + verdicts.reason(best, chosen.tried, lambda one: fleet_of(one).gpus)
    return Sized(best, replace(advice, reach=users), stated, _sentence(sizing, best, interval, mix) + why)


def _checked(sizing: Sizing, best: Judged) -> Candidate:
    """The chosen candidate, its step times corrected where its simulation is too far off what was recorded.

    They are taken to be off by what the medians still are, where that is more than their source says.
    """
    own, known = best.candidate, sizing.checked
    if known is None or not known.first or sizing.fixed is None:
        return own
    left, said = off(known.corrected, "p50"), own.throughput
    shorter = None if said.shorter_share is None else max(said.shorter_share, left)
    times = scaled(said.times, known.prefill, known.decode)
    now = replace(said, times=times, error_share=max(said.error_share, left), shorter_share=shorter)
    return own if now == said else replace(own, throughput=now)


def _fit_error(known: Checked | None) -> FitError | None:
    return FitError(off(known.first, "p50"), off(known.first, "p95")) if known is not None and known.first else None


def _correction(known: Checked | None) -> Correction | None:
    if known is None or (known.prefill, known.decode) == (1, 1):
        return None
    return Correction(known.prefill, known.decode)


def _stated(wanted: StatedCapacity, sizing: Sizing, best: Judged, confidence: str) -> StatedCapacity:
    profile = best.candidate.profile
    return replace(
        wanted,
        rps_per_replica=best.capacity.rps or 0.0,
        gpu=sizing.gpu.name,
        gpus_per_replica=profile.gpus_per_replica,
        objectives=sizing.objectives,
        profile=told(profile),
        rho_max=used_share(wanted, sizing),
        origin=Origin(best.throughput.source, best.throughput.detail, confidence),
    )


def _interval(sizing: Sizing, best: Judged, mix: Mix) -> tuple[float, float]:
    """What one replica carries if every step takes longer, or less long, by the error of the step times."""
    shortest = 1 - (1 - best.throughput.shortest) * best.beyond
    engine = Engine(best.candidate.limits, slower(best.throughput.times, max(shortest, LEAST_FACTOR)))
    high = capacity(mix, engine, sizing.objectives, FULL).rps or 0.0  # a short run takes chance for a growing queue
    return best.slow_rps, max(high, best.capacity.rps or 0.0)


def _counts(interval: tuple[float, float], advice: CapacityAdvice, rate: float, gpus: Gpus) -> tuple[int, int] | None:
    """The fewest replicas by what one carries with the shortest steps, and those of the fleet with slower ones."""
    if gpus.slower is None:
        return None
    fewest = replicas_for(rate, interval[1], advice.rho_max)
    return (
        min(max(fewest, advice.min_replicas) + advice.spare, advice.replicas),
        gpus.slower // advice.gpus_per_replica,
    )


def _closed_form(sizing: Sizing, best: Judged, mix: Mix) -> float | None:
    """The quick answer of mean times without a queue."""
    cached = mix.mean_cached / mix.mean_isl if best.candidate.limits.prefix_caching else 0.0
    means = throughput.Mix.of(mix.isl, mix.osl, cached)
    goals = throughput.Objectives(sizing.objectives.ttft_ms, sizing.objectives.itl_ms, sizing.objectives.e2e_ms)
    limits = best.candidate.limits
    held = replace(limits, max_num_seqs=max(1, min(limits.max_num_seqs, int(limits.kv_pool_tokens / mix.held(limits)))))
    found = throughput.most_carried(best.throughput.times, means, held, goals)
    return None if found is None else found.rps


def _expected(pooled: Pooled, demanded: Demanded) -> Expected | None:
    at = pooled.at
    if at is None or pooled.replicas is None:
        return None
    recorded = len(demanded.hours)
    load = f"the hardest of {recorded} recorded hours" if recorded else f"{short(demanded.peak.rps)} requests/s"
    if pooled.hour is not None and demanded.hour_names:
        which = load if recorded > 1 else "the only one that was replayed"
        load = f"the hour from {demanded.hour_names[pooled.hour]}, {which}"
    gap = at.token_itl_ms if at.token_itl_ms > 0 else None
    return Expected(at.percentile, at.ttft_ms, at.itl_ms, at.e2e_ms, at.requests, load, gap)


def _memory(best: Judged, mix: Mix) -> MemoryUse:
    memory, pool = best.candidate.memory, best.candidate.limits.kv_pool_tokens
    return MemoryUse(memory.weights_bytes, memory.kv_bytes_per_token, pool, pool / mix.held(best.candidate.limits))


def _alternatives(
    chosen: Chosen, best: Judged, sizing: Sizing, fleet_of: Callable[[Judged], Fleet]
) -> Sequence[Alternative]:
    def takes(one: Judged) -> Gpus:
        return fleet_of(one).gpus

    return (
        *(
            _alternative(
                one, fleet_of(one) if one.capacity.rps else None, verdicts.verdict(one, best, sizing.objectives, takes)
            )
            for one in (best if each is chosen.best else each for each in chosen.tried)
        ),
        *(Alternative(one.tp, one.pp, 0, 0, None, None, None, None, one.why) for one in chosen.refused),
    )


def _alternative(one: Judged, fleet: Fleet | None, verdict: str) -> Alternative:
    """A candidate with the replicas that carry the load, `None` where it misses the objectives."""
    profile = one.candidate.profile
    return Alternative(
        tp=profile.tp,
        pp=profile.pp,
        max_num_seqs=profile.max_num_seqs,
        max_num_batched_tokens=profile.max_num_batched_tokens,
        rps_per_replica=one.capacity.rps or None,
        rps_per_gpu=None if fleet is None else one.per_gpu,
        replicas=None if fleet is None else fleet.gpus.expected // profile.gpus_per_replica,
        gpus=None if fleet is None else fleet.gpus.expected,
        verdict=verdict,
        gpus_if_slower=None if fleet is None else fleet.gpus.slower,
        headroom=fleet.gpus.headroom if fleet is not None and math.isfinite(fleet.gpus.headroom) else None,
    )


def _used(advice: CapacityAdvice, demanded: Demanded) -> Deployment | None:
    if advice.current is None or not advice.current.replicas:
        return advice.current
    carried = advice.current.gpus / advice.gpus_per_replica * advice.rps_per_replica
    return replace(advice.current, used_share=demanded.traffic.mean_rps / carried)


def told(own: ServingProfile) -> Profile:
    """A serving profile as advice tells it."""
    return Profile(
        model=own.model,
        gpu=own.gpu,
        gpus_per_replica=own.gpus_per_replica,
        max_model_len=own.max_model_len,
        replicas=own.replicas,
        tp=own.tp,
        pp=own.pp,
        engine=own.engine,
        engine_version=own.engine_version,
        weights=own.weights,
        kv_cache=own.kv_cache,
        max_num_seqs=own.max_num_seqs,
        max_num_batched_tokens=own.max_num_batched_tokens,
        chunked_prefill=own.chunked_prefill,
        prefix_caching=own.prefix_caching,
        async_scheduling=own.async_scheduling,
        gpu_memory_utilization=own.gpu_memory_utilization,
    )


def _sentence(sizing: Sizing, best: Judged, interval: tuple[float, float], mix: Mix) -> str:
    goals = words.objectives(sizing.objectives)
    within = f"within {goals}" if goals else "with work waiting at all times (no objective is given)"
    return (
        f"One replica carries {short(best.capacity.rps or 0.0)} requests/s {within}: {best.capacity.simulated:,} "
        f"requests were simulated with Poisson arrivals, {mix.told}.{words.left_out(best.capacity.at)}"
        f"{words.untold(mix, best.candidate.limits)}{words.split(sizing)} "
        f"Step times: {best.throughput.detail} With these {words.off(best)} it is {short(interval[0])} to "
        f"{short(interval[1])}."
    )
