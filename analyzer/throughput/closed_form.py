"""What a replica carries when requests follow one another without a queue, as the quick answer."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlog1py, xlogy

from analyzer.engine import EngineLimits, StepTimes
from analyzer.throughput.mix import Mix

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Carried:
    """A replica that always runs `batch` requests: requests per second, and mean times in milliseconds.

    `itl_ms` is what a client sees between tokens, prompts of others read in between included, by Little's law
    B / (λ·E[OSL]). `ttft_ms` is without any wait for a place.
    """

    batch: int
    rps: float
    ttft_ms: float
    itl_ms: float
    e2e_ms: float


@dataclass(frozen=True, slots=True)
class Objectives:
    """Mean times in milliseconds that must not be exceeded; `None` where none is set."""

    ttft_ms: float | None = None
    itl_ms: float | None = None
    e2e_ms: float | None = None

    def met(self, carried: Carried) -> bool:
        """Whether all of them hold."""
        pairs = ((carried.ttft_ms, self.ttft_ms), (carried.itl_ms, self.itl_ms), (carried.e2e_ms, self.e2e_ms))
        return all(limit is None or value <= limit for value, limit in pairs)


def carried(times: StepTimes, mix: Mix, batch: int) -> Carried:
    """λ(B) = B / (E[OSL]·E[step]), with B = `batch` requests that run at every moment.

    Of B places each is free again after a share 1/E[OSL] of the steps, so that the prompts that begin in one are
    binomial (B, 1/E[OSL]). E[step] is the mean over them, of mixed steps and not of a prompt's time and a decode step
    added up: a prompt beside others hides in the reading of the weights and pays m0 in place of a0. Where neither
    `overlap_ms` nor m0 is known, that is 1/λ(B) = E[r0 + a1·x + a2·A] + E[OSL]·T_dec(B, B·context)/B.

    What a prompt waits for is the rest of a step, E[T²]/2E[T] as a random moment sees it, and the step that reads it.
    """
    begun = _begun(batch, 1 / mix.mean_osl)
    prompts = np.arange(len(begun), dtype=np.float64)
    steps = _steps(times, mix, batch, prompts)
    step = float(begun @ steps)
    rest = float(begun @ steps**2) / (2 * step)
    own = float((begun * prompts) @ steps / (begun @ prompts))
    ttft = times.outside_ms + rest + own
    return Carried(batch, 1000 * batch / (mix.mean_osl * step), ttft, step, ttft + (mix.mean_osl - 1) * step)


def _begun(places: int, share: float) -> Floats:
    """The probability of 0, 1, 2 … prompts in one step, as far as they matter, with a sum of one."""
    mean = places * share
    prompts = np.arange(min(places, math.ceil(mean + 7 * math.sqrt(mean)) + 8) + 1, dtype=np.float64)
    left = places - prompts
    ways = gammaln(places + 1) - gammaln(prompts + 1) - gammaln(left + 1)
    found: Floats = np.exp(ways + xlogy(prompts, share) + xlog1py(left, -share))
    found /= found.sum()
    return found


def _steps(times: StepTimes, mix: Mix, batch: int, prompts: Floats) -> Floats:
    """How long a step takes in which so many prompts begin; one has each of the lengths, others beside it the mean."""
    work = _work(times, mix)
    shares = mix.isl.counts / mix.isl.total
    mean = float(work @ shares)
    free = max(0.0, times.overlap_ms - times.a1 * batch)
    beside = np.array([float(np.maximum(work + (each - 1) * mean - free, 0) @ shares) for each in prompts])
    steps: Floats = times.decode_ms(batch, batch * mix.context) + np.where(prompts > 0, times.m0 + beside, 0)
    return np.where(prompts == batch, times.a0 + prompts * mean, steps)


def _work(times: StepTimes, mix: Mix) -> Floats:
    """What a prompt of each length of the mix computes, in milliseconds: r0 + a1·x + a2·x·(x + 2·cached)."""
    isl = mix.isl.values.astype(np.float64)
    cached = isl * mix.cached_share
    new = np.maximum(isl - cached, 1.0)
    work: Floats = times.r0 + times.a1 * new + times.a2 * new * (new + 2 * cached)
    return work


def largest_batch(limits: EngineLimits, mix: Mix) -> int:
    """How many requests run at once at most: by the engine's limit, and by what its cache holds on average."""
    return max(1, min(limits.max_num_seqs, int(limits.kv_pool_tokens / mix.context)))


def most_carried(times: StepTimes, mix: Mix, limits: EngineLimits, objectives: Objectives) -> Carried | None:
    """The most that is carried within `objectives`, `None` where even one request at a time exceeds them.

    Every time grows with the batch, and so does what is carried: the largest batch that meets them is the answer.
    """
    low, high = 0, largest_batch(limits, mix)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if objectives.met(carried(times, mix, middle)) else (low, middle - 1)
    return carried(times, mix, low) if low else None
