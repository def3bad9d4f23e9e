from dataclasses import replace
from typing import Any

import pytest

from exporter.dialect.base import Conversation, Prompt, Text, Usage
from exporter.observe.counts import input_count, output_count
from exporter.observe.observation import Content, Observation
from tests.fakes.counters import WordCounter

PROMPT = Prompt("m", stream=True, texts=(Text("system", "be brief"), Text("user", "what is it")), messages=2)
SAID = tuple(Content(at, 0, "answer", text) for at, text in enumerate(["on", "e two", " three"]))


def seen(**changes: Any) -> Observation:
    """A completed stream of three words in three events, without usage."""
    plain: dict[str, Any] = {
        "request_id": "r", "trace": None, "operation": "chat", "upstream": "u", "wall_us": 0, "concurrency": 1,
        "received": 0, "sent": 0, "first_byte": 0, "ended": 9, "prompt": PROMPT, "contents": SAID, "usage": None,
        "continuous": False, "output_token_ids": 0, "streamed": True, "http_status": 200, "outcome": "completed",
    }  # fmt: skip
    return Observation(**{**plain, **changes})


def read(observation: Observation, counter: WordCounter | None, *, beside: bool = False) -> tuple[object, object]:
    count = input_count(observation, counter, beside=beside)
    return count.tokens, count.source


def written(observation: Observation, counter: WordCounter | None, *, beside: bool = False) -> tuple[object, object]:
    count = output_count(observation, counter, beside=beside)
    return count.tokens, count.source


def test_the_server_s_usage_comes_first_and_nothing_is_tokenized() -> None:
    counter = WordCounter()
    observation = seen(usage=Usage(20, 7), output_token_ids=5, input_token_ids=18)
    assert read(observation, counter) == (20, "usage")
    assert written(observation, counter) == (7, "usage")
    assert counter.counted == []


def test_token_ids_of_the_engine_come_before_running_usage() -> None:
    observation = seen(usage=Usage(20, 6), continuous=True, output_token_ids=7, input_token_ids=21)
    assert read(observation, None) == (21, "engine_ids")
    assert written(observation, None) == (7, "engine_ids")


def test_running_usage_comes_before_our_tokenizer() -> None:
    observation = seen(usage=Usage(20, 6), continuous=True)
    assert read(observation, WordCounter()) == (20, "continuous_usage")
    assert written(observation, WordCounter()) == (6, "continuous_usage")


def test_a_request_without_usage_is_counted_by_the_tokenizer_on_the_joined_text() -> None:
    assert read(seen(), WordCounter()) == (5, "tokenizer")
    assert written(seen(), WordCounter()) == (3, "tokenizer")


def test_an_estimate_is_marked_as_one() -> None:
    counter = WordCounter(source="estimate")
    assert read(seen(), counter) == (5, "estimate")
    assert written(seen(), counter) == (3, "estimate")


def test_a_text_too_long_to_be_counted_exactly_is_an_estimate() -> None:
    counter = WordCounter(exact_up_to=9)
    assert read(seen(), counter) == (5, "estimate")
    assert written(seen(), counter) == (3, "estimate")


def test_where_nobody_can_count_nothing_is_said() -> None:
    assert read(seen(), None) == (None, None)
    assert written(seen(), None) == (None, None)
    assert read(seen(prompt=None), WordCounter()) == (None, None)


def test_usage_that_lacks_one_side_leaves_it_to_the_next_source() -> None:
    observation = seen(usage=Usage(None, 7))
    assert read(observation, WordCounter()) == (5, "tokenizer")
    assert written(observation, WordCounter()) == (7, "usage")


def test_a_zero_that_contradicts_what_was_seen_is_no_count() -> None:
    observation = seen(usage=Usage(0, 0))
    assert read(observation, WordCounter()) == (5, "tokenizer")
    assert written(observation, WordCounter()) == (3, "tokenizer")


def test_a_zero_for_an_empty_answer_is_a_count() -> None:
    assert written(seen(usage=Usage(5, 0), contents=()), WordCounter()) == (0, "usage")


def test_a_prompt_of_token_ids_needs_no_tokenizer() -> None:
    assert read(seen(prompt=Prompt("m", stream=True, token_ids=12)), None) == (12, "engine_ids")


def test_a_prompt_of_images_alone_cannot_be_counted() -> None:
    assert read(seen(prompt=Prompt("m", stream=True, messages=1)), WordCounter()) == (None, None)


def test_the_prompt_counts_once_for_several_completions() -> None:
    assert read(seen(prompt=Prompt("m", stream=True, texts=(Text("user", "a b"),), n=4)), WordCounter()) == (
        2,
        "tokenizer",
    )


def test_completions_are_counted_apart_and_added() -> None:
    said = (Content(1, 0, "answer", "on"), Content(2, 1, "answer", "e"), Content(3, 0, "answer", "e"))
    assert written(seen(contents=said), WordCounter()) == (2, "tokenizer")


