"""The time of one step."""

import pytest

from analyzer.engine import StepTimes

H100_8B = StepTimes(a0=4.44, a1=0.01863, a2=6.2e-7, b0=6.63, b1=0.0074, b2=4.27e-5)
"""SIZING.md 4.2, fitted to tables of Llama-3.1-8B bf16 on one H100."""


def test_a_prompt_alone_takes_its_fixed_cost_its_tokens_and_their_attention() -> None:
    assert H100_8B.prefill_ms(2000) == pytest.approx(4.44 + 37.26 + 2.48)


def test_cached_tokens_cost_only_the_attention_to_them() -> None:
    assert H100_8B.prefill_ms(2000, 1500) == pytest.approx(4.44 + 0.01863 * 500 + 6.2e-7 * 500 * 3500)


def test_a_prompt_that_is_cached_whole_still_computes_its_last_token() -> None:
    assert H100_8B.prefill_ms(100, 100) > H100_8B.a0


def test_writing_a_token_costs_more_with_more_requests_and_more_cache() -> None:
    assert H100_8B.decode_ms(64, 64 * 2100) == pytest.approx(6.63 + 0.0074 * 64 + 4.27e-5 * 64 * 2100)


def test_the_values_are_told_in_the_order_of_the_fields() -> None:
    assert H100_8B.values == (4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5, 0.0, 0.0, 0.0)
