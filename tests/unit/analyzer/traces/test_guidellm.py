import json
from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import UnreadableRecords
from analyzer.traces.fields import FAILED
from analyzer.traces.guidellm import GuideLLM
from analyzer.traces.timing import DISAGREE
from tests.unit.analyzer.traces.reading import SHARED, seen, written

REQUEST: dict[str, Any] = {
    "request_id": "r",
    "request_args": "tell me a story",
    "output": "once upon a time",
    "prompt_tokens": 138,
    "output_tokens": 31,
    "inter_token_latency_ms": 10.0,
    "info": {
        "timings": {
            "request_start": 1795220585.5,
            "first_token_iteration": 1795220585.6,
            "last_token_iteration": 1795220585.9,
        }
    },
}


def report(folder: Path, **groups: list[dict[str, Any]]) -> Path:
    benchmark = {"config": {"backend": {"model": "tiny"}}, "requests": {"successful": None} | groups}
    return written(folder / "b.json", json.dumps({"metadata": {"version": 2}, "benchmarks": [benchmark, benchmark]}))


def test_requests_of_every_benchmark_are_read_without_their_words(tmp_path: Path) -> None:
    found = seen(GuideLLM(), report(tmp_path, successful=[REQUEST]))
    assert len(found.rows) == 2
    row = found.rows[0]
    assert row["timestamp"].isoformat() == "2026-11-21T00:23:05.500000+00:00"
    assert (row["model"], row["input_tokens"], row["output_tokens"]) == ("tiny", 138, 31)
    assert (row["ttft_us"], row["tpot_us"], row["e2e_us"]) == (100_000, 10_000, 400_000)
    assert "story" not in str(found.rows)
    assert "once" not in str(found.rows)


def test_what_failed_and_what_was_cut_off_say_so(tmp_path: Path) -> None:
    found = seen(GuideLLM(), report(tmp_path, errored=[REQUEST], incomplete=[REQUEST]))
    assert found.column("outcome") == ["upstream_error", "client_disconnect"] * 2
    assert found.notes == {FAILED: 2}


def test_a_request_that_never_had_a_token_has_no_times(tmp_path: Path) -> None:
    bare = {"request_id": "r", "prompt_tokens": 5, "output_tokens": None, "info": {"timings": {"request_start": 1.5e9}}}
    row = seen(GuideLLM(), report(tmp_path, errored=[bare])).rows[0]
    assert (row["output_tokens"], row.get("ttft_us"), row.get("e2e_us")) == (None, None, None)


def test_times_that_contradict_each_other_are_left_out(tmp_path: Path) -> None:
    found = seen(GuideLLM(), report(tmp_path, successful=[REQUEST | {"inter_token_latency_ms": 5.0}]))
    assert found.notes == {DISAGREE: 2}
    assert "tpot_us" not in found.rows[0]


@pytest.mark.parametrize("content", ['{"metadata": {"version": 1}}', "{}", "[]", "text"])
def test_another_version_or_another_thing_is_told_apart(tmp_path: Path, content: str) -> None:
    with pytest.raises(UnreadableRecords):
        seen(GuideLLM(), written(tmp_path / "b.json", content))


@pytest.mark.parametrize("name", ["guidellm_vllm", "guidellm_mock"])
def test_what_guidellm_wrote_agrees_with_its_own_summary(name: str) -> None:
    path = SHARED / "samples" / f"{name}.json"
    if not path.exists():
        pytest.skip("the samples are not beside this checkout, in ../shared/samples")
    found = seen(GuideLLM(), path)
    metrics = json.loads(path.read_text())["benchmarks"][0]["metrics"]
    assert len(found.rows) == 20
    for column, metric, scale in (
        ("input_tokens", "prompt_token_count", 1),
        ("output_tokens", "output_token_count", 1),
        ("ttft_us", "time_to_first_token_ms", 1000),
        ("tpot_us", "inter_token_latency_ms", 1000),
    ):
        mean = sum(found.column(column)) / len(found.rows) / scale
        assert mean == pytest.approx(metrics[metric]["successful"]["mean"], rel=1e-3), metric
    assert not found.notes
