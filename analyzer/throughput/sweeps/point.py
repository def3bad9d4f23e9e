"""One point of a sweep: what an engine delivered under one load, in the same words and units for every tool."""

from dataclasses import dataclass
from typing import Literal

LoadKind = Literal["rate", "concurrency"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Mean and percentiles over requests in milliseconds; `None` where the tool does not say, or not soundly."""

    mean: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True)
class BenchPoint:
    """What one run of a benchmark measured.

    `load` is what the tool was asked for: requests per second where `load_kind` is `rate`, requests at once where it is
    `concurrency`. `rps` are completed requests per second over the whole run, `conc` the requests in flight on average.
    `isl_mean` and `osl_mean` are tokens as the engine counts them. `ttft` is to the first token, `itl` the request's
    (E2E - TTFT) / (tokens - 1), `e2e` to the last token. `src` is the file's name, `src_sha256` what it held, and
    `requests` how many completed.
    """

    model: str
    gpu: str
    n_gpu: int
    tp: int
    pp: int
    backend: str | None
    version: str | None
    quant: str
    isl_mean: float | None
    osl_mean: float | None
    load_kind: LoadKind | None
    load: float | None
    rps: float | None
    ttft: Figures
    itl: Figures
    e2e: Figures
    conc: float | None
    src: str
    src_sha256: str
    requests: int | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """What was measured: points of one setup make one throughput."""

    model: str
    gpu: str
    tp: int
    pp: int
    quant: str

    def __str__(self) -> str:
        """The setup in words, as errors name it."""
        return f"{self.model} in {self.quant} on {self.gpu}, TP {self.tp}, PP {self.pp}"


def setup(point: BenchPoint) -> Setup:
    """The setup that a point was measured with."""
    return Setup(point.model, point.gpu, point.tp, point.pp, point.quant)
