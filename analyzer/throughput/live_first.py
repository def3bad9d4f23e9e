"""What a first token takes besides its step: what is outside the engine, and the constant of a prompt alone."""

from dataclasses import replace

import numpy as np

from analyzer.engine import StepTimes
from analyzer.throughput.live_steps import Alone
from analyzer.throughput.readings import Readings
from analyzer.throughput.timings import Bools, Floats, Surroundings, Timings, new_tokens, spans

TAU = 0.10  # the quantile of TTFT that hardly any queue is in
LEAST = 30  # requests that the constant of TTFT is found from
MOST = 2000  # of those that found others writing, the ones with the fewest waiting before them


def alone(timings: Timings, beside: Surroundings, read: Readings, usable: Bools) -> Alone:
    """The prompts that found the engine empty and were read by themselves; none where they are fewer than thirty."""
    rows = np.flatnonzero(usable & (beside.ahead == 0))
    rows = rows[(read.prompts[read.own[rows]] == 1) & (read.writing[read.own[rows]] == 0)]
    if len(rows) < LEAST:
        rows = rows[:0]
    return Alone(new_tokens(timings)[rows], spans(timings)[rows], timings.ttft_us[rows] / 1000)


def with_constants(
    times: StepTimes, timings: Timings, beside: Surroundings, read: Readings, usable: Bools, *, ahead: bool
) -> StepTimes:
    """`times` with a0 and `outside_ms` from TTFT.

    A request that finds others writing waits for the rest of a step, then for its own; for one of others in between
    where these are decided `ahead`. Of TTFT less that the lower quantile (0.10) has a tenth of a step and no queue in
    it: what is left is outside. A prompt alone takes a0 and
    what is outside. Where fewer than thirty were alone, a0 is what lets one take the step that it would take beside
    nobody; where nothing was written beside any other, a0 is taken to be at most b0, as a step reads the weights once.
    """
    by_itself = alone(timings, beside, read, usable)
    constant = float(np.median(by_itself.ttft - times.a1 * by_itself.new - times.a2 * by_itself.span)) if len(
        by_itself.ttft
    ) else None  # fmt: skip
    outside = _outside(times, timings, beside, read, usable, ahead=ahead)
    if constant is None:
        mean = float(new_tokens(timings)[usable].mean())
        work = times.a1 * mean + times.a2 * mean**2
        own = times.mixed_ms(0, 0, 1, mean, mean**2) - work
        return replace(times, a0=max(own, 0.0), outside_ms=max(outside or 0.0, 0.0))
    if outside is None:
        outside = constant - times.b0
    outside = min(max(outside, 0.0), max(constant, 0.0))
    return replace(times, a0=max(constant, 0.0) - outside, outside_ms=outside)


def _outside(
    times: StepTimes, timings: Timings, beside: Surroundings, read: Readings, usable: Bools, *, ahead: bool
) -> float | None:
    """What is outside the engine by those that found others writing; `None` where these are fewer than thirty."""
    rows = np.flatnonzero(usable & (beside.ahead > 0))
    rows = rows[(read.writing[read.own[rows]] > 0) & (read.steps[read.own[rows]] == 1)]
    if len(rows) < LEAST:
        return None
    waiting = beside.ahead[rows] - beside.writing[rows]
    rows = rows[np.argsort(waiting, kind="stable")][:MOST]
    own = read.own[rows]
    writing, cached = read.writing[own] / read.replicas, read.kv_tokens[own] / read.replicas
    took: Floats = times.b0 + times.b1 * writing + times.b2 * cached
    step = took + read.more_ms(times)[own] * read.replicas
    return float(np.quantile(timings.ttft_us[rows] / 1000 - step - (TAU + ahead) * took, TAU))
