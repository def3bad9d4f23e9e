"""The time of one step."""

from dataclasses import replace

import pytest

from analyzer.engine import StepTimes, Throughput

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
    assert H100_8B.values == (4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5, 0.0, 0.0, 0.0, 0.0)


def test_a_step_that_reads_and_writes_takes_both_times() -> None:
    mixed = replace(H100_8B, m0=1.5, r0=0.5)
    work = 2 * 0.5 + 0.01863 * 400 + 6.2e-7 * 2 * 200**2
    assert mixed.mixed_ms(32, 8000, 2, 400, 2 * 200**2) == pytest.approx(mixed.decode_ms(32, 8000) + 1.5 + work)


def test_prompts_cost_nothing_while_the_weights_are_read_anyway() -> None:
    overlapping = replace(H100_8B, overlap_ms=5.0)
    assert overlapping.mixed_ms(10, 2000, 1, 200, 200**2) == pytest.approx(overlapping.decode_ms(10, 2000))


def test_the_second_prompt_of_a_step_costs_more_than_the_first() -> None:
    overlapping = replace(H100_8B, overlap_ms=5.0)
    none, one, two = (overlapping.mixed_ms(10, 2000, n, 300 * n, n * 300**2) for n in (0, 1, 2))
    assert two - one > one - none > 0


def test_the_tokens_that_are_written_take_their_part_of_what_overlaps() -> None:
    overlapping = replace(H100_8B, overlap_ms=5.0, b1=0.0, b2=0.0)
    assert overlapping.mixed_ms(200, 0, 1, 300, 300**2) > overlapping.mixed_ms(100, 0, 1, 300, 300**2)


def test_how_far_times_may_be_off_is_told_for_each_side() -> None:
    even = Throughput(H100_8B, "roofline", "Arithmetic.", 0.4)
    ideal = replace(even, error_share=0.66, shorter_share=0.0)
    assert (even.off, even.shortest) == ("± 40 %", pytest.approx(0.6))
    assert (ideal.off, ideal.shortest) == ("up to 66 % longer", 1)
    assert replace(ideal, shorter_share=0.2).off == "up to 66 % longer or 20 % shorter"
