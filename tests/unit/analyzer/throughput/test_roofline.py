"""The roofline gives what its formulas give by hand, for Llama-3.1-8B on one H100 SXM (989 TFLOP/s, 3.35 TB/s)."""

import pytest

from analyzer.throughput import roofline
from analyzer.throughput.roofline import Speed, Work

LLAMA = Work(active=7.505e9, total=7.505e9, weight_bytes=2, attention=32 * 32 * 128, kv_bytes=131_072)
H100 = Speed(flops=989e12 * 0.65, bandwidth=3.35e12 * 0.70)


def test_reading_2000_tokens_takes_48_milliseconds() -> None:
    assert LLAMA.flops(2000) == pytest.approx(3.107e13, rel=1e-3)
    assert roofline.prefill_ms(LLAMA, H100, 2000) == pytest.approx(48.3, abs=0.05)


@pytest.mark.parametrize(("batch", "ms"), [(1, 6.52), (64, 13.91), (128, 21.42)])
def test_a_decode_step_takes_as_long_as_reading_weights_and_cache(batch: int, ms: float) -> None:
    assert roofline.decode_ms(LLAMA, H100, batch, 2100) == pytest.approx(ms, abs=0.01)
    b0, b1, b2 = roofline.decode_fit(LLAMA, H100, 1024, 131_072).coefficients
    assert b0 + b1 * batch + b2 * batch * 2100 == pytest.approx(ms, abs=0.01)


def test_the_fitted_curve_is_near_the_formula() -> None:
    found = roofline.prefill_fit(LLAMA, H100, 131_072)
    a0, a1, a2 = found.coefficients
    assert a0 + a1 * 2000 + a2 * 2000**2 == pytest.approx(48.3, rel=0.1)
    assert found.max_error < 0.25


def test_the_shortest_prompt_takes_as_long_as_reading_the_weights() -> None:
    assert roofline.prefill_ms(LLAMA, H100, 1) == pytest.approx(1000 * 7.505e9 * 2 / H100.bandwidth)


def test_many_short_requests_are_bound_by_computing() -> None:
    assert roofline.decode_ms(LLAMA, H100, 1024, 1) == pytest.approx(1000 * 2 * 7.505e9 * 1024 / H100.flops)


def test_a_mixture_of_experts_reads_what_is_chosen_and_more_of_it_for_more_requests() -> None:
    mixture = Work(13e9, 47e9, 2, 32 * 32 * 128, 131_072, experts=8, experts_per_token=2)
    assert mixture.weights_read(1) == pytest.approx(2 * 13e9)
    assert mixture.weights_read(4) == pytest.approx(2 * (47e9 - 34e9 / 0.75 * 0.75**4))
    assert mixture.weights_read(1000) == pytest.approx(2 * 47e9)
    assert mixture.flops(1) == pytest.approx(2 * 13e9, rel=1e-3)


def test_a_window_bounds_what_is_looked_at() -> None:
    half = LLAMA.attention / 2
    windowed = Work(7.505e9, 7.505e9, 2, half, 65_536, attention_windowed=half, windowed_bytes=65_536, window=4096)
    assert windowed.flops(4000) == pytest.approx(LLAMA.flops(4000))
    assert windowed.flops(16_384) < LLAMA.flops(16_384)
    assert windowed.cache_read(2, 4000) == LLAMA.cache_read(2, 4000)
    assert windowed.cache_read(2, 8192) == 2 * 65_536 * (8192 + 4096)


def test_a_short_limit_leaves_enough_lengths_for_a_fit() -> None:
    assert all(each >= 0 for each in roofline.prefill_fit(LLAMA, H100, 64).coefficients)
