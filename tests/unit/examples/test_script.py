"""What a request asks of the scripted engine."""

import orjson
import pytest
from scripted_engine.script import UnusableRequest, understand


def asked(**body: object):
    return understand("/v1/chat/completions", orjson.dumps({"model": "m", **body}), None)


def test_an_answer_that_would_end_before_the_limit_ends_by_itself() -> None:
    answer = asked(max_tokens=100, x_tokens=7)
    assert (answer.output_tokens, answer.finish_reason) == (7, "stop")


@pytest.mark.parametrize(
    "body", [{"max_tokens": 5, "x_tokens": 7}, {"max_tokens": 5, "x_tokens": 5}, {"max_tokens": 5}]
)
def test_an_answer_that_reaches_the_limit_is_cut_there(body: dict[str, int]) -> None:
    answer = asked(**body)
    assert (answer.output_tokens, answer.finish_reason) == (5, "length")


def test_a_script_says_how_many_tokens_there_are_whatever_else_is_asked() -> None:
    answer = asked(max_tokens=100, x_tokens=7, x_script={"tokens": 9})
    assert (answer.output_tokens, answer.finish_reason) == (9, "length")


@pytest.mark.parametrize("value", [0, -1, "7", True, 1.5])
def test_a_number_of_tokens_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(UnusableRequest, match="x_tokens must be a whole number"):
        asked(x_tokens=value)
