import json
from pathlib import Path
from typing import Any

import pytest

from analyzer.traces.clock import NAIVE
from analyzer.traces.fields import FAILED
from analyzer.traces.litellm import LiteLLM
from tests.unit.analyzer.traces.reading import Seen, seen, written

ROW: dict[str, Any] = {
    "request_id": "chatcmpl-1",
    "call_type": "acompletion",
    "api_key": "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
    "spend": 0.1,
    "total_tokens": 30,
    "prompt_tokens": 20,
    "completion_tokens": 10,
    "startTime": "2025-04-01T12:00:00.000Z",
    "endTime": "2025-04-01T12:00:02.500Z",
    "completionStartTime": "2025-04-01T12:00:00.400Z",
    "model": "azure/gpt-4o-2024",
    "model_group": "gpt-4o",
    "status": "success",
    "cache_hit": "False",
    "messages": {"role": "user", "content": "tell me a story"},
    "response": {"text": "once upon a time"},
}


def as_json(folder: Path, *rows: dict[str, Any]) -> Seen:
    return seen(LiteLLM(), written(folder / "spend.json", json.dumps(list(rows))))


def test_a_row_of_the_table_is_a_record_without_its_words(tmp_path: Path) -> None:
    (row,) = as_json(tmp_path, ROW).rows
    assert row["timestamp"].isoformat() == "2025-04-01T12:00:00+00:00"
    assert (row["model"], row["response_model"], row["operation"]) == ("gpt-4o", "azure/gpt-4o-2024", "chat")
    assert (row["input_tokens"], row["output_tokens"], row["outcome"]) == (20, 10, "completed")
    assert (row["ttft_us"], row["e2e_us"]) == (400_000, 2_500_000)
    assert row["client_id"] == ROW["api_key"]
    assert "story" not in str(row)
    assert "once" not in str(row)


def test_lines_csv_and_the_answer_of_the_api_give_the_same(tmp_path: Path) -> None:
    expected = as_json(tmp_path, ROW).rows
    assert seen(LiteLLM(), written(tmp_path / "a.jsonl", json.dumps(ROW))).rows == expected
    assert seen(LiteLLM(), written(tmp_path / "b.json", json.dumps({"data": [ROW], "total": 1}))).rows == expected
    plain = {name: value for name, value in ROW.items() if not isinstance(value, dict)}
    path = written(tmp_path / "c.csv", ",".join(plain), ",".join(str(value) for value in plain.values()))
    assert seen(LiteLLM(), path).rows == expected


def test_a_database_writes_utc_without_saying_so(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.csv",
        "startTime,prompt_tokens,completion_tokens,model,endTime",
        "2025-04-01 12:00:00.123,1,2,m,2025-04-01 12:00:01.123",
    )
    found = seen(LiteLLM(), path)
    assert found.notes == {NAIVE: 1}
    assert (found.column("e2e_us"), found.column("model")) == ([1_000_000], ["m"])


def test_an_answer_that_was_not_streamed_has_no_first_token(tmp_path: Path) -> None:
    (row,) = as_json(tmp_path, ROW | {"completionStartTime": ROW["endTime"]}).rows
    assert row["ttft_us"] is None


def test_what_no_engine_saw_is_left_out(tmp_path: Path) -> None:
    found = as_json(tmp_path, ROW, ROW | {"cache_hit": "True"})
    assert len(found.rows) == 1
    assert found.left_out == {"cache_hit": 1}


def test_failures_say_so(tmp_path: Path) -> None:
    found = as_json(tmp_path, ROW | {"status": "failure", "completion_tokens": 0}, ROW | {"status": None})
    assert found.column("outcome") == ["upstream_error", "completed"]
    assert found.notes == {FAILED: 1}


@pytest.mark.parametrize(
    ("call", "operation"),
    [
        ("completion", "chat"),
        ("atext_completion", "text_completion"),
        ("aembedding", "embeddings"),
        ("aresponses", "responses"),
        ("anthropic_messages", "messages"),
        ("agenerate_content_stream", "generate_content"),
        ("aimage_generation", "other"),
    ],
)
def test_calls_are_the_operations_of_the_record(tmp_path: Path, call: str, operation: str) -> None:
    assert as_json(tmp_path, ROW | {"call_type": call}).column("operation") == [operation]


def test_an_end_before_the_start_is_no_time(tmp_path: Path) -> None:
    (row,) = as_json(tmp_path, ROW | {"endTime": "2025-04-01T11:00:00Z", "completionStartTime": None}).rows
    assert row["e2e_us"] is None
