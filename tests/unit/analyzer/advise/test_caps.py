import dataclasses

import numpy as np
import pytest

from analyzer.advise.caps import caps
from analyzer.shape import Endings, HourlyShape, Refusals
from tests.fakes.shapes import histogram, shape

GENERATOR = np.random.default_rng(17)
ISL = GENERATOR.lognormal(6, 0.8, 10_000).astype(int).tolist()
OSL = GENERATOR.lognormal(4, 0.8, 10_000).astype(int).tolist()


def of_lengths(isl: list[int], osl: list[int]) -> HourlyShape:
    return shape([(i, a, b) for i, (a, b) in enumerate(zip(isl, osl, strict=True))])


FREE = of_lengths(ISL, OSL)


def test_lengths_that_nothing_cut_show_no_sign() -> None:
    assert caps(FREE, 0.001, None) == ()
    assert caps(FREE, 0.001, Refusals(500, 10, 10)) == ()


def test_refusals_for_length_are_a_sign_where_they_are_more_than_the_target_share() -> None:
    (sign,) = caps(FREE, 0.001, Refusals(500, 3, 11))
    assert sign == "11 requests were refused for their length"


def test_answers_that_use_up_what_their_clients_allow_are_a_sign() -> None:
    cut = dataclasses.replace(FREE, endings=Endings(0, 0, 0, 300), max_tokens=histogram([100] * 5000))
    (sign,) = caps(cut, 0.001, None)
    assert sign.startswith("300 of 5,000 answers to clients that name max_tokens used all of it")


def test_a_pile_at_the_longest_answer_is_a_sign() -> None:
    (sign,) = caps(of_lengths(ISL, [min(osl, 150) for osl in OSL]), 0.001, None)
    assert "longest output of 150 tokens" in sign


@pytest.mark.parametrize("cap", [128, 200])
def test_many_answers_of_exactly_one_length_below_the_longest_are_a_sign(cap: int) -> None:
    """Nine in ten clients stop at `cap`, the others do not."""
    capped = [min(osl, cap) if i % 10 else osl for i, osl in enumerate(OSL)]
    (sign,) = caps(of_lengths(ISL, capped), 0.001, None)
    assert f"exactly {cap} tokens" in sign


def test_a_few_requests_are_no_pile_although_one_of_them_is_the_longest() -> None:
    assert caps(of_lengths([1000] * 9, [100] * 9), 0.001, None) == ()


@pytest.mark.parametrize("longest", [1, 2, 5, 9, 20, 40])
def test_short_answers_have_a_longest_one_and_no_limit(longest: int) -> None:
    """As those of classifiers and guards."""
    assert caps(of_lengths(ISL, [1 + osl % longest for osl in OSL]), 0.001, None) == ()
