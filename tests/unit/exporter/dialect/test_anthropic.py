import json

import pytest

from exporter.dialect.anthropic import Messages
from exporter.dialect.base import EMPTY, Delta, Piece, Unreadable, Usage


def event(kind: str, **more: object) -> Delta:
    return Messages().delta(json.dumps({"type": kind, **more}).encode())


@pytest.mark.parametrize(
    ("delta", "kind"),
    [
        ({"type": "text_delta", "text": "x"}, "answer"),
        ({"type": "thinking_delta", "thinking": "x"}, "reasoning"),
        ({"type": "input_json_delta", "partial_json": "x"}, "tool"),
        ({"type": "signature_delta", "signature": "x"}, None),
        ({"type": "citations_delta", "citation": {"cited_text": "x"}}, None),
        ({"type": "text_delta", "text": ""}, None),
    ],
)
def test_text_comes_in_deltas_and_signatures_are_none(delta: object, kind: str | None) -> None:
    assert event("content_block_delta", index=0, delta=delta).pieces == ((Piece(0, kind, "x"),) if kind else ())


@pytest.mark.parametrize("kind", ["ping", "content_block_stop", "something_new"])
def test_events_that_say_nothing_are_empty(kind: str) -> None:
    assert event(kind, index=0) == EMPTY


def test_the_first_event_counts_the_input_and_no_output() -> None:
    delta = event("message_start", message={"model": "m", "usage": {"input_tokens": 9, "output_tokens": 4}})
    assert delta == Delta(usage=Usage(9), continuous=True, model="m")


def test_output_is_counted_up_to_the_end() -> None:
    running = event("message_delta", delta={"stop_reason": None}, usage={"output_tokens": 4})
    assert (running.usage, running.continuous) == (Usage(None, 4), True)
    last = event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 9})
    assert (last.usage, last.continuous, last.finish_reason) == (Usage(None, 9), False, "end_turn")


def test_what_is_no_message_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        Messages().answer(b'{"detail": "Not Found"}')
