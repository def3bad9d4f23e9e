"""Mean latencies of one replica under a steady load, from the time of its steps: no queue but the running step."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from analyzer.engine import StepTimes

MOST_PROMPTS = 200
ROUNDS = 40
RUNAWAY = 50.0
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Latencies:
    """Mean milliseconds: to the first token, between tokens, and how many requests are decoding on average."""

    ttft: float
    itl: float
    decoding: float


def expected(times: StepTimes, per_ms: float, isl: float, osl: float, *, ahead: bool = False) -> Latencies:
    """What requests of `isl` and `osl` tokens that come at random, `per_ms` each millisecond, see on average.

    How many prompts a step reads is Poisson with the length of the step before, so that a long step draws another long
    one: the stationary law of that chain, and with it the mean step, follow from the step times. Requests that decode
    are rate · (tokens - 1) · ITL (Little), and ITL is the mean step, so that both are iterated until they agree. A
    prompt waits for the rest of the running step, E[T²] / 2 E[T] (what a random moment sees), for a whole one where the
    engine decides on steps `ahead`, then for its own; where nothing runs, with probability e^(-rate · E2E) as in M/G/∞,
    it waits for nothing and is read alone. Beyond saturation there is no steady load: ITL stays at fifty times b0.
    """

    def chain(itl: float) -> tuple[Floats, Floats]:
        return _chain(times, per_ms, isl, osl, itl)

    itl = _agreed(times.b0, lambda itl: float(np.dot(*chain(itl))))
    steps, shares = chain(itl)
    decoding = per_ms * (osl - 1) * itl
    prompts = np.arange(len(steps), dtype=np.float64)
    idle = math.exp(-min(50.0, per_ms * (osl * itl)))
    own = float((shares * prompts) @ steps / max(float(shares @ prompts), 1e-12))
    rest = float(shares @ steps**2 / (2 * (shares @ steps)))
    ttft = times.outside_ms + (1 - idle) * (rest + ahead * itl + own) + idle * times.prefill_ms(isl)
    return Latencies(ttft, itl, decoding)


def _agreed(start: float, mean_step: Callable[[float], float]) -> float:
    """The lowest ITL that is the mean step which it leads to, found from below by Newton's method.

    The mean step is convex in ITL, so that no round goes past the lowest such ITL; there is none where the mean step
    grows as fast as ITL and is above it still.
    """
    itl, nudge = start, 1e-4 * start
    for _ in range(ROUNDS):
        found = mean_step(itl)
        slope = (mean_step(itl + nudge) - found) / nudge - 1
        if slope >= 0 or itl >= RUNAWAY * start:
            return RUNAWAY * start
        step = (itl - found) / slope
        itl += step
        if abs(step) <= 1e-7 * itl:
            break
    return min(itl, RUNAWAY * start)


def _chain(times: StepTimes, per_ms: float, isl: float, osl: float, itl: float) -> tuple[Floats, Floats]:
    """The length of a step that reads 0, 1, 2 … prompts, and how often each of these comes."""
    decoding = per_ms * (osl - 1) * itl
    kv_tokens = decoding * (isl + osl / 2)
    likely = 2 * per_ms * itl
    prompts = np.arange(min(MOST_PROMPTS, math.ceil(likely + 7 * math.sqrt(likely)) + 8), dtype=np.float64)
    steps = np.array([times.mixed_ms(decoding, kv_tokens, n, n * isl, n * isl**2) for n in prompts.tolist()])
    steps[0] = times.decode_ms(decoding, kv_tokens)
    mean = per_ms * steps[:, None]
    after = np.exp(prompts * np.log(np.maximum(mean, 1e-12)) - mean - gammaln(prompts + 1))
    after /= np.maximum(after.sum(axis=1, keepdims=True), 1e-300)
    # the law that stays: shares · after = shares, and they sum to one
    system = after.T - np.eye(len(prompts))
    system[-1] = 1.0
    shares = np.maximum(np.linalg.solve(system, np.eye(len(prompts))[-1]), 0.0)
    return steps, shares / shares.sum()
