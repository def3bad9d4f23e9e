import json
from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import UnreadableRecords
from analyzer.traces.aiperf import AIPerf
from analyzer.traces.fields import FAILED
from analyzer.traces.timing import DISAGREE
from tests.unit.analyzer.traces.reading import SHARED, seen, written

STAMP = 1_795_220_610_304_861_779


def line(**changes: Any) -> str:
    metrics = {
        "input_sequence_length": {"value": 263, "unit": "tokens"},
        "output_sequence_length": {"value": 4, "unit": "tokens"},
        "time_to_first_token": {"value": 100.5, "unit": "ms"},
        "request_latency": {"value": 130.5, "unit": "ms"},
        "inter_token_latency": {"value": 10.0, "unit": "ms"},
        "inter_chunk_latency": {"value": [8.0, 12.0, 10.0], "unit": "ms"},
    }
    whole = {"metadata": {"request_start_ns": STAMP, "x_request_id": "r", "benchmark_phase": "profiling"}}
    return json.dumps(whole | {"metrics": metrics | changes.pop("metrics", {}), "error": None} | changes)


def test_stamps_are_nanoseconds_and_metrics_have_their_unit(tmp_path: Path) -> None:
    (row,) = seen(AIPerf(), written(tmp_path / "profile_export.jsonl", line())).rows
    assert row["timestamp"].timestamp() == pytest.approx(STAMP / 1e9, abs=1e-6)
    assert (row["input_tokens"], row["output_tokens"], row["input_source"]) == (263, 4, "tokenizer")
    assert (row["ttft_us"], row["e2e_us"], row["tpot_us"]) == (100_500, 130_500, 10_000)
    assert (row["chunks"], row["itl_p50_us"], row["itl_max_us"], sum(row["itl_counts"])) == (4, 10_000, 12_000, 3)
    in_seconds = line(metrics={"time_to_first_token": {"value": 0.1005, "unit": "s"}})
    assert seen(AIPerf(), written(tmp_path / "b.jsonl", in_seconds)).column("ttft_us") == [100_500]


def test_the_server_counts_better_than_a_tokenizer_without_the_template(tmp_path: Path) -> None:
    usage = {"usage_prompt_tokens": {"value": 273, "unit": "tokens"}, "usage_completion_tokens": {"value": 5}}
    (row,) = seen(AIPerf(), written(tmp_path / "a.jsonl", line(metrics=usage))).rows
    assert (row["input_tokens"], row["output_tokens"], row["input_source"]) == (273, 5, "usage")
    assert row["tpot_us"] == 7500
    assert "itl_counts" not in row


def test_figures_that_contradict_each_other_are_left_out(tmp_path: Path) -> None:
    halved = line(metrics={"inter_token_latency": {"value": 3.0, "unit": "ms"}})
    found = seen(AIPerf(), written(tmp_path / "a.jsonl", halved))
    assert found.notes == {DISAGREE: 1}
    assert (found.column("tpot_us"), found.column("e2e_us")) == ([None], [130_500])


def test_warm_up_is_left_out_and_failures_are_kept_without_their_words(tmp_path: Path) -> None:
    warmup = line(metadata={"request_start_ns": STAMP, "benchmark_phase": "warmup"})
    failed = line(error={"code": 500, "type": "ServerError", "message": "the prompt was: tell me"}, metrics={})
    cancelled = line(metadata={"request_start_ns": STAMP, "was_cancelled": True})
    found = seen(AIPerf(), written(tmp_path / "a.jsonl", warmup, failed, cancelled, "{"))
    assert found.left_out == {"warmup": 1, "unreadable_row": 1}
    assert found.column("outcome") == ["upstream_error", "client_disconnect"]
    assert (found.rows[0]["error_type"], found.rows[0]["http_status"]) == ("ServerError", 500)
    assert found.notes == {FAILED: 1}
    assert "tell me" not in str(found.rows)


def test_the_model_is_in_the_summary_beside_the_records(tmp_path: Path) -> None:
    path = written(tmp_path / "profile_export.jsonl", line())
    assert "model" not in seen(AIPerf(), path).rows[0]
    summary = tmp_path / "profile_export_aiperf.json"
    written(summary, json.dumps({"input_config": {"models": {"items": [{"name": "tiny"}]}}}))
    assert seen(AIPerf(), path).column("model") == ["tiny"]
    written(summary, json.dumps({"input_config": {"endpoint": {"model_names": ["a", "b"]}}}))
    assert "model" not in seen(AIPerf(), path).rows[0]


def test_another_export_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecords, match=r"give the profile_export\.jsonl"):
        seen(AIPerf(), written(tmp_path / "a.jsonl", '{"request_latency": {"avg": 3}}'))


@pytest.mark.parametrize(("name", "model"), [("aiperf_vllm", "tiny"), ("aiperf_mock", "mock-7b")])
def test_what_aiperf_wrote_agrees_with_its_own_summary(name: str, model: str) -> None:
    folder = SHARED / "samples" / name
    if not folder.is_dir():
        pytest.skip("the samples are not beside this checkout, in ../shared/samples")
    found = seen(AIPerf(), folder / "profile_export.jsonl")
    told = json.loads((folder / "profile_export_aiperf.json").read_text())
    assert set(found.column("model")) == {model}
    assert sum(found.column("input_tokens")) == told["total_usage_prompt_tokens"]["avg"]
    assert sum(found.column("output_tokens")) == told["total_usage_completion_tokens"]["avg"]
    assert len(found.rows) == told["request_count"]["avg"]
    mean = sum(found.column("ttft_us")) / len(found.rows) / 1000
    assert mean == pytest.approx(told["time_to_first_token"]["avg"], rel=1e-4)
    assert not found.notes
