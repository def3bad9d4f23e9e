"""The steps in which prompts were read, found from the moments at which first tokens came together."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analyzer.engine import StepTimes
from analyzer.throughput.timings import Bools, Floats, Ints, Timings, new_tokens, spans, up_to

JOINED = 0.4  # of a short step: first tokens that are nearer to one another than that left in the same one


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Steps that read prompts to their end, one entry each, engine by engine in order of time.

    `tokens` new ones of all `prompts` together, whose attention spans `spans` tokens²; `writing` requests wrote beside
    them and had `kv_tokens` cached. For each request, -1 where its end is not known: `own` is the step that read its
    prompt (at its arrival where the first token was not recorded), and from `own` + 1 on those before `until` were
    read while it wrote. A step that reads has room for `budget` tokens, `None` where prompts are read whole; of
    `replicas` behind one address nobody knows which did it.
    """

    prompts: Floats
    tokens: Floats
    spans: Floats
    writing: Floats
    kv_tokens: Floats
    own: Ints
    until: Ints
    budget: int | None
    replicas: float

    @property
    def steps(self) -> Floats:
        """How many steps each takes: more than one where its tokens are beyond the `budget` of a step."""
        if self.budget is None:
            return np.ones_like(self.tokens)
        room = np.maximum(self.budget - self.writing / self.replicas, 1)
        pieces: Floats = np.maximum(np.ceil(self.tokens / room), 1)
        return pieces

    def more_ms(self, times: StepTimes) -> Floats:
        """What each takes longer than steps that only write, by `times`; of `replicas` each does its share of it."""
        steps = self.steps
        free = np.maximum(times.overlap_ms - times.a1 * self.writing / self.replicas, 0)
        work = times.a1 * self.tokens + times.a2 * self.spans
        more: Floats = (steps * times.m0 + np.maximum(work - steps * free, 0)) / self.replicas
        return more


def readings(timings: Timings, usable: Bools, budget: int | None = None, replicas: float = 1.0) -> Readings:
    """The steps that read the prompts of `timings`, of which `usable` requests tell how long a step takes.

    An engine gives out what a step wrote at its end, so that prompts that were read together have their first tokens
    together. Where several `replicas` are behind one address as many steps end in the same time, and tokens of one step
    have to be nearer to one another.
    """
    near = JOINED * _short_step_us(timings, usable) / replicas
    own, until = np.full(len(timings), -1), np.full(len(timings), -1)
    parts: list[NDArray[np.float64]] = [np.zeros((5, 0))]
    for engine in np.unique(timings.engine):
        rows = np.flatnonzero((timings.engine == engine) & (timings.e2e_us > 0))
        if len(rows):
            before = sum(part.shape[1] for part in parts)
            step, after, part = _of_engine(timings, rows, near)
            own[rows], until[rows] = step + before, np.maximum(after, step + 1) + before
            parts.append(part)
    prompts, tokens, span, writing, kv_tokens = np.concatenate(parts, axis=1)
    return Readings(prompts, tokens, span, writing, kv_tokens, own, until, budget, replicas)


def without_reading(timings: Timings, read: Readings, times: StepTimes) -> Timings:
    """The same requests from their first token on, as if no step had taken longer by what it read, by `times`.

    Long steps do not count for more then: time averages become means over steps, which is what tokens stand for.
    """
    known = read.own >= 0
    less = np.concatenate([[0.0], np.cumsum(read.more_ms(times))]) * 1000
    moved, after = (np.where(known, less[place], 0) for place in (read.own + 1, read.until))
    first = timings.arrival_us + np.maximum(timings.ttft_us, 0) - np.rint(moved).astype(np.int64)
    lasted = timings.arrival_us + timings.e2e_us - np.rint(after).astype(np.int64) - first
    zeros = np.zeros_like(first)
    return replace(timings, arrival_us=first, ttft_us=zeros, e2e_us=np.where(known, np.maximum(lasted, 1), zeros - 1))


def _short_step_us(timings: Timings, usable: Bools) -> float:
    """A time between tokens that one request in twenty falls below, of those with five tokens or more if there are."""
    rows = usable & (timings.osl >= 2) & (timings.e2e_us > timings.ttft_us)
    many = rows & (timings.osl >= 5)
    rows = many if many.any() else rows
    if not rows.any():
        return 0.0
    return float(np.quantile((timings.e2e_us - timings.ttft_us)[rows] / (timings.osl[rows] - 1), 0.05))


def _of_engine(timings: Timings, rows: Ints, near: float) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """For each of `rows` the step of its first token and the first step after its end, and the steps themselves."""
    zero = timings.arrival_us[rows].min()
    arrival = (timings.arrival_us[rows] - zero).astype(np.float64)
    first = arrival + np.maximum(timings.ttft_us[rows], 0)
    end = np.maximum(arrival + timings.e2e_us[rows], first)
    order = np.argsort(first, kind="stable")
    numbers = np.concatenate([[0], np.cumsum(np.diff(first[order]) > near)])
    step = np.empty(len(rows), np.int64)
    step[order] = numbers
    at = first[order][np.searchsorted(numbers, np.arange(numbers[-1] + 1))]
    new, span, held = new_tokens(timings)[rows], spans(timings)[rows], timings.isl[rows] + timings.osl[rows] / 2
    one = np.ones(len(rows))
    read = [np.bincount(step, weight, len(at)) for weight in (one, new, span)]
    # tokens of one step are stamped one after the other, and one that ends with it wrote in it
    beside = [up_to(first, w, at, side="left") - up_to(end, w, at - near / 2) for w in (one, held)]
    return step, np.searchsorted(at, end + near / 2, side="right"), np.stack([*read, *beside])
