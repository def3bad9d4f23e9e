"""What a replay of the same load gives, with step times from here and from there."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from analyzer.engine import StepTimes, limits, memory
from analyzer.replay import Pool, Requests, replay
from analyzer.throughput.sweeps import BenchPoint
from tests.accuracy.measured import IN_FLIGHT, KEPT_UP, SECONDS, Measured, h100, llama

SEEDS = range(5)
STEP_RPS = 1.0


@dataclass(frozen=True)
class Figures:
    """What one stage of a sweep measures: completed requests per second, and milliseconds."""

    rps: float
    ttft_p50: float
    itl_mean: float


def of_point(point: BenchPoint) -> Figures:
    """What was measured."""
    found = point.rps, point.ttft.p50, point.itl.mean
    return Figures(*(float("nan") if each is None else each for each in found))


def predict(sweep: Measured, times: StepTimes, load: float) -> Figures:
    """A stage under `load` requests per second: the median of five replays with other arrivals."""
    runs = [_stage(sweep, times, load, seed) for seed in SEEDS]
    return Figures(*(median(getattr(run, name) for run in runs) for name in ("rps", "ttft_p50", "itl_mean")))


def knee(sweep: Measured, times: StepTimes, loads: Sequence[float]) -> float:
    """The highest of the loads between the given ones, in steps of one request per second, that is kept up with."""
    tried = np.arange(min(loads), max(loads) + STEP_RPS, STEP_RPS)
    kept = [load for load in tried if _stage(sweep, times, float(load), 0).rps >= KEPT_UP * load]
    return float(max(kept, default=min(loads)))


def _stage(sweep: Measured, times: StepTimes, load: float, seed: int) -> Figures:
    """Arrivals as inference-perf makes them: exponential intervals, stretched so that the last comes at the end."""
    count = int(load * SECONDS)
    intervals = np.random.default_rng(seed).exponential(1.0, count)
    arrival = np.cumsum(intervals / intervals.sum() * SECONDS * 1e6).astype(np.int64)
    point = sweep.points[0]
    lengths = round(point.isl_mean or 0), round(point.osl_mean or 0)
    isl, osl = (np.full(count, length, np.int64) for length in lengths)
    requests = Requests(arrival, isl, osl, osl, np.full(count, sweep.cached, np.int64))
    made = memory(sweep.profile, llama(), h100())
    done = replay(requests, limits(sweep.profile, made, llama()), times, Pool(1, most_in_flight=IN_FLIGHT))
    return Figures(
        rps=count / (done.span_ms / 1000),
        ttft_p50=float(np.median(done.ttft_ms)),
        itl_mean=float(np.mean(done.itl_ms)),
    )
