import json

import pytest

from exporter.dialect.anthropic import Messages
from exporter.dialect.base import Dialect, Unreadable, Usage
from exporter.dialect.openai import ChatCompletions
from exporter.dialect.responses import Responses
from exporter.dialect.triton import Generate
from exporter.observe.answer import Answer
from exporter.observe.observation import Content


def answer(*events: object) -> Answer:
    """An answer of events that arrive at 1, 2, 3 …"""
    whole = Answer(ChatCompletions())
    for at, event in enumerate(events, 1):
        whole.event(event.encode() if isinstance(event, str) else json.dumps(event).encode(), at)
    return whole


def choice(delta: object, index: int = 0, **more: object) -> dict[str, object]:
    return {"index": index, "delta": delta, **more}


def frame(text: str, index: int = 0, **more: object) -> dict[str, object]:
    return {"choices": [choice({"content": text}, index)], **more}


def usage(read: int, written: int) -> dict[str, object]:
    return {"usage": {"prompt_tokens": read, "completion_tokens": written}}


def test_only_events_with_text_are_content() -> None:
    whole = answer({"choices": [choice({"role": "assistant"})]}, frame(""), frame("a"), {"choices": []}, frame("b"))
    assert whole.contents == [Content(3, 0, "answer", "a"), Content(5, 0, "answer", "b")]


def test_several_pieces_of_one_completion_in_one_event_are_one_content() -> None:
    whole = answer({"choices": [choice({"reasoning": "so", "content": "yes"})]})
    assert whole.contents == [Content(1, 0, "answer", "soyes")]
    whole = answer({"choices": [choice({"content": "yes", "tool_calls": [{"function": {"name": "f"}}]})]})
    assert whole.contents == [Content(1, 0, "answer", "yesf")]


def test_an_event_with_several_completions_is_content_of_each() -> None:
    whole = answer({"choices": [choice({"content": "a"}, 0), choice({"content": "b"}, 1)]})
    assert [(content.index, content.text) for content in whole.contents] == [(0, "a"), (1, "b")]


def test_final_usage_wins_over_running_usage() -> None:
    whole = answer(frame("a", **usage(9, 1)), frame("b", **usage(9, 2)), {"choices": [], **usage(9, 4)})
    assert (whole.usage(1), whole.continuous) == (Usage(9, 4), False)


def test_running_usage_stands_in_where_the_end_is_missing() -> None:
    whole = answer(frame("a", **usage(9, 1)), frame("b", **usage(9, 3)))
    assert (whole.usage(1), whole.continuous) == (Usage(9, 3), True)


def test_running_usage_of_several_completions_is_summed_and_the_prompt_counts_once() -> None:
    whole = answer(
        frame("a", 0, **usage(9, 1)),
        frame("b", 1, **usage(9, 1)),
        frame("c", 1, **usage(9, 4)),
        {"choices": [choice({"content": "d"}, 0, finish_reason="stop")], **usage(9, 2)},
    )
    assert (whole.usage(2), whole.usage(None), whole.continuous) == (Usage(9, 6), Usage(9, 6), True)


def test_usage_that_is_null_in_each_chunk_says_nothing() -> None:
    assert answer(frame("a", usage=None), frame("b", usage=None)).usage(1) is None


def test_content_gets_the_tokens_that_the_engine_reported_since_the_one_before() -> None:
    whole = answer(
        frame("", **usage(9, 0)), frame("", **usage(9, 1)), frame("a", **usage(9, 2)), frame("b", **usage(9, 5))
    )
    assert [content.tokens for content in whole.contents] == [2, 3]


def test_the_last_content_gets_its_share_though_its_frame_has_the_final_usage() -> None:
    last = {"choices": [choice({"content": "b"}, finish_reason="length")], **usage(9, 3)}
    assert [content.tokens for content in answer(frame("a", **usage(9, 1)), last).contents] == [1, 2]


def test_usage_at_the_end_alone_says_nothing_of_single_events() -> None:
    last = {"choices": [choice({"content": "b"}, finish_reason="length")], **usage(9, 3)}
    assert [content.tokens for content in answer(frame("a"), last).contents] == [None, None]


def test_token_ids_count_where_every_content_came_with_them() -> None:
    with_ids = {"choices": [choice({"content": "ab"}, token_ids=[1, 2])], "prompt_token_ids": [7, 8, 9]}
    whole = answer(with_ids, with_ids)
    assert (whole.output_ids, whole.prompt_ids) == (4, 3)
    assert [content.tokens for content in whole.contents] == [2, 2]
    assert answer(with_ids, frame("c")).output_ids == 0


def test_an_unreadable_event_is_named_once_and_the_rest_is_read() -> None:
    whole = answer("{", frame("a"), "nonsense", "[DONE]")
    assert whole.failures == ["event_malformed"]
    assert [content.text for content in whole.contents] == ["a"]
    assert whole.done


