import dataclasses

import pytest

from analyzer.advise.bounds import LengthTarget
from analyzer.advise.effects import Effect, admitted, effects, reserved
from analyzer.shape import HourlyShape, Residency
from tests.fakes.shapes import histogram, shape

POOL = 448_675  # Llama-3.1-8B in bf16 on an H100 with 80 GiB
TRAFFIC = shape([(i, 2000, 200) for i in range(10)])
NAMED = dataclasses.replace(TRAFFIC, asked=histogram([2512] * 10))


def of(engine: str, traffic: HourlyShape = TRAFFIC, limit: int = 8192, **target: int) -> Effect:
    return next(one for one in effects(traffic, limit, LengthTarget(**target)) if one.engine == engine)


@pytest.mark.parametrize(("tokens", "requests"), [(131_072, 3), (8192, 54), (2000 + 512, 178), (2100, 213)])
def test_a_cache_admits_what_its_tokens_allow(tokens: int, requests: int) -> None:
    assert admitted(POOL, tokens) == requests


def test_a_request_without_max_tokens_reserves_the_whole_limit_and_one_with_it_what_it_asks_for() -> None:
    assert reserved(TRAFFIC, 8192) == 8192
    assert reserved(NAMED, 8192) == 2512
    assert reserved(NAMED, 2400) == 2400
    half = dataclasses.replace(TRAFFIC, asked=histogram([2512] * 5))
    assert reserved(half, 8192) == (2512 + 8192) / 2


def test_a_scheduler_that_reserves_admits_more_under_a_lower_limit() -> None:
    found = of("TensorRT-LLM, GUARANTEED_NO_EVICT", current_max_seq_len=131_072, pool_tokens=POOL)
    assert found.changes == ("admission", "safety")
    assert (found.admitted_now, found.admitted_then) == (3, 54)
    assert (found.tokens_held_now, found.tokens_held_then) == (131_072, 8192)
    assert "16 times as many requests at once" in found.sentence
    assert "10 of 10 requests name no max_tokens" in found.sentence


def test_where_every_client_names_max_tokens_a_lower_limit_admits_no_more() -> None:
    found = of("TensorRT-LLM, GUARANTEED_NO_EVICT", NAMED, current_max_seq_len=131_072, pool_tokens=POOL)
    assert found.changes == ("none",)
    assert found.admitted_now == found.admitted_then == 178


@pytest.mark.parametrize("engine", ["vLLM", "SGLang", "TensorRT-LLM, MAX_UTILIZATION"])
def test_a_paged_cache_admits_as_many_as_before(engine: str) -> None:
    found = of(engine, current_max_seq_len=131_072, pool_tokens=POOL)
    assert found.admitted_now == found.admitted_then == POOL // 2200
    assert "throughput stays as it is" in found.sentence
    assert "0 of 10 recorded requests would be refused or cut" in found.sentence


def test_what_requests_hold_is_weighted_by_how_long_they_stay_where_that_is_recorded() -> None:
    """SIZING §3.4: 448,675 tokens are 213 requests that hold 2,100 tokens each over their time."""
    timed = dataclasses.replace(TRAFFIC, residency=Residency(10, 10 * (2 * 2000 + 200)))
    found = of("vLLM", timed, pool_tokens=POOL)
    assert (found.tokens_held_then, found.admitted_then) == (2100, 213)
    assert "2,100 tokens on average over the time that requests are in flight" in found.sentence


def test_the_limit_of_today_changes_nothing() -> None:
    assert {one.changes for one in effects(TRAFFIC, 8192, LengthTarget(current_max_seq_len=8192))} == {("none",)}
    assert of("vLLM", current_max_seq_len=8192).sentence == "Nothing: 8,192 is the limit today."


def test_what_is_not_stated_is_not_known() -> None:
    found = of("TensorRT-LLM, GUARANTEED_NO_EVICT")
    assert (found.tokens_held_now, found.admitted_now, found.admitted_then) == (None, None, None)
    assert found.changes == ("admission", "safety")


def test_requests_that_ask_for_more_than_the_limit_are_told() -> None:
    greedy = dataclasses.replace(TRAFFIC, asked=histogram([2512, 99_999]))
    assert "and 1 of 2 that ask for more with max_tokens" in of("vLLM", greedy).sentence
