import json

import pytest

from exporter.dialect.base import EMPTY, Delta, Piece, Unreadable
from exporter.dialect.responses import Responses


def event(kind: str, **more: object) -> Delta:
    return Responses().delta(json.dumps({"type": kind, **more}).encode())


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("response.output_text.delta", "answer"),
        ("response.reasoning_text.delta", "reasoning"),
        ("response.reasoning_summary_text.delta", "summary"),
        ("response.refusal.delta", "refusal"),
        ("response.function_call_arguments.delta", "tool"),
        ("response.custom_tool_call_input.delta", "tool"),
        ("response.mcp_call_arguments.delta", "tool"),
        ("response.code_interpreter_call_code.delta", "tool"),
    ],
)
def test_text_comes_in_deltas_of_its_kind(kind: str, written: str) -> None:
    assert event(kind, delta="x").pieces == (Piece(0, written, "x"),)
    assert event(kind, delta="") == EMPTY
    assert event(kind.replace(".delta", ".done"), text="x", arguments="x") == EMPTY


@pytest.mark.parametrize(
    ("kind", "done"),
    [
        ("response.created", False),
        ("response.in_progress", False),
        ("response.completed", True),
        ("response.failed", True),
        ("response.incomplete", True),
    ],
)
def test_three_events_end_a_stream(kind: str, done: bool) -> None:
    assert event(kind, response={"model": "m"}) == Delta(model="m", done=done)
    assert Responses().delta(b"[DONE]").done


def test_a_response_that_failed_without_a_word_is_an_error_too() -> None:
    assert event("response.failed", response={"status": "failed", "error": None}).error_type == "error"
    assert event("error", error={"type": "server_error"}).error_type == "server_error"


def test_what_is_no_response_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        Responses().answer(b'{"detail": "Not Found"}')
