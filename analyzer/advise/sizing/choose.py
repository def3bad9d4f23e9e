"""Which knobs to run with: parallelism first, then tokens and requests of a step where they pay."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from analyzer.advise.sizing.mix import Mix
from analyzer.advise.sizing.question import Candidate, Refused, Sizing, candidate, candidates
from analyzer.advise.sizing.search import FULL, QUICK, Capacity, Engine, capacity, slower
from analyzer.engine import ServingProfile, Throughput, tuning
from analyzer.errors import DoesNotFit, NoThroughput

EXTRAPOLATED = 1.25  # times the most concurrent requests that were measured
WORTH_IT = 1.06  # knobs alone gain 1 to 6 %, which is within the error of any model


@dataclass(frozen=True, slots=True)
class Gpus:
    """How many GPUs a load takes as expected, and with `slower` steps: `None` where no number keeps the objectives.

    `headroom` is how much more than the peak their replicas carry by what one carries alone, as a share of it; spare
    ones do not count, and it is below zero where the router alone makes up for it. `kept` is False where the replicas
    miss the objectives together, however many there are.
    """

    expected: int
    slower: int | None
    headroom: float = 0.0
    kept: bool = True


Replicas = Callable[[float], int]  # how many it takes where one carries so many requests per second


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with what one replica of it carries, and what it would (requests per second) if every step took
    longer by the error of the source: 0 where the objectives would be missed.
    """

    candidate: Candidate
    capacity: Capacity
    slow_rps: float

    @property
    def throughput(self) -> Throughput:
        """Its step times with their origin."""
        return self.candidate.throughput

    @property
    def running(self) -> float:
        """How many requests run at once at what it carries, by Little's law; 0 where it carries nothing."""
        carried = self.capacity.rps
        return carried * self.capacity.at.mean_e2e_ms / 1000 if carried else 0.0

    @property
    def beyond(self) -> float:
        """How many times the most concurrent requests that were measured run, 1 where that is up to 1.25 times."""
        measured = self.throughput.largest_batch
        times = self.running / measured if measured else 1.0
        return times if times > EXTRAPOLATED else 1.0

    @property
    def longest(self) -> float:
        """How many times as long as expected a step may take, by the error of the source."""
        return 1 + self.throughput.error_share * self.beyond

    @property
    def per_gpu(self) -> float:
        """Requests per second and GPU within the objectives, 0 where they are missed."""
        return (self.capacity.rps or 0.0) / self.candidate.profile.gpus_per_replica


def quotient(rate: float, replicas: Replicas, spare: int = 0) -> Callable[[Judged], Gpus]:
    """What answers the GPUs that `rate` takes of a candidate as if replicas did not share their load.

    `spare` of the `replicas` carry nothing. Only for what keeps the objectives.
    """

    def gpus(one: Judged) -> Gpus:
        each, carried = one.candidate.profile.gpus_per_replica, one.capacity.rps or 0.0
        slower = each * replicas(one.slow_rps) if one.slow_rps else None
        return Gpus(each * replicas(carried), slower, headroom(replicas(carried) - spare, carried, rate))

    return gpus


def headroom(replicas: int, carried: float, rate: float) -> float:
    """How much more than `rate` so many replicas carry, as a share of it, infinite where it is nothing."""
    return replicas * carried / rate - 1 if rate else math.inf


@dataclass(frozen=True, slots=True)
class Chosen:
    """The best candidate, `None` where none keeps the objectives; all that were tried, in order; what cannot run."""

    best: Judged | None
    tried: tuple[Judged, ...]
    refused: tuple[Refused, ...]


def judge(one: Candidate, sizing: Sizing, mix: Mix) -> Judged:
    """What one replica of `one` carries of `mix`, with Poisson arrivals."""
    found = Judged(one, capacity(mix, one.engine, sizing.objectives, FULL), 0.0)
    return replace(found, slow_rps=slow_rps(one, sizing, mix, found.capacity.rps or 0.0, found.longest))


def slow_rps(one: Candidate, sizing: Sizing, mix: Mix, carried: float, longest: float | None = None) -> float:
    """What one replica carries if every step takes `longest` times as long, by the error of the step times unless said.

    `carried` is what it should. 0 where the objectives are missed.
    """
    if not carried:
        return 0.0
    slow = Engine(one.limits, slower(one.throughput.times, longest or 1 + one.throughput.error_share))
    return min(capacity(mix, slow, sizing.objectives, QUICK).rps or 0.0, carried)


