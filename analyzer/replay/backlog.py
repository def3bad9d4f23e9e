"""Whether requests come faster than they are served, from how many wait for their first token."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from analyzer.replay.traffic import Floats

CHANCE = 3.0  # standard deviations
PARTS = 5


def grows(arrival_ms: Floats, ttft_ms: Floats, counts: NDArray[np.bool_]) -> bool:
    """Whether the requests that wait become more and more up to the last arrival, by more than chance.

    `arrival_ms` in order, `ttft_ms` nan for what was never served; looked at is the time from the first request that
    `counts`. The time is divided into five parts. However busy an engine is that keeps up, it works its queue off now
    and then, so that the fewest that wait in a part are few; of one that does not, these minima rise from part to part.
    They have to through the last three parts, and to more than three standard deviations of the difference between n
    arrivals and n services that keep pace, which is sqrt(2 n) where both come as if by chance. So a share x of the load
    that is not served shows where n > 2 · (3 / (0.8 x))² or so: 10 % from 2,800 requests on, 2 % from 70,000 on.

    How long a service takes does not matter, as only waiting counts. What it cannot see: an overload of fewer requests
    than that, one that begins in the last fifth, and one whose queue is empty once in each night.
    """
    served = np.isfinite(ttft_ms)
    if not (served & counts).any():
        return False
    arrival, first = arrival_ms[served], np.sort(arrival_ms[served] + ttft_ms[served])
    begin, end = arrival_ms[served & counts][0], arrival[-1]
    waiting = np.arange(len(arrival)) - np.searchsorted(first, arrival, side="right")
    part = np.clip((arrival - begin) * PARTS // max(end - begin, 1e-9), -1, PARTS - 1)
    lows = [waiting[part == place].min(initial=np.iinfo(np.int64).max) for place in range(PARTS - 3, PARTS)]
    if any(not (part == place).any() for place in range(PARTS - 3, PARTS)):
        return False
    return bool(lows[0] < lows[1] < lows[2] and lows[2] > CHANCE * sqrt(2 * float((part >= 0).sum())))
