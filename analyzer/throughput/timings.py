"""What single requests took, and what else ran meanwhile."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Timings:
    """Recorded requests of one model, one array entry each, in any order.

    `arrival_us` is in microseconds from any zero; `isl`, `cached`, `osl` are tokens, `cached` those of the input that
    the engine had already, 0 where it did not say. `ttft_us` and `e2e_us` are microseconds, -1 where not recorded;
    `ends` tells how long a request was there however it ended. `engine` numbers the engines that requests went to.
    `counted` is False for requests that are there only because they were in the way of others. `requests` says how
    many the records hold, of which these were taken. `max_tokens` are the output tokens that the client allowed, -1
    where it named none, `None` where that is not known of any.
    """

    arrival_us: Ints
    isl: Ints
    cached: Ints
    osl: Ints
    ttft_us: Ints
    e2e_us: Ints
    completed: Bools
    counted: Bools
    engine: Ints
    requests: int
    max_tokens: Ints | None = None

    def __len__(self) -> int:
        """How many requests there are."""
        return len(self.arrival_us)


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What ran on the same engine, one entry for each request.

    Over the time between its first and its last token: `batch` requests that write (itself included) and the
    `kv_tokens` they have cached, on average over time; `prompts` and `prompt_tokens` that were read meanwhile, `spans`
    the sum of their x·(x + 2·cached). At its arrival: `ahead` requests in the engine, and of them `writing` with
    `cached_then` tokens. nan or 0 where the request has no known end.
    """

    batch: Floats
    kv_tokens: Floats
    prompts: Floats
    prompt_tokens: Floats
    spans: Floats
    ahead: Floats
    writing: Floats
    cached_then: Floats


def replicas_behind(timings: Timings, replicas: int) -> float:
    """How many of `replicas` are behind each engine with times that the records tell apart, at least one."""
    return max(1.0, replicas / max(len(np.unique(timings.engine[timings.e2e_us > 0])), 1))


def surroundings(timings: Timings, replicas: float = 1.0) -> Surroundings:
    """What ran beside each request, by sums over all starts and ends in order of time, engine by engine.

    Where `replicas` are behind one address, as a service has it, each is taken to have its even share of the others.

    A request counts as writing from its first token to its end, and from its arrival where the first token was not
    recorded (answers that are no streams); its cache as ISL + OSL/2 all the while, which is its mean.
    """
    columns = np.zeros((8, len(timings)))
    for engine in np.unique(timings.engine):
        rows = np.flatnonzero((timings.engine == engine) & (timings.e2e_us > 0))
        if len(rows):
            columns[:, rows] = _beside(timings, rows)
    if replicas > 1:
        own = np.zeros_like(columns)
        own[:2] = np.stack([np.ones(len(timings)), timings.isl + timings.osl / 2]) * (columns[0] > 0)
        columns = own + (columns - own) / replicas
    return Surroundings(*columns)


def new_tokens(timings: Timings) -> Floats:
    """Input tokens that the engine had to read for each request, at least one."""
    new: Floats = np.maximum(timings.isl - timings.cached, 1).astype(np.float64)
    return new


def spans(timings: Timings) -> Floats:
    """x·(x + 2·cached) of each request: the tokens² that the attention over its input spans."""
    new = new_tokens(timings)
    span: Floats = new * (new + 2 * np.maximum(timings.isl - new, 0))
    return span


def up_to(moments: Floats, weight: Floats, until: Floats, *, side: str = "right") -> Floats:
    """The sum of `weight` over the moments up to each of `until` (before it, with side left)."""
    order = np.argsort(moments, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(weight[order])])
    place = np.searchsorted(moments[order], until, side="left" if side == "left" else "right")
    found: Floats = sums[place]
    return found


def _beside(timings: Timings, rows: Ints) -> NDArray[np.float64]:
    zero = timings.arrival_us[rows].min()
    arrival = (timings.arrival_us[rows] - zero).astype(np.float64)
    first = arrival + np.maximum(timings.ttft_us[rows], 0)
    end = np.maximum(arrival + timings.e2e_us[rows], first)
    one = np.ones(len(rows))
    held = timings.isl[rows] + timings.osl[rows] / 2
    new, span = new_tokens(timings)[rows], spans(timings)[rows]
    lasted = np.maximum(end - first, 1.0)
    batch, kv_tokens = (_mean(first, end, weight, lasted) for weight in (one, held))
    read = [_between(first, weight, first, end) for weight in (one, new, span)]
    ahead = up_to(arrival, one, arrival, side="left") - up_to(end, one, arrival)
    writing, cached_then = (up_to(first, w, arrival) - up_to(end, w, arrival) for w in (one, held))
    return np.stack([batch, kv_tokens, *read, ahead, writing, cached_then])


def _mean(starts: Floats, ends: Floats, weight: Floats, lasted: Floats) -> Floats:
    """The mean over each [start, end] of the sum of `weight` over all that are between their own start and end."""
    mean: Floats = (_area(starts, ends, weight, ends) - _area(starts, ends, weight, starts)) / lasted
    return mean


def _area(starts: Floats, ends: Floats, weight: Floats, until: Floats) -> Floats:
    """∫ of that sum from the beginning to each of `until`: Σ w·(t - start) - Σ w·(t - end) over those before t."""
    total: Floats = np.zeros_like(until)
    for moments, sign in ((starts, 1.0), (ends, -1.0)):
        total += sign * (until * up_to(moments, weight, until) - up_to(moments, weight * moments, until))
    return total


def _between(moments: Floats, weight: Floats, after: Floats, until: Floats) -> Floats:
    """The sum of `weight` over the moments after `after` and up to `until`."""
    return up_to(moments, weight, until) - up_to(moments, weight, after)
