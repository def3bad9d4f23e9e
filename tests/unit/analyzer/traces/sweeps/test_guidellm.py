"""Reports of guidellm."""

from pathlib import Path
from typing import Any

import pytest

from analyzer.throughput.sweeps import Figures
from analyzer.traces.sweeps import Told
from tests.unit.analyzer.traces.sweeps.files_of import only, read, reasons, written


def metric(mean: float) -> dict[str, Any]:
    spread = {"p50": mean - 1, "p95": mean + 5, "p99": mean + 9}
    return {"successful": {"mean": mean, "percentiles": spread}, "errored": {"mean": 10 * mean}}


def benchmark(strategy: dict[str, Any], itl: float = 6.2) -> dict[str, Any]:
    return {
        "config": {"strategy": strategy, "backend": {"model": "tiny"}},
        "duration": 2.0,
        "metrics": {
            "request_totals": {"successful": 30, "errored": 5},
            "requests_per_second": metric(99.0),
            "request_concurrency": metric(3.8),
            "request_latency": {"successful": {"mean": 0.24, "percentiles": {"p50": 0.23, "p95": 0.3, "p99": 0.31}}},
            "prompt_token_count": metric(138.0),
            "output_token_count": metric(32.0),
            "time_to_first_token_ms": metric(45.0),
            "time_per_output_token_ms": metric(7.4),
            "inter_token_latency_ms": metric(itl),
        },
    }


def report(*benchmarks: dict[str, Any], version: int = 2) -> dict[str, Any]:
    return {"metadata": {"version": version}, "benchmarks": list(benchmarks)}


def test_latency_is_in_seconds_and_the_rest_is_not(tmp_path: Path) -> None:
    file = written(tmp_path / "g.json", report(benchmark({"type_": "constant", "rate": 16.0})))
    point = only("guidellm", file, Told(gpu="h100"))
    assert (point.model, point.e2e.mean, point.e2e.p95) == ("tiny", pytest.approx(240.0), pytest.approx(300.0))
    assert point.ttft == Figures(45.0, 44.0, 50.0, 54.0)
    assert (point.itl.mean, point.isl_mean, point.osl_mean, point.conc) == (6.2, 138.0, 32.0, 3.8)


def test_the_rate_is_what_succeeded_over_the_duration(tmp_path: Path) -> None:
    file = written(tmp_path / "g.json", report(benchmark({"type_": "constant", "rate": 16.0})))
    assert (only("guidellm", file).rps, only("guidellm", file).requests) == (15.0, 30)


@pytest.mark.parametrize(
    ("strategy", "kind", "load"),
    [
        ({"type_": "poisson", "rate": 5.0}, "rate", 5.0),
        ({"type_": "concurrent", "streams": 4, "max_concurrency": 4}, "concurrency", 4.0),
        ({"type_": "throughput", "max_concurrency": 512}, "concurrency", 512.0),
        ({"type_": "synchronous"}, "concurrency", 1.0),
        ({"type_": "trace"}, None, None),
    ],
)
def test_a_strategy_is_a_rate_or_streams(
    tmp_path: Path, strategy: dict[str, Any], kind: str | None, load: float | None
) -> None:
    point = only("guidellm", written(tmp_path / "g.json", report(benchmark(strategy))))
    assert (point.load_kind, point.load) == (kind, load)


def test_every_benchmark_of_a_sweep_is_a_point(tmp_path: Path) -> None:
    many = report(*(benchmark({"type_": "constant", "rate": rate}) for rate in (1.0, 2.0, 3.0)))
    assert [point.load for point in read("guidellm", written(tmp_path / "g.json", many)).points] == [1.0, 2.0, 3.0]


def test_other_versions_and_empty_reports_are_refused(tmp_path: Path) -> None:
    old = written(tmp_path / "old.json", report(version=1))
    empty = written(tmp_path / "empty.json", report())
    assert reasons("guidellm", old, empty) == {
        "old.json": "it is no guidellm report of version 2 (its version is 1)",
        "empty.json": "it holds no benchmark",
    }
