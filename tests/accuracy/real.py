"""What a real engine on a real GPU did under rising load, beside what was predicted from its quiet part."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
import numpy as np

from analyzer.engine import EngineLimits, StepTimes, Throughput, complete, gpu, model
from analyzer.replay import Pool, Requests, replay
from analyzer.throughput import live, roofline
from analyzer.throughput.sweeps import kernels
from analyzer.throughput.timings import Timings

SAMPLES: Final = Path(__file__).parents[1] / "samples" / "vllm_h200"
SEEN: Final = ("1.5/s", "4/s", "8/s")
"""The loads that the fit sees; all others are beyond."""

KV_TOKENS: Final = 916_944  # as the engine said when it started
RUNS: Final = {
    "steps_of_8192": EngineLimits(256, 8192, True, KV_TOKENS, 8192, async_scheduling=True),
    "steps_of_2048": EngineLimits(256, 2048, True, KV_TOKENS, 8192, async_scheduling=True),
}
"""The two runs, by file: only the tokens of a step differ."""

PROFILE: Final = complete(
    model("meta-llama/Llama-3.1-8B-Instruct"), gpu("h200"), engine="vllm", tp=1, weights="bf16", max_model_len=8192
)
_ROWS: Final = """
    SELECT epoch_us(timestamp), input_tokens, output_tokens, ttft_us, e2e_us
    FROM read_parquet(?) WHERE list_contains(?, load::VARCHAR) ORDER BY timestamp
"""
Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True, eq=False)
class Recorded:
    """Requests in order of arrival, one array entry each: microseconds and tokens."""

    arrival_us: Ints
    isl: Ints
    osl: Ints
    ttft_us: Ints
    e2e_us: Ints


class Figures(NamedTuple):
    """Of one load, in milliseconds."""

    itl_mean: float
    itl_p95: float
    ttft_p50: float
    ttft_p95: float
    e2e_p50: float

    def off(self, truth: "Figures") -> "Figures":
        """How far each figure is off, as a share of the truth."""
        return Figures(*(said / true - 1 for said, true in zip(self, truth, strict=True)))


def recorded(run: str, *loads: str) -> Recorded:
    """What the sidecar recorded of some loads of a run."""
    rows = duckdb.execute(_ROWS, [str(SAMPLES / f"{run}.parquet"), list(loads)]).fetchall()
    return Recorded(*np.array(rows, np.int64).T)


def loads(run: str) -> dict[str, int]:
    """The loads of a run in their order, and how many requests each has."""
    order = "SELECT load::VARCHAR, count(*) FROM read_parquet(?) GROUP BY 1 ORDER BY min(timestamp)"
    return dict(duckdb.execute(order, [str(SAMPLES / f"{run}.parquet")]).fetchall())


@cache
def fitted() -> Throughput:
    """As the analyzer fits the loads that are seen."""
    seen = recorded("steps_of_8192", *SEEN)
    many = len(seen.osl)
    ones, zeros = np.ones(many, np.bool_), np.zeros(many, np.int64)
    lengths, times = (seen.isl, zeros, seen.osl), (seen.ttft_us, seen.e2e_us)
    timings = Timings(seen.arrival_us - seen.arrival_us[0], *lengths, *times, ones, ones, zeros, many)
    known = kernels(PROFILE, model(PROFILE.model), gpu(PROFILE.gpu))
    return live.fit(timings, reckoned(), kernels=known, budget=8192, ahead=True)


@cache
def reckoned() -> Throughput:
    """The roofline, from data sheets alone."""
    return roofline(PROFILE, model(PROFILE.model), gpu(PROFILE.gpu))


def measured(run: str, load: str) -> Figures:
    """What the sidecar recorded of one load."""
    seen = recorded(run, load)
    several = seen.osl > 1
    itl = (seen.e2e_us - seen.ttft_us)[several] / 1000 / (seen.osl[several] - 1)
    return _figures(itl, seen.ttft_us / 1000, seen.e2e_us / 1000)


def predicted(run: str, load: str, times: StepTimes, limits: EngineLimits | None = None) -> Figures:
    """The same requests, replayed at the same moments, by the limits of the run unless given."""
    seen = recorded(run, load)
    requests = Requests(seen.arrival_us - seen.arrival_us[0], seen.isl, seen.osl, seen.osl, np.zeros_like(seen.osl))
    said = replay(requests, limits or RUNS[run], times, Pool(1))
    return _figures(said.itl_ms[seen.osl > 1], said.ttft_ms, said.e2e_ms)


def _figures(itl: Floats, ttft: Floats, e2e: Floats) -> Figures:
    quantiles = (np.percentile(itl, 95), np.median(ttft), np.percentile(ttft, 95), np.median(e2e))
    return Figures(float(itl.mean()), *map(float, quantiles))
