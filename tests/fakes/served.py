"""An engine with continuous batching in a few lines, slow and plain, whose step times are known."""

from collections.abc import Sequence

import numpy as np

from analyzer.engine import StepTimes
from analyzer.throughput.timings import Timings

Job = tuple[float, int, int]  # arrival in milliseconds, ISL, OSL


def served(jobs: Sequence[Job], times: StepTimes, budget: int = 8192, most: int = 256) -> Timings:
    """The timings of `jobs`, in order of arrival: first come first served, prompts in chunks within the budget."""
    waiting = list(range(len(jobs)))
    unread = [isl for _, isl, _ in jobs]
    written = [0] * len(jobs)
    first, last = np.full(len(jobs), np.nan), np.full(len(jobs), np.nan)
    running: list[int] = []
    now = 0.0
    while waiting or running:
        if not running and jobs[waiting[0]][0] > now:
            now = jobs[waiting[0]][0]
        while waiting and len(running) < most and jobs[waiting[0]][0] <= now:
            running.append(waiting.pop(0))
        writing = [each for each in running if not unread[each]]
        room, read = budget - len(writing), []
        for each in running:
            if unread[each] and room > 0:
                read.append((each, min(room, unread[each])))
                room -= read[-1][1]
        now += _step(times, jobs, unread, written, writing, read)
        for each, tokens in read:
            unread[each] -= tokens
            if not unread[each]:
                first[each], written[each] = now, 1
        for each in writing:
            written[each] += 1
        for each in [each for each in running if written[each] >= jobs[each][2]]:
            last[each] = now
            running.remove(each)
    return _timings(jobs, first, last, times.outside_ms)


def _step(
    times: StepTimes,
    jobs: Sequence[Job],
    unread: Sequence[int],
    written: Sequence[int],
    writing: Sequence[int],
    read: Sequence[tuple[int, int]],
) -> float:
    tokens = sum(x for _, x in read)
    spans = sum(x * (x + 2 * (jobs[each][1] - unread[each])) for each, x in read)
    begun = sum(unread[each] == jobs[each][1] for each, _ in read)
    prompts = times.r0 * begun + times.a1 * tokens + times.a2 * spans
    if not writing:
        return times.a0 + prompts
    took = times.decode_ms(len(writing), sum(jobs[each][1] + written[each] for each in writing))
    return took + (times.m0 + prompts if read else 0.0)


def _timings(jobs: Sequence[Job], first: np.ndarray, last: np.ndarray, outside_ms: float) -> Timings:
    arrival = np.array([at for at, _, _ in jobs])
    count = len(jobs)
    return Timings(
        arrival_us=np.rint(arrival * 1000).astype(np.int64),
        isl=np.array([isl for _, isl, _ in jobs], np.int64),
        cached=np.zeros(count, np.int64),
        osl=np.array([osl for _, _, osl in jobs], np.int64),
        ttft_us=np.rint((first - arrival + outside_ms) * 1000).astype(np.int64),
        e2e_us=np.rint((last - arrival + outside_ms) * 1000).astype(np.int64),
        completed=np.ones(count, np.bool_),
        counted=np.ones(count, np.bool_),
        engine=np.zeros(count, np.int64),
        requests=count,
    )


def poisson(rate: float, count: int, seed: int = 1, sigma: tuple[float, float] = (0.8, 0.7)) -> list[Job]:
    """Jobs of about 2,000 tokens in and 200 out, log-normal, at `rate` a second."""
    random = np.random.default_rng(seed)
    arrival = np.cumsum(random.exponential(1000 / rate, count))
    isl, osl = (
        np.maximum(random.lognormal(np.log(mean) - spread**2 / 2, spread, count), 1).astype(int)
        for mean, spread in zip((2000, 200), sigma, strict=True)
    )
    return [(float(at), int(i), int(o)) for at, i, o in zip(arrival, isl, osl, strict=True)]