def choose(sizing: Sizing, mix: Mix, takes: Callable[[Judged], Gpus]) -> Chosen:
    """The candidate that is `favoured` for the load.

    `takes` says how many GPUs the load takes of a candidate that keeps the objectives. Parallelism is chosen with the
    engine's own tokens and requests of a step. Others of these are taken only where they carry 6 % more, as expected or
    with slower steps, which is as far as a model can tell, or where nothing else keeps the objectives. Raises
    `DoesNotFit` where the model fits in no way, and `NoThroughput` where nothing is known of the fixed profile.
    """
    able, refused = candidates(sizing, mix.context)
    first = [judge(one, sizing, mix) for one in able]
    best = favoured(first, takes)
    if sizing.fixed is not None:
        return Chosen(best, tuple(first), refused)
    others = [other for one in (first if best is None else [best]) for other in _others(one, sizing, mix)]
    knobs = [judge(other, sizing, mix) for other in others]
    if best is None:
        return Chosen(favoured(knobs, takes), (*first, *knobs), refused)
    worth = [one for one in knobs if _worth_it(one, best)]
    return Chosen(favoured([best, *first, *worth], takes), (*first, *knobs), refused)


def favoured(judged: Sequence[Judged], takes: Callable[[Judged], Gpus]) -> Judged | None:
    """The candidate to advise, `None` where none keeps the objectives.

    Of those that take the fewest GPUs for the load, the ones with most headroom: that take the fewest with slower
    steps, and of these whose replicas carry most beyond the peak; of these, the one with the fewest GPUs in a replica.
    Each time 6 % is no difference. Of what is alike then the first of `judged` is taken, and else what carries more.
    """
    able = [(one, takes(one)) for one in judged if one.capacity.rps]
    able = [(one, gpus) for one, gpus in able if gpus.kept] or able
    if not able:
        return None
    fewest = WORTH_IT * min(gpus.expected for _, gpus in able)
    near = [(one, gpus) for one, gpus in able if gpus.expected <= fewest]
    least = WORTH_IT * min(gpus.slower or math.inf for _, gpus in near)
    bearing = [(one, gpus) for one, gpus in near if (gpus.slower or math.inf) <= least]
    most = max(1 + gpus.headroom for _, gpus in bearing)
    alike = [one for one, gpus in bearing if WORTH_IT * (1 + gpus.headroom) >= most]
    return min(alike, key=lambda one: (one.candidate.profile.gpus_per_replica, one is not judged[0], -one.per_gpu))


def _worth_it(knob: Judged, own: Judged) -> bool:
    """Whether a replica carries clearly more with other tokens or requests of a step, as expected or if these are slow.

    `own` are the engine's, of the same parallelism.
    """
    expected = (knob.capacity.rps or 0.0) > WORTH_IT * (own.capacity.rps or 0.0)
    return expected or knob.slow_rps > WORTH_IT * own.slow_rps


def _others(one: Judged, sizing: Sizing, mix: Mix) -> Iterator[Candidate]:
    """The same parallelism with other tokens of a step, and with as many requests as the ITL objective allows."""
    own = one.candidate.profile
    profiles = [
        replace(own, max_num_batched_tokens=tokens)
        for tokens in tuning.STEPS
        if tokens != own.max_num_batched_tokens and tokens >= own.max_num_seqs
    ]
    seqs = requests_at_once(one, sizing.objectives.itl_ms, mix)
    if seqs is not None and seqs < own.max_num_seqs:
        profiles.append(replace(own, max_num_seqs=seqs))
    for profile in profiles:
        made = _fitting(profile, sizing, mix)
        if made is not None:
            yield made


def _fitting(profile: ServingProfile, sizing: Sizing, mix: Mix) -> Candidate | None:
    """The candidate, `None` where it does not fit: a step of more tokens takes more memory."""
    try:
        return candidate(profile, sizing, mix.context)
    except (DoesNotFit, NoThroughput):
        return None


def requests_at_once(one: Judged, itl_ms: float | None, mix: Mix) -> int | None:
    """The most requests of a step that the ITL objective and the cache allow, rounded; `None` where there is none.

    The largest batch B whose decode step takes no longer than the objective: b0 + (b1 + b2 · context) · B.
    """
    if itl_ms is None:
        return None
    times = one.throughput.times
    slope = times.b1 + times.b2 * mix.context
    batch = (itl_ms - times.b0) / slope if slope else math.inf
    held = one.candidate.limits.kv_pool_tokens / mix.held(one.candidate.limits)
    return tuning.allowed_requests(min(batch, held), held * mix.context, mix.context) if batch >= 1 else None
