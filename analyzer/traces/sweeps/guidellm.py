"""guidellm's JSON report, version 2: each benchmark in it is one run."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from analyzer.throughput.sweeps.point import LoadKind
from analyzer.traces.base import unreadable
from analyzer.traces.guidellm import VERSION
from analyzer.traces.nested import at, items, number, text, whole
from analyzer.traces.sweeps.base import Heard, Run, Told
from analyzer.traces.sweeps.files import each, figures
from analyzer.traces.tabular import document

NAMES = ("mean", "percentiles/p50", "percentiles/p95", "percentiles/p99")
SECOND_MS = 1000.0


class GuideLLMReport:
    """guidellm's `benchmarks.json`: `request_latency` is in seconds, the metrics that end in `_ms` are not.

    Only successful requests count. Its `time_per_output_token_ms` counts from the request and divides by all tokens, so
    that `inter_token_latency_ms` is read, which is over tokens. Completed requests per second are the successful ones
    over the measured duration: the mean that the report states is one of instantaneous rates, weighted by time.
    """

    def read(self, paths: Sequence[Path], told: Told) -> Heard:
        """The runs of all reports."""
        del told  # the merge puts it in
        return each(paths, _runs)


def _runs(path: Path) -> Iterator[Run]:
    report = document(path)
    version = at(report, "metadata", "version")
    if version != VERSION:
        said = version if isinstance(version, int) else "none"
        raise unreadable(path, f"it is no guidellm report of version {VERSION} (its version is {said})")
    found = items(report.get("benchmarks"))
    if not found:
        raise unreadable(path, "it holds no benchmark")
    for benchmark in found:
        yield _run(path, benchmark)


def _run(path: Path, benchmark: object) -> Run:
    metrics = at(benchmark, "metrics")
    kind, load = _load(at(benchmark, "config", "strategy"))
    requests = whole(at(metrics, "request_totals", "successful"))
    duration = number(at(benchmark, "duration"))
    latency = at(metrics, "request_latency", "successful")
    itl = at(metrics, "inter_token_latency_ms", "successful")
    return Run(
        path,
        model=text(at(benchmark, "config", "backend", "model")),
        isl=number(at(metrics, "prompt_token_count", "successful", "mean")),
        osl=number(at(metrics, "output_token_count", "successful", "mean")),
        load_kind=kind,
        load=load,
        rps=requests / duration if requests and duration else None,
        ttft=figures(at(metrics, "time_to_first_token_ms", "successful"), NAMES),
        itl=figures(itl, NAMES),
        e2e=figures(latency, NAMES, SECOND_MS),
        per_token=number(at(itl, "mean")),
        conc=number(at(metrics, "request_concurrency", "successful", "mean")),
        requests=requests,
    )


def _load(strategy: object) -> tuple[LoadKind | None, float | None]:
    """What the strategy kept up: a rate (constant, poisson), or streams (concurrent, throughput, synchronous: one)."""
    if (rate := number(at(strategy, "rate"))) is not None:
        return "rate", rate
    if at(strategy, "type_") == "synchronous":
        return "concurrency", 1.0
    streams = number(at(strategy, "streams")) or number(at(strategy, "max_concurrency"))
    return (None, None) if streams is None else ("concurrency", streams)
