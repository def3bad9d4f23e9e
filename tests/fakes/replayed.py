"""Traffic of an engine with known step times, as the exporter would have recorded it."""

from collections.abc import Sequence

import numpy as np

from analyzer.engine import EngineLimits, StepTimes
from analyzer.replay import Pool, Replayed, Requests, replay
from analyzer.throughput.timings import Timings
from tests.fakes.recordings import row
from tests.fakes.served import Job

LIMITS = EngineLimits(256, 8192, chunked_prefill=True, kv_pool_tokens=448_675, max_model_len=131_072)


def simulated(jobs: Sequence[Job], times: StepTimes, limits: EngineLimits = LIMITS) -> Replayed:
    """What the simulator says of `jobs`, in order of arrival, on one replica."""
    arrival, isl, osl = (np.rint(np.array(column)).astype(np.int64) for column in zip(*jobs, strict=True))
    requests = Requests(arrival * 1000, isl, osl, osl, np.zeros(len(jobs), np.int64))
    return replay(requests, limits, times, Pool(1))


def recorded(
    jobs: Sequence[Job], times: StepTimes, noise_ms: float = 0.5, seed: int = 1, limits: EngineLimits = LIMITS
) -> Timings:
    """The timings of `jobs`, each moment stamped late by an exponential time with the mean `noise_ms`."""
    done = simulated(jobs, times, limits)
    late = np.random.default_rng(seed).exponential(noise_ms, (2, len(jobs)))
    ttft, e2e = (
        np.rint((ms + by) * 1000).astype(np.int64) for ms, by in zip((done.ttft_ms, done.e2e_ms), late, strict=True)
    )
    arrival, isl, osl = (np.rint(np.array(column)).astype(np.int64) for column in zip(*jobs, strict=True))
    ones, zeros = np.ones(len(jobs), np.bool_), np.zeros(len(jobs), np.int64)
    return Timings(arrival * 1000, isl, zeros, osl, ttft, np.maximum(e2e, ttft), ones, ones, zeros, len(jobs))


def rows(timings: Timings) -> list[dict[str, object]]:
    """The same as rows of records."""
    columns = (timings.arrival_us, timings.isl, timings.osl, timings.ttft_us, timings.e2e_us)
    return [
        row(at / 1e6, isl, osl, ttft_us=ttft, e2e_us=e2e, outcome="completed")
        for at, isl, osl, ttft, e2e in zip(*(column.tolist() for column in columns), strict=True)
    ]


def rising(jobs: Sequence[Job]) -> list[Job]:
    """`jobs` with the first quarter of them four times as far apart, as in a quiet hour before a busy one."""
    quiet = len(jobs) // 4
    gaps = np.diff([0.0, *(at for at, _, _ in jobs)])
    gaps[:quiet] *= 4
    return [(float(at), isl, osl) for at, (_, isl, osl) in zip(np.cumsum(gaps), jobs, strict=True)]
