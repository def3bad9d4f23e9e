import json
import math

import pytest

from exporter.dialect.base import Unreadable
from exporter.dialect.reading import (
    dump,
    fields,
    first_number,
    items,
    load,
    load_any,
    microseconds,
    name,
    number,
    text,
    token_ids,
    word,
)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"a"', b"{", b'{"a":}', b"\xff", b"[" * 100_000, b"{" * 5])
def test_what_is_not_a_json_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        load(body)
    assert caught.value.reason == "malformed"


def test_what_python_servers_write_though_json_forbids_it_is_read() -> None:
    assert math.isnan(load(b'{"a": NaN}')["a"])  # type: ignore[arg-type] # the value is a float


def test_half_an_emoji_as_javascript_cuts_it_is_read() -> None:
    assert load(rb'{"a": "x\ud83d"}') == {"a": "x\ud83d"}


def test_json_nested_too_deep_to_be_written_again_is_unreadable() -> None:
    deep: object = []
    for _ in range(200_000):
        deep = [deep]
    with pytest.raises(Unreadable):
        dump(deep)


def test_tools_are_written_as_chat_templates_write_them() -> None:
    tool = {"name": "é", "parameters": {"a": [1, None]}}
    assert dump(tool) == json.dumps(tool, ensure_ascii=False) == '{"name": "é", "parameters": {"a": [1, null]}}'


@pytest.mark.parametrize("value", [None, 1, "a", True, 1.5])
def test_what_is_of_another_type_is_absent(value: object) -> None:
    assert fields(value) == {}
    assert items(value) == []
    assert text(value) == ("a" if value == "a" else "")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (0, 0),
        (2**31 - 1, 2**31 - 1),
        (2**31, None),
        (-1, None),
        (1.0, 1),
        (1.5, None),
        (2.0**31, None),
        (math.inf, None),
        (math.nan, None),
        (True, None),
        ("7", None),
    ],
)
def test_only_whole_numbers_that_a_record_can_hold_are_numbers(value: object, read: int | None) -> None:
    assert number(value) == read


def test_a_name_is_short_and_printable() -> None:
    assert name("meta/Llama 3") == "meta/Llama 3"
    assert [name(value) for value in ("", "x" * 257, "a\nb", None, 7)] == [None] * 5


def test_a_word_cannot_hold_a_sentence() -> None:
    assert word("rate_limit.exceeded-1") == "rate_limit.exceeded-1"
    assert [word(value) for value in ("two words", "", "x" * 65, None, 7)] == [None] * 5


def test_an_answer_may_be_any_json() -> None:
    assert load_any(b'[{"a": 1}]') == [{"a": 1}]
    with pytest.raises(Unreadable):
        load_any(b"{")


def test_the_first_field_that_holds_a_number_counts() -> None:
    assert first_number({"a": None, "b": "5", "c": 7, "d": 8}, "a", "b", "c", "d") == 7
    assert first_number({}, "a") is None


@pytest.mark.parametrize(
    ("value", "ids"), [([1, 2], 2), ([[1, 2], [3]], 3), ([True, None, "a", 1.5], 0), ([], 0), ("12", 0), (None, 0)]
)
def test_ids_are_counted_in_lists_and_in_lists_of_lists(value: object, ids: int) -> None:
    assert token_ids(value) == ids


@pytest.mark.parametrize(
    ("value", "unit", "time"),
    [(1.5, 1000, 1500), (0.0025, 1_000_000, 2500), (0, 1, 0), (-1, 1, None), (1e300, 1, None), (math.nan, 1, None),
     (10**400, 1, None), (True, 1, None), ("1", 1, None), (None, 1, None)],
)  # fmt: skip
def test_a_duration_has_a_unit_and_a_sensible_size(value: object, unit: int, time: int | None) -> None:
    assert microseconds(value, unit) == time


@pytest.mark.parametrize("body", [b"[" + b"{}," * 700_000 + b"{}]", b"[" + b"1," * 3_500_001 + b"1]"])
def test_json_that_would_fill_the_memory_is_not_read(body: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        load_any(body)
    assert refused.value.reason == "too_complex"


def test_a_long_text_is_no_reason_to_refuse() -> None:
    body = b'{"a": "' + b"a word, " * 1_000_000 + b'", "ids": [' + b"1," * 500_000 + b"1]}"
    assert len(items(load(body)["ids"])) == 500_001


def test_the_largest_answers_that_engines_give_are_read() -> None:
    likely = b'{"token":"a","logprob":-0.1,"bytes":[97]}'
    token = b'{"token":"a","logprob":-0.1,"bytes":[97],"top_logprobs":[' + b",".join([likely] * 20) + b"]}"
    body = b'{"choices":[{"logprobs":{"content":[' + b",".join([token] * 16_000) + b"]}}]}"
    assert len(items(load(body)["choices"])) == 1
    vectors = b'{"data":[' + b",".join([b"[" + b",".join([b"0.0123456"] * 1024) + b"]"] * 2048) + b"]}"
    assert len(items(load(vectors)["data"])) == 2048
