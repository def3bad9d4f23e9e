"""What the tools export is read as they mean it: their own sums come out again."""

import json
from pathlib import Path

import pytest

from tests.interop.clients import aiperf, guidellm, sdk
from tests.interop.seen import Recorded

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"

needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the exports of other tools are not beside this checkout, in ../shared/samples"
)


def record(**changed: object) -> Recorded:
    values: dict[str, object] = {
        "request_id": "r", "started": 0.0, "stream": True, "input_tokens": 10, "output_tokens": 5,
        "counted_by": frozenset({"usage"}), "ttft_ms": 100.0, "ttst_ms": 20.0, "e2e_ms": 180.0,
        "gaps_ms": (20.0, 20.0, 40.0), "outcome": "completed",
    }  # fmt: skip
    return Recorded(**{**values, **changed})  # type: ignore[arg-type]  # a test names its fields


def test_each_tools_time_per_token_is_computed_by_its_own_definition() -> None:
    assert aiperf.per_token(record()) == (20.0,)
    assert guidellm.per_token(record()) == (20.0,)
    assert guidellm.per_token_from_start(record()) == (36.0,)
    assert guidellm.mean_gap(record()) == (pytest.approx(80 / 3),)


def test_an_answer_of_one_token_has_no_time_per_token() -> None:
    assert aiperf.per_token(record(output_tokens=1, gaps_ms=())) == ()
    assert guidellm.per_token(record(output_tokens=1, gaps_ms=())) == ()
    assert guidellm.mean_gap(record(gaps_ms=())) == ()


def test_aiperf_is_read_from_the_last_byte_sent_and_without_its_warm_up(tmp_path: Path) -> None:
    metrics = {
        "http_req_sending": 1.5, "time_to_first_token": 101.5, "request_latency": 181.5, "usage_prompt_tokens": 10,
        "usage_completion_tokens": 5, "inter_chunk_latency": [20.0, 60.0], "inter_token_latency": 20.0,
    }  # fmt: skip
    rows = [
        {
            "metadata": {"benchmark_phase": phase, "x_request_id": phase, "request_start_ns": 5_000_000_000},
            "metrics": {name: {"value": value} for name, value in metrics.items()},
        }
        for phase in ("warmup", "profiling")
    ]
    file = tmp_path / "profile_export.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (seen,) = aiperf.exported(file)
    assert (seen.request_id, seen.input_tokens, seen.output_tokens) == ("profiling", 10, 5)
    assert seen.figures == {"TTFT": (100.0,), "latency": (180.0,), "chunk gaps": (20.0, 60.0), "ITL": (20.0,)}
    assert (seen.started, seen.ended) == (5.0, pytest.approx(5.1815))


def test_a_line_of_an_sdk_program_is_read_from_the_last_byte_written() -> None:
    ms = 1_000_000
    line = {"id": "r", "started": 5.0, "sent_ns": 10 * ms, "came_ns": [110 * ms, 130 * ms, 190 * ms], "usage": [10, 3]}
    seen = sdk.seen(line)
    assert seen.figures == {"TTFT": (100.0,), "chunk gaps": (20.0, 60.0), "latency": (180.0,)}
    assert (seen.input_tokens, seen.output_tokens, seen.ended) == (10, 3, pytest.approx(5.18))
    whole = sdk.seen({"id": "r", "started": 5.0, "sent_ns": 10 * ms, "ended_ns": 60 * ms, "usage": None})
    assert whole.figures == {"latency": (50.0,)}
    assert whole.output_tokens is None


@needs_samples
def test_a_real_export_of_aiperf_adds_up() -> None:
    seen = aiperf.exported(SAMPLES / "aiperf_mock" / "profile_export.jsonl")
    assert len({each.request_id for each in seen}) == len(seen) > 20
    for each in seen:
        (first,), (whole,) = each.figures["TTFT"], each.figures["latency"]
        assert first + sum(each.figures["chunk gaps"]) == pytest.approx(whole, abs=0.01)
        assert each.figures["TTST"][0] == each.figures["chunk gaps"][0]


@needs_samples
def test_a_real_report_of_guidellm_adds_up() -> None:
    seen = guidellm.reported(SAMPLES / "guidellm_mock.json")
    assert len(seen) == 20
    for each in seen:
        tokens = each.output_tokens or 0
        last = (each.ended - each.started) * 1000
        assert each.figures["TPOT"][0] * tokens == pytest.approx(last, abs=0.01)
        assert each.figures["ITL"][0] * (tokens - 1) + each.figures["TTFT"][0] == pytest.approx(last, abs=0.01)
        assert each.figures["ITL"] == (pytest.approx(each.figures["chunk gaps"][0], abs=0.001),)
