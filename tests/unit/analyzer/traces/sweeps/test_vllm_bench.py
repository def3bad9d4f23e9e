"""Results of vllm bench serve."""

import json
from pathlib import Path
from typing import Any

import pytest

from analyzer.throughput.sweeps import Figures
from analyzer.traces.sweeps import Told
from tests.unit.analyzer.traces.sweeps.files_of import only, read, reasons, written


def result(**changes: Any) -> dict[str, Any]:
    return {
        "backend": "openai",
        "model_id": "llama",
        "num_prompts": 100,
        "request_rate": 10.0,
        "max_concurrency": None,
        "duration": 10.5,
        "completed": 100,
        "total_input_tokens": 20_000,
        "total_output_tokens": 6400,
        "request_throughput": 9.5,
        "mean_ttft_ms": 30.0,
        "median_ttft_ms": 29.0,
        "p99_ttft_ms": 45.0,
        "mean_tpot_ms": 7.2,
        "median_tpot_ms": 7.1,
        "p99_tpot_ms": 8.0,
        "mean_itl_ms": 7.15,
        "mean_e2el_ms": 480.0,
    } | changes


def test_a_run_is_one_point(tmp_path: Path) -> None:
    point = only("vllm-bench", written(tmp_path / "v.json", result()), Told(gpu="h100"))
    assert (point.model, point.isl_mean, point.osl_mean, point.rps) == ("llama", 200.0, 64.0, 9.5)
    assert (point.load_kind, point.load, point.requests) == ("rate", 10.0, 100)
    assert point.ttft == Figures(30.0, 29.0, None, 45.0)
    assert point.itl == Figures(7.2, 7.1, None, 8.0)
    assert point.conc == pytest.approx(9.5 * 0.48)


def test_the_client_is_not_the_engine(tmp_path: Path) -> None:
    assert only("vllm-bench", written(tmp_path / "v.json", result())).backend is None


@pytest.mark.parametrize(("most", "load"), [(32, 32.0), (None, 100.0)])
def test_an_infinite_rate_is_so_many_at_once(tmp_path: Path, most: int | None, load: float) -> None:
    file = written(tmp_path / "v.json", result(request_rate="inf", max_concurrency=most))
    point = only("vllm-bench", file)
    assert (point.load_kind, point.load) == ("concurrency", load)


def test_lists_are_in_seconds_and_give_what_is_not_stated(tmp_path: Path) -> None:
    lists = {"ttfts": [0.03, 0.05, 9.0], "itls": [[0.1, 0.1], [0.2, 0.1], []], "errors": ["", "", "refused"]}
    file = written(tmp_path / "v.json", {k: v for k, v in result(**lists).items() if "e2el" not in k})
    point = only("vllm-bench", file)
    assert point.e2e.mean == pytest.approx((230 + 350) / 2)
    assert point.e2e.p50 == pytest.approx(290.0)
    assert point.ttft.mean == 30.0  # stated
    assert point.ttft.p95 == pytest.approx(49.0)


def test_whole_latencies_go_before_sums_of_gaps(tmp_path: Path) -> None:
    lists = {"ttfts": [0.03], "itls": [[0.1]], "latencies": [0.5], "errors": [""]}
    file = written(tmp_path / "v.json", {k: v for k, v in result(**lists).items() if "e2el" not in k})
    assert only("vllm-bench", file).e2e.mean == pytest.approx(500.0)


def test_without_e2e_nothing_can_be_checked_and_nothing_is_changed(tmp_path: Path) -> None:
    file = written(tmp_path / "v.json", result(mean_e2el_ms=None, mean_tpot_ms=3.0))
    assert only("vllm-bench", file).itl.mean == 3.0


def test_metadata_names_the_engine(tmp_path: Path) -> None:
    file = written(tmp_path / "v.json", result(tensor_parallel_size="2", gpu="H200", quantization="fp8"))
    point = only("vllm-bench", file, Told())
    assert (point.tp, point.n_gpu, point.gpu, point.quant) == (2, 2, "H200", "fp8")


def test_runs_that_were_appended_are_points_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "v.json"
    file.write_text("\n".join(json.dumps(result(request_rate=rate)) for rate in (1.0, 10.0)))
    assert [point.load for point in read("vllm-bench", file).points] == [1.0, 10.0]


def test_what_is_no_result_is_refused(tmp_path: Path) -> None:
    assert "run it with --save-result" in reasons("vllm-bench", written(tmp_path / "v.json", {"a": 1}))["v.json"]
