"""Mean latencies of one replica under a steady load, from the time of its steps: no queue but the running step."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from analyzer.engine import StepTimes

MOST_PROMPTS = 40
ROUNDS = 200
RUNAWAY = 50.0
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Latencies:
    """Mean milliseconds: to the first token, between tokens, and how many requests are decoding on average."""

    ttft: float
    itl: float
    decoding: float


def expected(times: StepTimes, per_ms: float, isl: float, osl: float) -> Latencies:
    """What requests of `isl` and `osl` tokens that come at random, `per_ms` each millisecond, see on average.

    How many prompts a step reads is Poisson with the length of the step before, so that a long step draws another long
    one: the stationary law of that chain, and with it the mean step, follow from the step times. Requests that decode
    are rate · (tokens - 1) · ITL (Little), and ITL is the mean step, so that both are iterated until they agree. A
    prompt waits for the rest of the running step, E[T²] / 2 E[T] (what a random moment sees), then for its own; where
    nothing runs, with probability e^(-rate · E2E) as in M/G/∞, it waits for nothing and is read alone. Beyond
    saturation there is no steady load: ITL stays at fifty times b0.
    """
    itl = times.b0
    steps = shares = np.zeros(1)
    decoding = 0.0
    for _ in range(ROUNDS):
        decoding = per_ms * (osl - 1) * itl
        steps, shares = _chain(times, per_ms, isl, osl, decoding)
        found = min(float(shares @ steps), RUNAWAY * times.b0)
        if abs(found - itl) <= 1e-7 * itl:
            break
        itl = (itl + found) / 2
    prompts = np.arange(len(steps), dtype=np.float64)
    idle = math.exp(-min(50.0, per_ms * (osl * itl)))
    own = float((shares * prompts) @ steps / max(float(shares @ prompts), 1e-12))
    rest = float(shares @ steps**2 / (2 * (shares @ steps)))
    ttft = times.outside_ms + (1 - idle) * (rest + own) + idle * times.prefill_ms(isl)
    return Latencies(ttft, itl, decoding)


def _chain(times: StepTimes, per_ms: float, isl: float, osl: float, decoding: float) -> tuple[Floats, Floats]:
    """The length of a step that reads 0, 1, 2 … prompts, and how often each of these comes."""
    prompts = np.arange(MOST_PROMPTS, dtype=np.float64)
    kv_tokens = decoding * (isl + osl / 2)
    steps = np.array([times.mixed_ms(decoding, kv_tokens, n, n * isl, n * isl**2) for n in prompts])
    steps[0] = times.decode_ms(decoding, kv_tokens)
    mean = per_ms * steps[:, None]
    after = np.exp(prompts * np.log(np.maximum(mean, 1e-12)) - mean - gammaln(prompts + 1))
    after /= np.maximum(after.sum(axis=1, keepdims=True), 1e-300)
    # the law that stays: shares · after = shares, and they sum to one
    system = np.vstack([after.T - np.eye(len(prompts)), np.ones(len(prompts))])
    shares = np.linalg.lstsq(system, np.append(np.zeros(len(prompts)), 1.0), rcond=None)[0]
    return steps, np.maximum(shares, 0.0) / np.maximum(shares, 0.0).sum()
