"""From a question and the lengths of its requests to the advice: what to run, on how many GPUs, at which cost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analyzer import throughput
from analyzer.advise.capacity import fleet, replicas_for, short
from analyzer.advise.prices import Traffic
from analyzer.advise.sized import (
    Alternative,
    CapacityAdvice,
    Deployment,
    Expected,
    MemoryUse,
    Origin,
    Peak,
    Profile,
    StatedCapacity,
)
from analyzer.advise.sizing import words
from analyzer.advise.sizing.choose import Chosen, Judged, choose, judge
from analyzer.advise.sizing.fit import Compared, Corrected, compare, corrected
from analyzer.advise.sizing.mix import Mix
from analyzer.advise.sizing.money import priced, reach
from analyzer.advise.sizing.pool import Pooled, for_hours, for_rate
from analyzer.advise.sizing.question import Candidate, Sizing
from analyzer.advise.sizing.search import FULL, QUICK, Engine, capacity, promised, slower
from analyzer.engine import ServingProfile
from analyzer.histogram import Histogram
from analyzer.replay import Pool, Requests
from analyzer.throughput.timings import replicas_behind

MEAN_FIELD_RHO = 0.7  # a saturation leaves no room for chance
LEAST_FACTOR = 0.2


@dataclass(frozen=True, slots=True)
class Demanded:
    """What is to be carried: the peak, the mean traffic that is paid for, and the rate of the busiest hour.

    `hours` are recorded hours to replay, by `hour_names`, `seconds` the counts of requests in seconds; where there are
    records.
    """

    peak: Peak
    traffic: Traffic
    busy_hour_rps: float
    hours: tuple[Requests, ...] = ()
    seconds: Histogram | None = None
    hour_names: tuple[str, ...] = ()


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
    chosen = choose(sizing, mix, lambda carried: _replicas(demanded.peak.rps, carried, wanted, sizing))
    if chosen.best is None:
        return Sized(None, None, None, words.unreachable(sizing, chosen.tried))
    own, compared, scaled = _checked(sizing, chosen.best)
    best = chosen.best if own is chosen.best.candidate else judge(own, sizing, mix)
    if not best.capacity.rps:  # with the corrected step times
        return Sized(None, None, None, words.unreachable(sizing, (*chosen.tried, best)))
    stated = _stated(wanted, sizing, best, words.confidence(best, compared, scaled))
    pooled = _pooled(sizing, best, mix, demanded, stated)
    advice = fleet(
        told(best.candidate.profile), demanded.peak, stated, demanded.traffic.tokens_per_hour, pooled.replicas
    )
    interval = _interval(sizing, best, mix)
    advice = replace(
        advice,
        rps_interval=interval,
        replicas_interval=_counts(interval, advice, demanded.peak.rps),
        saturation_rps=best.capacity.saturation_rps,
        closed_form_rps=_closed_form(sizing, best, mix),
        lengths=mix.told,
        expected=_expected(pooled, demanded),
        memory=_memory(best, mix),
        alternatives=tuple(_alternatives(chosen, best, sizing, demanded.peak.rps, stated)),
        current=_used(advice, demanded),
        fit_error=None if compared is None else compared.error,
    )
    advice = priced(advice, stated, sizing.prices, demanded.traffic, demanded.seconds)
    users = reach(advice, demanded.traffic, demanded.busy_hour_rps, sizing.prices.assumptions)
    return Sized(
        best,
        replace(advice, reach=users),
        stated,
        _sentence(sizing, best, interval, mix) + words.beyond(pooled, sizing),
    )


def _replicas(rate: float, carried: float, wanted: StatedCapacity, sizing: Sizing) -> int:
    """How many replicas carry `rate`, the spare one among them."""
    return max(replicas_for(rate, carried, _rho(wanted, sizing)), wanted.min_replicas) + wanted.n_plus_one


def _rho(wanted: StatedCapacity, sizing: Sizing) -> float:
    """The share of a replica that may be used: less than all where no objective leaves room for chance."""
    return wanted.rho_max if promised(sizing.objectives) else min(wanted.rho_max, MEAN_FIELD_RHO)


def _checked(sizing: Sizing, best: Judged) -> tuple[Candidate, Compared | None, Corrected | None]:
    """The chosen candidate, its step times scaled where its simulation is too far off what was recorded.

    They are taken to be off by what the medians still are, where that is more than their source says.
    """
    own, timings = best.candidate, sizing.timings
    if timings is None or sizing.fixed is None:
        return own, None, None
    pool = Pool(round(replicas_behind(timings, sizing.fixed.replicas)), sizing.routing)
    compared = compare(timings, own.engine, pool)
    if compared is None:
        return own, None, None
    made = None if compared.trusted else corrected(timings, own.engine, compared, pool)
    left = (compared if made is None else made.compared).error.p50_share
    said = own.throughput
    shorter = None if said.shorter_share is None else max(said.shorter_share, left)
    known = replace(said, error_share=max(said.error_share, left), shorter_share=shorter)
    return replace(own, throughput=known if made is None else replace(known, times=made.times)), compared, made


def _stated(wanted: StatedCapacity, sizing: Sizing, best: Judged, confidence: str) -> StatedCapacity:
    profile = best.candidate.profile
    return replace(
        wanted,
        rps_per_replica=best.capacity.rps or 0.0,
        gpu=sizing.gpu.name,
        gpus_per_replica=profile.gpus_per_replica,
        objectives=sizing.objectives,
        profile=told(profile),
        rho_max=_rho(wanted, sizing),
        origin=Origin(best.throughput.source, best.throughput.detail, confidence),
    )


def _pooled(sizing: Sizing, best: Judged, mix: Mix, demanded: Demanded, stated: StatedCapacity) -> Pooled:
    """The replicas simulated together, where there are objectives to keep and no share of use is asked for."""
    if not promised(sizing.objectives) or stated.rho_max < 1:
        return Pooled(None, None)
    rate = demanded.peak.rps
    bounds = (replicas_for(rate, best.capacity.saturation_rps), replicas_for(rate, stated.rps_per_replica))
    if demanded.hours:
        return for_hours(demanded.hours, best.candidate.engine, sizing.objectives, (1, bounds[1]), sizing.routing)
    return for_rate(mix, best.candidate.engine, sizing.objectives, rate, bounds, FULL, sizing.routing)


def _interval(sizing: Sizing, best: Judged, mix: Mix) -> tuple[float, float]:
    """What one replica carries if every step takes longer, or less long, by the error of the step times."""
    shortest = 1 - (1 - best.throughput.shortest) * best.beyond
    engine = Engine(best.candidate.limits, slower(best.throughput.times, max(shortest, LEAST_FACTOR)))
    high = capacity(mix, engine, sizing.objectives, QUICK).rps or 0.0
    return best.slow_rps, max(high, best.capacity.rps or 0.0)


def _counts(interval: tuple[float, float], advice: CapacityAdvice, rate: float) -> tuple[int, int] | None:
    low, high = interval
    if low <= 0:
        return None
    fewest, most = (replicas_for(rate, each, advice.rho_max) for each in (high, low))
    return (
        min(max(fewest, advice.min_replicas) + advice.spare, advice.replicas),
        max(max(most, advice.min_replicas) + advice.spare, advice.replicas),
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
    chosen: Chosen, best: Judged, sizing: Sizing, rate: float, stated: StatedCapacity
) -> Sequence[Alternative]:
    def replicas_of(carried: float) -> int:
        return _replicas(rate, carried, stated, sizing)

    found = []
    for one in (best if each is chosen.best else each for each in chosen.tried):
        profile, carried = one.candidate.profile, one.capacity.rps or None
        gpus = None if carried is None else one.gpus(replicas_of)
        found.append(
            Alternative(
                tp=profile.tp,
                pp=profile.pp,
                max_num_seqs=profile.max_num_seqs,
                max_num_batched_tokens=profile.max_num_batched_tokens,
                rps_per_replica=carried,
                rps_per_gpu=None if carried is None else one.per_gpu,
                replicas=None if gpus is None else gpus.expected // profile.gpus_per_replica,
                gpus=None if gpus is None else gpus.expected,
                verdict=words.verdict(one, best, sizing.objectives, replicas_of),
                gpus_if_slower=None if gpus is None else gpus.slower,
            )
        )
    refused = [Alternative(one.tp, one.pp, 0, 0, None, None, None, None, one.why) for one in chosen.refused]
    return (*found, *refused)


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
        gpu_memory_utilization=own.gpu_memory_utilization,
    )


def _sentence(sizing: Sizing, best: Judged, interval: tuple[float, float], mix: Mix) -> str:
    goals = words.objectives(sizing.objectives)
    within = f"within {goals}" if goals else "with work waiting at all times (no objective is given)"
    return (
        f"One replica carries {short(best.capacity.rps or 0.0)} requests/s {within}: {best.capacity.simulated:,} "
        f"requests were simulated with Poisson arrivals, {mix.told}.{words.left_out(best.capacity.at)}"
        f"{words.untold(mix, best.candidate.limits)} "
        f"Step times: {best.throughput.detail} With these {words.off(best)} it is {short(interval[0])} to "
        f"{short(interval[1])}."
    )
