"""Stages of inference-perf."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analyzer.throughput.sweeps import Figures
from analyzer.traces.sweeps import Told
from tests.accuracy.measured import SAMPLES
from tests.unit.analyzer.traces.sweeps.files_of import SAID, read, reasons, written

STAGES = sorted((SAMPLES / "seqs_128").glob("stage_*.json"))


def stage(**lengths: float) -> dict[str, Any]:
    spread = {"mean": 0.48, "median": 0.48, "p5": 0.475, "p95": 0.486, "p99": 0.489}
    told = {"mean": 64.0, "min": 64.0, "p5": 64.0, "median": 64.0, "p95": 64.0, "max": 64.0} | lengths
    return {
        "load_summary": {"requested_rate": 10.0, "achieved_rate": 99.0},
        "successes": {
            "count": 600,
            "latency": {
                "request_latency": spread,
                "time_to_first_token": {"mean": 0.031, "median": 0.030, "p95": 0.036, "p99": 0.040},
                "time_per_output_token": {"mean": 0.00713, "median": 0.0071, "p95": 0.0074, "p99": 0.0076},
                "inter_token_latency": {"mean": 0.00713},
            },
            "throughput": {"requests_per_sec": 9.8},
            "prompt_len": {"mean": 204.0},
            "output_len": told,
        },
    }


def test_times_are_in_seconds_there(tmp_path: Path) -> None:
    [point] = read("inference-perf", written(tmp_path / "stage_0.json", stage())).points
    assert point.ttft == Figures(31.0, 30.0, 36.0, 40.0)
    assert (point.itl.mean, point.e2e.p95) == (pytest.approx(7.13), pytest.approx(486.0))


def test_what_was_sent_is_not_what_was_completed(tmp_path: Path) -> None:
    [point] = read("inference-perf", written(tmp_path / "stage_0.json", stage())).points
    assert (point.load_kind, point.load, point.rps, point.requests) == ("rate", 10.0, 9.8, 600)


def test_the_published_time_per_token_of_a_real_sweep_is_found_to_be_half_the_truth() -> None:
    found = read("inference-perf", *STAGES)
    published = [
        json.loads(file.read_text())["successes"]["latency"]["time_per_output_token"]["mean"] for file in STAGES
    ]
    means = [point.itl.mean or 0 for point in found.points]
    assert means == pytest.approx([7.13, 8.20, 10.23, 15.41, 19.48, 19.43, 19.04], abs=0.01)
    assert all(1.9 < mean / (1000 * half) < 2.1 for mean, half in zip(means, published, strict=True))
    [note] = [note for note in found.notes if "is not E2E" in note]
    assert note.startswith(f"In {len(STAGES)} of {len(STAGES)} runs")
    assert {point.itl.p95 for point in found.points} == {None}


def test_the_configuration_beside_the_stages_says_how_long_every_answer_is() -> None:
    found = read("inference-perf", *STAGES)
    assert {point.osl_mean for point in found.points} == {64.0}
    assert any(
        "output lengths of 0 to 102 tokens are not what was written: config.yaml" in note for note in found.notes
    )


def test_without_a_configuration_the_times_of_the_answers_say_it(tmp_path: Path) -> None:
    alone = [Path(shutil.copy(file, tmp_path)) for file in STAGES]
    found = read("inference-perf", *alone)
    assert {point.osl_mean for point in found.points} == {64.0}
    assert any("answers of all lengths take equally long" in note for note in found.notes)


def test_the_model_is_the_one_of_the_configuration() -> None:
    [point] = read("inference-perf", STAGES[0], told=Told(gpu="h100")).points
    assert point.model == "meta-llama/Meta-Llama-3-8B-Instruct"


def test_what_the_user_says_of_the_output_goes_before_all() -> None:
    found = read("inference-perf", STAGES[0], told=replace(SAID, osl=65.0))
    assert found.points[0].osl_mean == 65.0


def test_lengths_that_take_their_time_are_believed(tmp_path: Path) -> None:
    varied = stage(mean=60.0, min=10.0, p5=58.0, p95=66.0)
    varied["successes"]["latency"]["request_latency"] |= {"p5": 0.40, "p95": 0.52}
    [point] = read("inference-perf", written(tmp_path / "stage_0.json", varied)).points
    assert point.osl_mean == 60.0


@pytest.mark.parametrize(
    ("config", "tokens"),
    [
        ("server: {ignore_eos: true}\ndata: {output_distribution: {min: 50, max: 50}}", 50.0),
        ("server: {ignore_eos: true}\ndata: {output_distribution: {min: 10, max: 50}}", 64.0),
        ("server: {ignore_eos: false}\ndata: {shared_prefix: {output_len: 50}}", 64.0),
        ("server: [broken", 64.0),
    ],
)
def test_only_a_fixed_output_that_cannot_end_earlier_is_taken(tmp_path: Path, config: str, tokens: float) -> None:
    (tmp_path / "config.yaml").write_text(config)
    [point] = read("inference-perf", written(tmp_path / "stage_0.json", stage())).points
    assert point.osl_mean == tokens


def test_summaries_are_left_out_with_a_word(tmp_path: Path) -> None:
    summary = written(tmp_path / "summary_lifecycle_metrics.json", {"successes": {}})
    found = read("inference-perf", summary, STAGES[0])
    assert len(found.points) == 1
    assert "it is no single stage, and was left out" in found.notes[0]


def test_what_is_no_stage_is_refused(tmp_path: Path) -> None:
    assert "holds no stage of inference-perf" in reasons("inference-perf", written(tmp_path / "x.json", {}))["x.json"]
