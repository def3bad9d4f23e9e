import json
from pathlib import Path

import pytest

from exporter.dialect.base import NAMELESS, Delta, Piece, Unreadable, Usage
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
        ({"tool_calls": [{"index": 0, "type": "custom", "custom": {"input": "x"}}]}, "tool"),
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


def test_usage_in_the_finish_frame_is_of_that_completion() -> None:
    event = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {"completion_tokens": 4}}
    delta = CHAT.delta(json.dumps(event).encode())
    assert (delta.usage, delta.continuous, delta.finish_reason) == (Usage(None, 4), True, "stop")


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
    body = json.dumps(event).encode()
    for delta in (CHAT.delta(body), *CHAT.answer(body), TEXT.delta(body), *TEXT.answer(body)):
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


@pytest.mark.parametrize(
    ("logprobs", "tokens"),
    [
        ({"content": [{"token": "a"}, {"token": "b"}]}, 2),
        ({"content": None, "refusal": [{"token": "a"}]}, 1),
        ({"tokens": ["a", "b", "c"], "token_logprobs": [-1, -2, -3]}, 3),
        ({"content": []}, 0),
        (None, 0),
    ],
)
def test_each_log_probability_is_of_one_token(logprobs: object, tokens: int) -> None:
    event = {"choices": [{"index": 0, "delta": {"content": "ab"}, "text": "ab", "logprobs": logprobs}]}
    body = json.dumps(event).encode()
    assert (CHAT.delta(body).token_ids, TEXT.delta(body).token_ids) == (tokens, tokens)


def test_the_queue_time_is_read_where_vllm_sends_it() -> None:
    event = {"choices": [], "usage": {"completion_tokens": 1}, "metrics": {"queue_time_ms": 12.5}}
    assert CHAT.delta(json.dumps(event).encode()).queue_us == 12_500


def test_completions_write_plain_text() -> None:
    event = {"model": "m", "choices": [{"index": 0, "text": " the", "finish_reason": "length"}]}
    delta = TEXT.delta(json.dumps(event).encode())
    assert (delta.pieces, delta.model, delta.finish_reason) == ((Piece(0, "answer", " the"),), "m", "length")


def test_a_whole_answer_of_vllm_is_read() -> None:
    [delta] = CHAT.answer((TRANSCRIPTS / "openai_chat" / "vllm_nonstream.json").read_bytes())
    assert delta.pieces == (Piece(0, "answer", "SE generatorimportweekday LIMIT"),)
    assert (delta.usage, delta.model, delta.finish_reason) == (Usage(11, 5), "tiny", "length")
    assert not delta.continuous


def test_json_that_is_no_answer_is_unreadable_as_a_body_and_empty_as_an_event() -> None:
    assert CHAT.delta(b'{"type": "ping"}') == Delta()
    with pytest.raises(Unreadable):
        CHAT.answer(b'{"detail": "Not Found"}')
