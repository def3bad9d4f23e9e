import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialect.base import NAMELESS, Delta, Dialect, Piece, Unreadable, Usage
from exporter.dialect.openai import ChatCompletions, Completions

TRANSCRIPTS = Path(__file__).parents[3] / "transcripts"
CHAT = ChatCompletions()
TEXT = Completions()


def chat(delta: object, **more: object) -> Delta:
    """A chat event with one choice."""
    return CHAT.delta(json.dumps({"choices": [{"index": 0, "delta": delta}], **more}).encode())


def test_a_role_only_frame_holds_nothing() -> None:
    assert chat({"role": "assistant", "content": ""}).pieces == ()
    assert chat({"role": "assistant", "content": None}).pieces == ()


@pytest.mark.parametrize(
    ("delta", "kind"),
    [
        ({"content": "x"}, "answer"),
        ({"content": [{"type": "text", "text": "x"}]}, "answer"),
        ({"reasoning": "x"}, "reasoning"),
        ({"reasoning_content": "x", "content": None}, "reasoning"),
        ({"refusal": "x", "content": ""}, "refusal"),
        ({"tool_calls": [{"index": 0, "function": {"arguments": "x"}}]}, "tool"),
        ({"function_call": {"arguments": "x"}, "content": None}, "tool"),
    ],
)
def test_output_text_comes_in_several_kinds(delta: object, kind: str) -> None:
    assert chat(delta).pieces == (Piece(0, kind, "x"),)


def test_reasoning_that_is_sent_under_both_its_names_counts_once() -> None:
    assert chat({"reasoning": "x", "reasoning_content": "x"}).pieces == (Piece(0, "reasoning", "x"),)


def test_the_name_of_a_called_function_is_written_by_the_model_too() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"a'}}
    assert chat({"tool_calls": [call]}).pieces == (Piece(0, "tool", 'look{"a'),)


