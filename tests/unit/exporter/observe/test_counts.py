from typing import Any

import pytest

from exporter.dialect.base import Prompt, Usage
from exporter.observe.counts import input_count, output_count, without_echo
from exporter.observe.observation import Content, Observation
from tests.fakes.counters import WordCounter

PROMPT = Prompt("m", stream=True, texts=("be brief", "what is it"), messages=2)
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
    assert read(seen(prompt=Prompt("m", stream=True, texts=("a b",), n=4)), WordCounter()) == (2, "tokenizer")


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


def test_an_echoed_prompt_is_not_output() -> None:
    prompt = Prompt("m", stream=True, texts=("say it",), echo=True)
    said = tuple(Content(at, 0, "answer", text) for at, text in enumerate(["say ", "it now", " please"]))
    assert written(seen(operation="text_completion", prompt=prompt, contents=said), WordCounter()) == (2, "tokenizer")


def test_each_of_several_prompts_is_echoed_in_its_own_completions() -> None:
    prompt = Prompt("m", stream=True, texts=("a", "b"), n=2, echo=True)
    said = tuple(Content(index, index, "answer", text) for index, text in enumerate(["a1", "a2", "b3", "x4"]))
    assert [content.text for content in without_echo(said, prompt)] == ["1", "2", "3", "x4"]
