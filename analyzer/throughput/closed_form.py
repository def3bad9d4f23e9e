"""What a replica carries when requests follow one another without a queue, as the quick answer."""

from dataclasses import dataclass

import numpy as np

from analyzer.engine import EngineLimits, StepTimes
from analyzer.throughput.mix import Mix


@dataclass(frozen=True, slots=True)
class Carried:
    """A replica that always runs `batch` requests: requests per second, and mean times in milliseconds.

    `itl_ms` is what a client sees between tokens, prompts of others read in between included, by Little's law
    B / (λ·E[OSL]). `ttft_ms` is the prompt's own time and one step before it, without any wait for a place.
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


def mean_prefill_ms(times: StepTimes, mix: Mix) -> float:
    """The mean time to read a prompt: the mean of the times and not the time of the mean, as they rise ever faster."""
    isl = mix.isl.values.astype(np.float64)
    cached = isl * mix.cached_share
    new = np.maximum(isl - cached, 1.0)
    each = times.a0 + times.r0 + times.a1 * new + times.a2 * new * (new + 2 * cached)
    return float(each @ mix.isl.counts / mix.isl.total)


def carried(times: StepTimes, mix: Mix, batch: int) -> Carried:
    """1/λ(B) = E[T_pre] + E[OSL]·T_dec(B, B·context)/B, with B = `batch` requests that run at every moment."""
    read = mean_prefill_ms(times, mix)
    step = times.decode_ms(batch, batch * mix.context)
    rps = 1000 / (read + mix.mean_osl * step / batch)
    itl = 1000 * batch / (rps * mix.mean_osl)
    ttft = times.outside_ms + read + step
    return Carried(batch, rps, ttft, itl, ttft + (mix.mean_osl - 1) * itl)


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