def test_choices_of_several_completions_keep_their_indices() -> None:
    event = {"choices": [{"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}]}
    assert CHAT.delta(json.dumps(event).encode()).pieces == (Piece(1, "answer", "b"), Piece(0, "answer", "a"))


def test_usage_in_a_frame_without_choices_is_final() -> None:
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 4,
        "prompt_tokens_details": {"cached_tokens": 8},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    delta = CHAT.delta(json.dumps({"choices": [], "usage": usage}).encode())
    assert delta.usage == Usage(9, 4, 3, 8)
    assert not delta.continuous


def test_usage_in_a_frame_in_the_middle_is_a_running_count() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 4}
    delta = CHAT.delta(json.dumps({"choices": [{"index": 2, "delta": {}}], "usage": usage}).encode())
    assert (delta.usage, delta.continuous, delta.completion) == (Usage(9, 4), True, 2)


def test_usage_in_the_finish_frame_is_final() -> None:
    event = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {"completion_tokens": 4}}
    delta = CHAT.delta(json.dumps(event).encode())
    assert (delta.usage, delta.continuous, delta.finish_reason) == (Usage(None, 4), False, "stop")


@pytest.mark.parametrize("usage", [None, {}, [], "many", {"prompt_tokens": -1, "completion_tokens": 1e99}])
def test_usage_that_says_nothing_is_none(usage: object) -> None:
    assert chat({"content": "x"}, usage=usage).usage is None


@pytest.mark.parametrize(
    ("event", "error_type"),
    [
        ({"error": {"message": "secret words", "type": "server_error", "code": 500}}, "server_error"),
        ({"error": {"message": "secret words", "code": 500}}, "500"),
        ({"error": {"message": "secret words", "code": "context_length_exceeded"}}, "context_length_exceeded"),
        ({"error": {"message": "secret words", "type": "it said: secret words"}}, NAMELESS),
        ({"error": "secret words"}, NAMELESS),
        ({"error": "secret words", "error_type": "validation"}, "validation"),
        ({"object": "error", "message": "secret words", "type": "BadRequestError", "code": 400}, "BadRequestError"),
    ],
)
def test_an_error_is_known_by_its_class_and_never_by_its_message(event: object, error_type: str) -> None:
    for read in (CHAT.delta, CHAT.answer, TEXT.delta, TEXT.answer):
        delta = read(json.dumps(event).encode())
        assert delta.error_type == error_type
        assert "secret" not in repr(delta)


def test_the_end_marker_ends_the_stream() -> None:
    assert CHAT.delta(b"[DONE]").done
    assert TEXT.delta(b"[DONE]").done


def test_token_ids_are_counted_where_vllm_sends_them() -> None:
    event = {"choices": [{"index": 0, "delta": {"content": "ab"}, "token_ids": [5, 6]}], "prompt_token_ids": [1, 2, 3]}
    delta = CHAT.delta(json.dumps(event).encode())
    assert (delta.token_ids, delta.prompt_token_ids) == (2, 3)
    event = {"choices": [{"index": 0, "text": "ab", "token_ids": [5, 6], "prompt_token_ids": [1, 2, 3]}]}
    delta = TEXT.delta(json.dumps(event).encode())
    assert (delta.token_ids, delta.prompt_token_ids) == (2, 3)


def test_the_queue_time_is_read_where_vllm_sends_it() -> None:
    event = {"choices": [], "usage": {"completion_tokens": 1}, "metrics": {"queue_time_ms": 12.5}}
    assert CHAT.delta(json.dumps(event).encode()).queue_us == 12_500


def test_completions_write_plain_text() -> None:
    event = {"model": "m", "choices": [{"index": 0, "text": " the", "finish_reason": "length"}]}
    delta = TEXT.delta(json.dumps(event).encode())
    assert (delta.pieces, delta.model, delta.finish_reason) == ((Piece(0, "answer", " the"),), "m", "length")


def test_a_whole_answer_of_vllm_is_read() -> None:
    delta = CHAT.answer((TRANSCRIPTS / "vllm_nonstream.json").read_bytes())
    assert delta.pieces == (Piece(0, "answer", "SE generatorimportweekday LIMIT"),)
    assert (delta.usage, delta.model, delta.finish_reason) == (Usage(11, 5), "tiny", "length")
    assert not delta.continuous


def test_json_that_is_no_answer_is_unreadable_as_a_body_and_empty_as_an_event() -> None:
    assert CHAT.delta(b'{"type": "ping"}') == Delta()
    with pytest.raises(Unreadable):
        CHAT.answer(b'{"detail": "Not Found"}')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("x"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [
        "model",
        "messages",
        "prompt",
        "suffix",
        "tools",
        "functions",
        "response_format",
        "json_schema",
        "stream",
        "n",
        "echo",
        "max_tokens",
        "max_completion_tokens",
        "role",
        "content",
        "text",
        "tool_calls",
        "function",
        "name",
        "arguments",
        "function_call",
        "choices",
        "index",
        "delta",
        "message",
        "reasoning",
        "reasoning_content",
        "refusal",
        "finish_reason",
        "usage",
        "prompt_tokens",
        "completion_tokens",
        "prompt_tokens_details",
        "completion_tokens_details",
        "cached_tokens",
        "reasoning_tokens",
        "error",
        "type",
        "code",
        "object",
        "token_ids",
        "prompt_token_ids",
        "metrics",
        "queue_time_ms",
    ]
)
FAMILIAR = st.recursive(
    JSON | st.just("error"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
REQUEST = {
    "model": "m", "stream": True, "n": 1, "max_tokens": 5, "tools": [{"function": {"name": "f"}}], "prompt": ["a", [1]],
    "response_format": {"json_schema": {"name": "s"}},
    "messages": [{"content": "a"}, {"content": [{"text": "b"}], "tool_calls": [{"function": {"name": "f"}}]}],
}  # fmt: skip
ANSWER = {
    "model": "m", "usage": {"prompt_tokens": 1, "completion_tokens_details": {"reasoning_tokens": 1}},
    "error": {"type": "e"}, "metrics": {"queue_time_ms": 1}, "prompt_token_ids": [1],
    "choices": [{"index": 0, "text": "t", "finish_reason": "stop", "token_ids": [1], "message": {"content": "a"},
                 "delta": {"content": [{"text": "b"}], "tool_calls": [{"function": {"name": "f"}}], "refusal": "r"}}],
}  # fmt: skip


@st.composite
def altered(draw: st.DrawFn, value: object) -> object:
    """The value with any JSON in one of its places."""
    if isinstance(value, dict) and value and draw(st.integers(0, 4)):
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: draw(altered(value[key]))}
    if isinstance(value, list) and value and draw(st.integers(0, 4)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], draw(altered(value[at])), *value[at + 1 :]]
    return draw(FAMILIAR)


@pytest.mark.parametrize("dialect", [CHAT, TEXT], ids=["chat", "text"])
@given(value=st.dictionaries(NAMES, FAMILIAR, max_size=6) | altered(REQUEST) | altered(ANSWER) | JSON)
def test_any_json_in_any_place_is_read_or_unreadable_and_nothing_else(dialect: Dialect, value: object) -> None:
    body = json.dumps(value).encode()
    for read in (dialect.prompt, dialect.delta, dialect.answer):
        with suppress(Unreadable):
            read(body)


@given(st.binary(max_size=50))
def test_any_bytes_are_read_or_unreadable_and_nothing_else(body: bytes) -> None:
    for read in (CHAT.prompt, CHAT.delta, CHAT.answer, TEXT.prompt, TEXT.delta, TEXT.answer):
        with suppress(Unreadable):
            read(body)