def test_an_event_with_empty_data_is_no_failure() -> None:
    assert answer("", " ").failures == []


def test_finish_reason_model_and_error_are_kept() -> None:
    whole = answer(
        frame("a", model="first"),
        frame("b", model="second"),
        {"choices": [choice({}, finish_reason="stop")]},
        {"error": {"type": "server_error"}},
    )
    assert (whole.model, whole.finish_reason, whole.error_type, whole.done) == ("first", "stop", "server_error", False)


def test_a_body_that_is_no_answer_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        Answer(ChatCompletions()).body(b"<html>", 1)


def test_several_prompts_add_up_and_each_counts_once() -> None:
    """Two prompts of 9 and 5 tokens with two completions each."""
    whole = answer(*(frame("a", index, **usage(9 if index < 2 else 5, 1)) for index in range(4)))
    assert whole.usage(2) == Usage(14, 4)


def test_counts_of_completions_that_have_all_ended_are_not_behind() -> None:
    ends = [{"choices": [choice({"content": "a"}, index, finish_reason="stop")], **usage(9, 2)} for index in (0, 1)]
    whole = answer(frame("a", 0, **usage(9, 1)), frame("b", 1, **usage(9, 1)), *ends)
    assert (whole.usage(2), whole.continuous) == (Usage(9, 4), False)


def test_final_usage_takes_what_it_lacks_from_the_usage_before() -> None:
    whole = answer(frame("a", usage={"prompt_tokens": 9}), {"choices": [], "usage": {"completion_tokens": 4}})
    assert (whole.usage(1), whole.continuous) == (Usage(9, 4), False)


def triton(*texts: object) -> Answer:
    """A stream whose events may hold the whole text so far, at 1, 2, 3 …"""
    whole = Answer(Generate())
    for at, text in enumerate(texts, 1):
        whole.event(json.dumps({"text_output": text}).encode(), at)
    return whole


def test_text_that_comes_from_its_beginning_every_time_counts_once() -> None:
    whole = triton("a", "a b", "a b", "a b c")
    assert whole.contents == [
        Content(1, 0, "answer", "a"),
        Content(2, 0, "answer", " b"),
        Content(4, 0, "answer", " c"),
    ]


def test_text_that_only_looked_like_that_is_taken_as_it_came() -> None:
    """Each of several completions for itself, and what came before in its place."""
    whole = triton(["1", "x"], ["1", "xy"], ["0", "xyz"])
    assert [(content.at, content.index, content.text) for content in whole.contents] == [
        (1, 0, "1"), (1, 1, "x"), (2, 0, "1"), (2, 1, "y"), (3, 0, "0"), (3, 1, "z")
    ]  # fmt: skip


def test_a_model_that_is_stuck_has_written_what_it_sent() -> None:
    whole = triton(*["!"] * 200)
    assert [(content.at, content.text) for content in whole.contents] == [(at, "!") for at in range(1, 201)]


def test_the_end_mark_of_another_api_is_no_failure_and_no_end() -> None:
    """vLLM ends the streams of the Messages API with it, after the API's own end."""
    whole = Answer(Messages())
    whole.event(b"[DONE]", 1)
    assert (whole.failures, whole.done) == ([], False)
    spaced = Answer(ChatCompletions())
    spaced.event(b"[DONE] ", 1)
    assert spaced.failures == []


def test_a_running_count_keeps_what_a_later_one_does_not_tell() -> None:
    whole = Answer(Messages())
    for at, event in enumerate(
        (
            {"type": "message_start", "message": {"usage": {"input_tokens": 17, "cache_read_input_tokens": 8}}},
            {"type": "message_delta", "delta": {"stop_reason": None}, "usage": {"output_tokens": 5}},
        )
    ):
        whole.event(json.dumps(event).encode(), at)
    assert whole.usage(1) == Usage(25, 5, cached_input_tokens=8)


def test_what_was_thought_and_what_was_answered_stay_apart_in_an_answer_that_was_not_streamed() -> None:
    whole = Answer(ChatCompletions())
    message = {"reasoning": "so", "content": "yes", "tool_calls": [{"function": {"name": "f"}}]}
    whole.body(json.dumps({"choices": [{"index": 0, "message": message}]}).encode(), 1)
    assert [(content.kind, content.text) for content in whole.contents] == [
        ("reasoning", "so"), ("answer", "yes"), ("tool", "f")
    ]  # fmt: skip


@pytest.mark.parametrize("dialect", [Messages(), Responses()])
def test_an_error_that_is_null_is_none(dialect: Dialect) -> None:
    whole = Answer(dialect)
    whole.event(b'{"type": "ping", "error": null}', 1)
    assert whole.error_type is None
