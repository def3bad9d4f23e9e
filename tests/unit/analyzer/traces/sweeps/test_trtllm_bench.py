"""Reports of trtllm-bench."""

from pathlib import Path
from typing import Any

from analyzer.throughput.sweeps import Figures
from analyzer.traces.sweeps import Told
from tests.unit.analyzer.traces.sweeps.files_of import only, reasons, written


def report(**changes: Any) -> dict[str, Any]:
    spread = {"minimum": 1.0, "maximum": 99.0, "average": 30.0, "p50": 29.0, "p90": 35.0, "p95": 38.0, "p99": 44.0}
    return {
        "engine": {"model": "llama", "version": "1.2", "dtype": "bfloat16", "quantization": "FP8"},
        "world_info": {"tp_size": 2, "pp_size": 1, "world_size": 2, "issue_rate": 1e9},
        "request_info": {"num_requests": 500, "avg_num_concurrent_requests": 120.5, "avg_input_length": 128.0,
                         "avg_output_length": 64.0},
        "performance": {"request_throughput_req_s": 60.0, "avg_request_latency_ms": 930.0,
                        "request_latency_percentiles_ms": {**spread, "average": 930.0, "p50": 920.0}},
        "streaming_metrics": {"avg_ttft_ms": 31.0, "avg_tpot_ms": 14.3, "ttft_percentiles": spread,
                              "tpot_percentiles": {**spread, "average": 14.3, "p50": 14.0}},
    } | changes  # fmt: skip


def test_a_run_is_one_point(tmp_path: Path) -> None:
    point = only("trtllm-bench", written(tmp_path / "t.json", report()), Told(gpu="h100"))
    assert (point.model, point.backend, point.version, point.quant) == ("llama", "trtllm", "1.2", "fp8")
    assert (point.tp, point.pp, point.n_gpu, point.requests) == (2, 1, 2, 500)
    assert point.ttft == Figures(31.0, 29.0, 38.0, 44.0)
    assert (point.itl.mean, point.e2e.mean, point.e2e.p50, point.rps) == (14.3, 930.0, 920.0, 60.0)


def test_the_load_is_what_was_in_flight_and_not_the_rate_of_issuing(tmp_path: Path) -> None:
    point = only("trtllm-bench", written(tmp_path / "t.json", report()))
    assert (point.load_kind, point.load, point.conc) == ("concurrency", 120.5, 120.5)


def test_without_streaming_there_is_no_first_token(tmp_path: Path) -> None:
    point = only("trtllm-bench", written(tmp_path / "t.json", report(streaming_metrics=None)))
    assert (point.ttft, point.itl, point.e2e.mean) == (Figures(), Figures(), 930.0)


def test_weights_that_were_not_quantised_are_bf16(tmp_path: Path) -> None:
    engine = {"model": "llama", "dtype": "bfloat16", "quantization": None}
    assert only("trtllm-bench", written(tmp_path / "t.json", report(engine=engine))).quant == "bf16"


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    assert "run it with --report_json" in reasons("trtllm-bench", written(tmp_path / "t.json", {}))["t.json"]
