import json
from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import UnreadableRecords
from analyzer.traces.fields import FAILED
from analyzer.traces.otlp import OTHERS, OTLP, OUTER
from tests.unit.analyzer.traces.reading import Seen, seen, written

START = 1_735_689_600_000_000_321


def value(plain: object) -> dict[str, Any]:
    if isinstance(plain, bool):
        return {"boolValue": plain}
    if isinstance(plain, int):
        return {"intValue": str(plain)}
    if isinstance(plain, float):
        return {"doubleValue": plain}
    if isinstance(plain, list):
        return {"arrayValue": {"values": [value(one) for one in plain]}}
    return {"stringValue": plain}


def span(said: dict[str, object], **fields: Any) -> dict[str, Any]:
    whole = {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": "eee19b7ec3c1b174",
        "startTimeUnixNano": str(START),
        "endTimeUnixNano": str(START + 2_500_000_000),
        "attributes": [{"key": key, "value": value(plain)} for key, plain in said.items()],
    }
    return whole | fields


def lines(folder: Path, *spans: dict[str, Any]) -> Seen:
    line = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": [one]} for one in spans]}]}
    return seen(OTLP(), written(folder / "traces.jsonl", json.dumps(line)))


CHAT: dict[str, object] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.response.model": "gpt-4o-2024",
    "gen_ai.usage.input_tokens": 120,
    "gen_ai.usage.output_tokens": 30,
    "gen_ai.usage.cache_read.input_tokens": 64,
    "gen_ai.usage.reasoning.output_tokens": 10,
    "gen_ai.request.max_tokens": 256,
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.response.time_to_first_chunk": 0.25,
    "gen_ai.input.messages": '[{"role": "user", "content": "tell me a story"}]',
    "server.address": "engine.local",
}


def test_a_span_of_the_conventions_is_a_record_without_its_messages(tmp_path: Path) -> None:
    (row,) = lines(tmp_path, span(CHAT)).rows
    assert row["timestamp"].isoformat() == "2025-01-01T00:00:00+00:00"
    assert (row["model"], row["response_model"], row["operation"]) == ("gpt-4o", "gpt-4o-2024", "chat")
    assert (row["input_tokens"], row["output_tokens"], row["cached_input_tokens"]) == (120, 30, 64)
    assert (row["reasoning_tokens"], row["max_tokens"], row["finish_reason"]) == (10, 256, "stop")
    assert (row["ttft_us"], row["e2e_us"], row["outcome"]) == (250_000, 2_500_000, "completed")
    assert (row["trace_id"], row["upstream"]) == ("5b8efff798038103d269b633813fc60c", "engine.local")
    assert "story" not in str(row)


def test_the_names_of_older_conventions_and_of_vllm_are_read(tmp_path: Path) -> None:
    said: dict[str, object] = {
        "gen_ai.usage.prompt_tokens": 7,
        "gen_ai.usage.completion_tokens": 8,
        "gen_ai.response.model": "tiny",
        "gen_ai.latency.time_to_first_token": 0.1,
        "gen_ai.latency.time_in_queue": 0.02,
        "gen_ai.request.n": 1,
    }
    (row,) = lines(tmp_path, span(said)).rows
    assert (row["model"], row["input_tokens"], row["output_tokens"]) == ("tiny", 7, 8)
    assert (row["ttft_us"], row["queue_us"], row["n"]) == (100_000, 20_000, 1)


def test_agents_tools_and_other_spans_are_no_requests(tmp_path: Path) -> None:
    agent = span(CHAT | {"gen_ai.operation.name": "invoke_agent"})
    found = lines(tmp_path, agent, span({"http.route": "/v1"}), span(CHAT))
    assert (len(found.rows), found.notes) == (1, {OTHERS: 2})


def test_a_request_seen_by_gateway_and_client_is_counted_once(tmp_path: Path) -> None:
    inner = span(CHAT | {"gen_ai.usage.input_tokens": 121}, spanId="b", parentSpanId="a")
    found = lines(tmp_path, inner, span(CHAT, spanId="a"), span(CHAT, spanId="c"))
    assert (found.column("input_tokens"), found.notes) == ([121, 120], {OUTER: 1})


def test_failures_say_so_and_quote_nothing(tmp_path: Path) -> None:
    found = lines(
        tmp_path,
        span(CHAT | {"error.type": "the prompt was: tell me"}),
        span(CHAT, status={"code": 2}, spanId="b"),
        span(CHAT, status={"code": "STATUS_CODE_ERROR"}, spanId="c"),
    )
    assert found.column("outcome") == ["upstream_error"] * 3
    assert found.rows[0]["error_type"] == "error"
    assert found.notes == {FAILED: 3}


def test_embeddings_have_no_output(tmp_path: Path) -> None:
    said = {"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "e", "gen_ai.usage.input_tokens": 5}
    (row,) = lines(tmp_path, span(said)).rows
    assert (row["operation"], row["output_tokens"]) == ("embeddings", 0)


def test_a_broken_line_is_counted_and_another_signal_is_told_apart(tmp_path: Path) -> None:
    line = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span(CHAT)]}]}]})
    found = seen(OTLP(), written(tmp_path / "a.jsonl", line, "{broken"))
    assert (len(found.rows), found.left_out) == (1, {"unreadable_row": 1})
    with pytest.raises(UnreadableRecords, match="resourceSpans"):
        seen(OTLP(), written(tmp_path / "b.jsonl", '{"resourceMetrics": []}'))
