"""Summaries of AIPerf and GenAI-Perf."""

from pathlib import Path
from typing import Any

import pytest

from analyzer.throughput.sweeps import Figures
from analyzer.traces.sweeps import Told
from tests.unit.analyzer.traces.sweeps.files_of import only, read, reasons, written


def metric(unit: str, mean: float) -> dict[str, Any]:
    return {"unit": unit, "avg": mean, "p50": mean - 1, "p95": mean + 5, "p99": mean + 9}


def summary(**changes: Any) -> dict[str, Any]:
    return {
        "request_throughput": {"unit": "requests/sec", "avg": 14.0},
        "request_latency": metric("ms", 275.0),
        "time_to_first_token": metric("ms", 48.0),
        "inter_token_latency": metric("ms", 5.3),
        "input_sequence_length": metric("tokens", 193.0),
        "output_sequence_length": metric("tokens", 43.8),
        "request_count": {"unit": "requests", "avg": 40.0},
        "input_config": {
            "models": {"items": [{"name": "tiny"}]},
            "phases": [{"kind": "warmup", "concurrency": 1}, {"kind": "profiling", "concurrency": 4}],
        },
    } | changes  # fmt: skip


def test_a_run_is_one_point(tmp_path: Path) -> None:
    point = only("aiperf", written(tmp_path / "a.json", summary()), Told(gpu="h100"))
    assert (point.model, point.load_kind, point.load, point.rps, point.requests) == (
        "tiny",
        "concurrency",
        4.0,
        14.0,
        40,
    )
    assert point.ttft == Figures(48.0, 47.0, 53.0, 57.0)
    assert (point.itl.mean, point.isl_mean, point.osl_mean) == (5.3, 193.0, 43.8)


@pytest.mark.parametrize(("unit", "factor"), [("ms", 1.0), ("s", 1000.0), ("sec", 1000.0), ("us", 0.001), ("ns", 1e-6)])
def test_times_are_milliseconds_whatever_their_unit(tmp_path: Path, unit: str, factor: float) -> None:
    file = written(tmp_path / "a.json", summary(time_to_first_token={"unit": unit, "avg": 48.0 / factor}))
    assert only("aiperf", file).ttft.mean == pytest.approx(48.0)


def test_an_unknown_unit_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "a.json", summary(request_latency=metric("fortnights", 1.0)))
    assert reasons("aiperf", file) == {"a.json": "the unit of request_latency is none of ns, us, ms, s, sec"}


def test_the_servers_own_counts_go_before_those_of_the_text(tmp_path: Path) -> None:
    counted = {"usage_prompt_tokens": metric("tokens", 203.0), "usage_completion_tokens": metric("tokens", 40.0)}
    found = read("aiperf", written(tmp_path / "a.json", summary(**counted)))
    assert (found.points[0].isl_mean, found.points[0].osl_mean) == (203.0, 40.0)
    assert found.points[0].itl == Figures(mean=pytest.approx((275 - 48) / 39))
    assert "n = 40" in found.notes[0]


@pytest.mark.parametrize(
    ("config", "kind", "load"),
    [
        ({"loadgen": {"request_rate": 2.5}}, "rate", 2.5),
        ({"loadgen": {"concurrency": 8}}, "concurrency", 8.0),
        ({"perf_analyzer": {"stimulus": {"concurrency": 32}}}, "concurrency", 32.0),
        ({"perf_analyzer": {"stimulus": {"request_rate": 1.5}}}, "rate", 1.5),
        ({"phases": [{"name": "profiling", "type": "poisson", "rate": 3.0}]}, "rate", 3.0),
        ({}, None, None),
    ],
)
def test_the_load_is_found_where_each_version_has_it(
    tmp_path: Path, config: dict[str, Any], kind: str | None, load: float | None
) -> None:
    point = only("genai-perf", written(tmp_path / "a.json", summary(input_config=config)))
    assert (point.load_kind, point.load) == (kind, load)


def test_metrics_below_records_are_found(tmp_path: Path) -> None:
    metrics = {name: value for name, value in summary().items() if name != "input_config"}
    file = written(tmp_path / "a.json", {"records": metrics, "input_config": {"model_names": ["tiny"]}})
    assert only("aiperf", file, Told(gpu="h100")).model == "tiny"


def test_single_requests_are_not_a_summary(tmp_path: Path) -> None:
    file = written(tmp_path / "profile_export.jsonl", {"metadata": {}, "metrics": {}})
    assert "give the summary, not the single requests" in reasons("aiperf", file)["profile_export.jsonl"]
