"""Which knobs to run with: parallelism first, then tokens and requests of a step where they pay."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from analyzer.advise.sizing.mix import Mix
from analyzer.advise.sizing.question import Candidate, Refused, Sizing, candidate, candidates
from analyzer.advise.sizing.search import FULL, QUICK, Capacity, Effort, capacity
from analyzer.engine import ServingProfile, Throughput, tuning
from analyzer.errors import DoesNotFit, NoThroughput

EXTRAPOLATED = 1.25  # times the most concurrent requests that were measured
WORTH_IT = 1.06  # knobs alone gain 1 to 6 %, which is within the error of any model


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with what one replica of it carries."""

    candidate: Candidate
    capacity: Capacity

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
    def per_gpu(self) -> float:
        """Requests per second and GPU within the objectives, 0 where they are missed."""
        return (self.capacity.rps or 0.0) / self.candidate.profile.gpus_per_replica


@dataclass(frozen=True, slots=True)
class Chosen:
    """The best candidate, `None` where none keeps the objectives; all that were tried, in order; what cannot run."""

    best: Judged | None
    tried: tuple[Judged, ...]
    refused: tuple[Refused, ...]


def judge(one: Candidate, sizing: Sizing, mix: Mix, effort: Effort = QUICK) -> Judged:
    """What one replica of `one` carries of `mix`, with Poisson arrivals."""
    return Judged(one, capacity(mix, one.engine, sizing.objectives, effort))


def choose(sizing: Sizing, mix: Mix, replicas: Callable[[float], int]) -> Chosen:
    """The candidate that takes the fewest GPUs for the load; of those alike the one with fewest GPUs in a replica.

    `replicas` says how many it takes where one carries so many requests per second within the objectives. Parallelism
    is chosen with the engine's own tokens and requests of a step. Others of these are taken only where they carry 6 %
    more, which is as far as a model can tell, or where nothing else keeps the objectives. Raises `DoesNotFit` where the
    model fits in no way, and `NoThroughput` where nothing is known of the fixed profile.
    """
    able, refused = candidates(sizing, mix.context)
    first = [judge(one, sizing, mix) for one in able]
    best = _best(first, replicas)
    if sizing.fixed is not None:
        return Chosen(best, tuple(first), refused)
    others = [other for one in (first if best is None else [best]) for other in _others(one, sizing, mix)]
    knobs = [judge(other, sizing, mix) for other in others]
    found = _best(knobs, replicas)
    if best is None or found is None or found.per_gpu <= WORTH_IT * best.per_gpu:
        return Chosen(best or found, (*first, *knobs), refused)
    # short runs say so by chance at times, so that long ones decide
    again, before = (judge(one.candidate, sizing, mix, FULL) for one in (found, best))
    longer = {id(found): again, id(best): before}
    tried = tuple(longer.get(id(one), one) for one in (*first, *knobs))
    return Chosen(again if again.per_gpu > WORTH_IT * before.per_gpu else before, tried, refused)


def _best(judged: Sequence[Judged], replicas: Callable[[float], int]) -> Judged | None:
    def cost(one: Judged) -> tuple[int, int, float]:
        each = one.candidate.profile.gpus_per_replica
        return replicas(one.capacity.rps or 0.0) * each, each, -one.per_gpu

    return min((one for one in judged if one.capacity.rps), key=cost, default=None)


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
    held = one.candidate.limits.kv_pool_tokens / mix.context
    return tuning.allowed_requests(min(batch, held), held * mix.context, mix.context) if batch >= 1 else None
