from collections.abc import Mapping
from typing import Any

import pytest

from exporter.record import RequestRecord
from exporter.sinks.limits import TOO_LONG, KnownLimits, Limits

LABELS = ("m", "chat")
OVER, EXCEEDED = "tokentide_requests_over_limit", "tokentide_limit_exceeded"


def a_record(**facts: Any) -> RequestRecord:
    usual: dict[str, Any] = {
        "timestamp": 1, "request_id": "r", "model": "m", "response_model": "m", "upstream": "engine:8000",
        "outcome": "completed", "http_status": 200, "input_tokens": 100, "output_tokens": 50,
        "input_source": "usage", "output_source": "usage", "finish_reason": "stop",
    }  # fmt: skip
    return RequestRecord(**{**usual, **facts})


def counted(limits: KnownLimits, *records: RequestRecord) -> dict[tuple[str, ...], float]:
    """All counts, without the labels model and operation."""
    counting = Limits(limits)
    for record in records:
        counting.add(record, LABELS)
    over, exceeded = counting.counters
    return {labels[2:]: number for counter in (over, exceeded) for labels, number in counter.numbers().items()}


def given(**limits: int) -> KnownLimits:
    return KnownLimits([("*", limits)])


@pytest.mark.parametrize(
    ("limits", "over"),
    [
        ({"max_input_len": 99}, {("max_input_len",): 1}),
        ({"max_input_len": 100}, {}),
        ({"max_output_len": 49}, {("max_output_len",): 1}),
        ({"max_output_len": 50}, {}),
        ({"max_seq_len": 149}, {("max_seq_len",): 1}),
        ({"max_seq_len": 150}, {}),
        ({"max_input_len": 1, "max_seq_len": 1}, {("max_input_len",): 1, ("max_seq_len",): 1}),
        ({}, {}),
    ],
)
def test_a_request_is_over_a_limit_when_it_is_longer(
    limits: dict[str, int], over: dict[tuple[str, ...], float]
) -> None:
    assert counted(given(**limits), a_record()) == over


def test_several_completions_have_a_limit_of_their_own_each() -> None:
    assert counted(given(max_output_len=10, max_seq_len=120, max_input_len=90), a_record(n=4)) == {
        ("max_input_len",): 1
    }


def test_a_limit_counts_as_it_is_when_the_request_ends() -> None:
    limits = KnownLimits()
    counting = Limits(limits)
    for length in (200, 120, 200):
        limits.tell("engine:8000", {"m": {"max_seq_len": length}})
        counting.add(a_record(), LABELS)
    assert counting.counters[0].numbers() == {(*LABELS, "max_seq_len"): 1}


@pytest.mark.parametrize(
    ("limits", "tokens", "limit"),
    [
        ({}, None, "max_seq_len"),
        ({"max_input_len": 2000}, 3000, "max_input_len"),
        ({"max_input_len": 2000, "max_seq_len": 4000}, 1500, "max_seq_len"),
    ],
)
def test_a_refusal_for_its_length_is_told_apart_from_other_refusals(
    limits: dict[str, int], tokens: int | None, limit: str
) -> None:
    refused: dict[str, Any] = {
        "outcome": "refused", "http_status": 400, "finish_reason": None, "output_tokens": None,
        "input_tokens": tokens, "input_source": "tokenizer", "output_source": None,
    }  # fmt: skip
    found = counted(given(**limits), a_record(error_type=TOO_LONG, **refused))
    assert {labels: n for labels, n in found.items() if len(labels) == 2} == {(limit, "rejected"): 1}
    assert (limit, "rejected") not in counted(given(**limits), a_record(error_type="BadRequestError", **refused))


@pytest.mark.parametrize(
    ("facts", "limits", "cut"),
    [
        ({}, {"max_seq_len": 150}, "max_seq_len"),
        ({"max_tokens": 400}, {"max_seq_len": 150}, "max_seq_len"),
        ({"max_tokens": 50}, {"max_seq_len": 150}, None),
        ({"max_tokens": 400}, {"max_seq_len": 151}, None),
        ({"max_tokens": 400}, {"max_output_len": 50}, "max_output_len"),
        ({"max_tokens": 400}, {}, None),
        ({"finish_reason": "stop"}, {"max_seq_len": 150}, None),
        ({"finish_reason": "max_tokens"}, {"max_seq_len": 150}, "max_seq_len"),
        ({"output_source": "tokenizer"}, {"max_seq_len": 150}, None),
        ({"n": 2}, {"max_seq_len": 150}, None),
    ],
)
def test_an_answer_is_truncated_where_the_engines_limit_ended_it_and_not_the_clients(
    facts: Mapping[str, Any], limits: dict[str, int], cut: str | None
) -> None:
    found = counted(given(**limits), a_record(**{"finish_reason": "length", **facts}))
    assert found == ({} if cut is None else {(cut, "truncated"): 1})


def test_settings_come_before_what_engines_say_and_the_first_rule_before_the_next() -> None:
    limits = KnownLimits([("llama*", {"max_seq_len": 10}), ("*", {"max_seq_len": 20, "max_input_len": 5})])
    limits.tell("engine:8000", {"llama": {"max_seq_len": 99, "max_output_len": 7}})
    record = a_record(model="llama", response_model=None)
    assert limits.of(record) == {"max_seq_len": 10, "max_input_len": 5, "max_output_len": 7}
    assert limits.of(a_record()) == {"max_seq_len": 20, "max_input_len": 5}


def test_a_model_that_is_asked_for_by_another_name_has_the_limits_of_the_one_that_answers() -> None:
    limits = KnownLimits()
    limits.tell("engine:8000", {"real": {"max_seq_len": 10}})
    assert limits.of(a_record(model="alias", response_model="real")) == {"max_seq_len": 10}
    assert limits.of(a_record(model="real", upstream="other:1")) == {}


def test_the_gauge_shows_the_lowest_of_several_engines_and_the_patterns_of_the_settings() -> None:
    limits = KnownLimits([("x*", {"max_input_len": 3})])
    limits.tell("a:1", {"m": {"max_seq_len": 10}})
    limits.tell("b:1", {"m": {"max_seq_len": 8}})
    assert limits.series() == {("m", "max_seq_len"): 8, ("x*", "max_input_len"): 3}
    limits.tell("b:1", {})
    assert limits.series() == {("m", "max_seq_len"): 10, ("x*", "max_input_len"): 3}