@pytest.mark.parametrize(
    ("changes", "tokens"),
    [
        ({"contents": ()}, 0),
        ({"contents": (), "outcome": "client_disconnect", "http_status": None}, 0),
        ({"contents": (), "outcome": "refused", "http_status": 400, "streamed": False}, None),
        ({"contents": (), "failures": ("event_malformed",)}, None),
        ({"contents": (), "failures": ("content_encoding",)}, None),
        ({"contents": (), "failures": ("request_too_large",), "prompt": None}, 0),
        (
            {"contents": (), "outcome": "client_disconnect", "streamed": False, "prompt": Prompt("m", stream=False)},
            None,
        ),
        ({"contents": (), "operation": "other"}, None),
    ],
)
def test_no_text_is_zero_tokens_only_where_that_is_known(changes: dict[str, object], tokens: int | None) -> None:
    assert written(seen(**changes), WordCounter())[0] == tokens


def test_own_counts_beside_the_server_s_are_made_when_asked_for() -> None:
    observation = seen(usage=Usage(20, 7))
    assert input_count(observation, WordCounter(), beside=True).own == 5
    assert output_count(observation, WordCounter(), beside=True).own == 3
    assert output_count(observation, WordCounter(), beside=False).own is None


def test_an_estimate_is_not_compared_with_the_server_s_count() -> None:
    observation = seen(usage=Usage(20, 7))
    assert input_count(observation, WordCounter(source="estimate"), beside=True).own is None
    assert output_count(observation, WordCounter(exact_up_to=3), beside=True).own is None


def test_input_of_which_the_engine_keeps_a_part_is_counted_by_nobody_else() -> None:
    prompt = Prompt("m", stream=True, texts=(Text("user", "a b"),), partial=True)
    assert read(seen(prompt=prompt), WordCounter()) == (None, None)
    assert read(seen(prompt=prompt, usage=Usage(900, 3)), WordCounter(), beside=True) == (900, "usage")


def test_where_the_echo_of_token_ids_ends_nobody_can_say() -> None:
    prompt = Prompt("m", stream=True, token_ids=5, echo=True)
    assert written(seen(prompt=prompt), WordCounter()) == (None, None)


def parts(observation: Observation, counter: WordCounter | None, *, beside: bool = False) -> dict[str, int]:
    return dict(input_count(observation, counter, beside=beside).parts)


ROLES = (Text("system", "be brief"), Text("history", "hello you all"), Text("user", "what"), Text("tools", "{}"))
CHAT = Prompt("m", stream=True, texts=ROLES, messages=3)


def test_the_parts_of_a_prompt_are_counted_once_with_it() -> None:
    counter = WordCounter()
    count = input_count(seen(prompt=CHAT), counter, beside=True)
    assert (count.tokens, dict(count.parts)) == (7, {"system": 2, "history": 3, "user": 1, "tools": 1})
    assert counter.counted == [text for _, text in ROLES]


def test_parts_counted_beside_the_server_are_those_of_the_texts_and_may_be_less_than_its_count() -> None:
    observation = seen(prompt=CHAT, usage=Usage(20, 7))
    assert parts(observation, WordCounter(), beside=True) == {"system": 2, "history": 3, "user": 1, "tools": 1}


@pytest.mark.parametrize("counter", [None, WordCounter(), WordCounter(source="estimate")])
def test_where_we_do_not_count_the_server_s_count_is_shared_out_by_length(counter: WordCounter | None) -> None:
    observation = seen(prompt=CHAT, usage=Usage(54, 7))
    shared = parts(observation, counter, beside=counter is not None and counter.source == "estimate")
    assert shared == {"system": 16, "history": 26, "user": 8, "tools": 4}


def test_an_estimate_has_estimated_parts() -> None:
    assert parts(seen(prompt=CHAT), WordCounter(source="estimate"))["history"] == 3


def test_ids_are_the_user_s_part() -> None:
    observation = seen(prompt=Prompt("m", stream=True, token_ids=12))
    assert parts(observation, None) == {"system": 0, "history": 0, "user": 12, "tools": 0}


def test_of_a_prompt_that_nobody_can_count_no_parts_are_known() -> None:
    assert parts(seen(prompt=CHAT), None) == {}
    assert parts(seen(prompt=None, usage=Usage(20, 7)), WordCounter()) == {}
    assert parts(seen(prompt=Prompt("m", stream=True, messages=1)), WordCounter()) == {}


def test_a_prompt_with_an_image_is_not_counted_exactly_and_not_compared() -> None:
    image = {"role": "user", "content": [{"type": "text", "text": "what is it"}, {"type": "image_url"}]}
    prompt = replace(PROMPT, chat=Conversation([image], [], {}))
    assert read(seen(prompt=prompt), WordCounter()) == (5, "estimate")
    assert input_count(seen(prompt=prompt, usage=Usage(500, 7)), WordCounter(), beside=True).own is None
    spoken = replace(PROMPT, chat=Conversation([{"role": "user", "content": "what is it"}], [], {}))
    assert read(seen(prompt=spoken), WordCounter()) == (5, "tokenizer")


def test_of_a_prompt_of_which_the_engine_keeps_a_part_only_what_was_sent_is_split() -> None:
    prompt = replace(CHAT, partial=True)
    assert parts(seen(prompt=prompt, usage=Usage(900, 7)), WordCounter(), beside=True)["history"] == 3
    assert parts(seen(prompt=prompt, usage=Usage(900, 7)), None) == {}
