import json

import pytest

from exporter.dialect.base import Foreign, Prompt, Unreadable
from exporter.dialect.sglang import SglangGenerate


def asked(**request: object) -> Prompt:
    return SglangGenerate().prompt(json.dumps(request).encode(), "/generate")


@pytest.mark.parametrize(
    ("request_", "texts", "ids"),
    [
        ({"text": "a"}, ["a"], 0),
        ({"text": ["a", "b"]}, ["a", "b"], 0),
        ({"input_ids": [1, 2]}, [], 2),
        ({"input_ids": [[1, 2], [3]]}, [], 3),
    ],
)
def test_input_is_a_text_or_texts_or_ids(request_: dict[str, object], texts: list[str], ids: int) -> None:
    prompt = asked(**request_)
    assert ([text.text for text in prompt.texts], prompt.token_ids) == (texts, ids)


@pytest.mark.parametrize("request_", [{}, {"prompt": "a"}, {"inputs": "a"}, {"text": None}])
def test_without_either_it_is_another_api(request_: dict[str, object]) -> None:
    with pytest.raises(Foreign):
        asked(**request_)


def test_sampling_may_be_given_for_each_text() -> None:
    assert asked(text=["a", "b"], sampling_params=[{"max_new_tokens": 5}, {"max_new_tokens": 9}]).max_tokens == 5


@pytest.mark.parametrize(
    ("ids", "counted", "growing"),
    [([1], 1, True), ([1, 2], 2, True), ([1, 2], 3, True), ([2], 2, False), ([5, 6], 6, False), (None, 2, True)],
)
def test_fewer_ids_than_tokens_are_of_a_text_that_is_new(ids: object, counted: int, growing: bool) -> None:
    event = {"text": "a", "output_ids": ids, "meta_info": {"completion_tokens": counted}}
    assert SglangGenerate().delta(json.dumps(event).encode()).growing is growing


@pytest.mark.parametrize(
    ("reason", "finish", "error"),
    [
        (None, None, None),
        ("stop", "stop", None),
        ({"type": "length", "length": 9}, "length", None),
        ({"type": "abort", "message": "secret words"}, "abort", "abort"),
        ({"type": "abort", "err_type": "BadRequestError"}, "abort", "BadRequestError"),
    ],
)
def test_why_it_ended_is_a_word_or_an_object(reason: object, finish: str | None, error: str | None) -> None:
    delta = SglangGenerate().delta(json.dumps({"text": "a", "meta_info": {"finish_reason": reason}}).encode())
    assert (delta.finish_reason, delta.error_type) == (finish, error)


@pytest.mark.parametrize("body", [b"{}", b'{"text": "a"}', b'[{"embedding": [0.1]}]'])
def test_what_is_no_answer_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        SglangGenerate().answer(body)
