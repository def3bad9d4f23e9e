"""Knobs from rules."""

import pytest

from analyzer.engine import StepTimes
from analyzer.engine.tuning import (
    Batching,
    allowed_requests,
    allowed_tokens,
    bench_batching,
    bench_pool,
    rounded_requests,
    rounded_tokens,
)

# SIZING 4.2: Llama-3.1-8B on one H100, NVIDIA's tables
TIMES = StepTimes(a0=4.44, a1=0.01863, a2=6.2e-7, b0=6.63, b1=0.0074, b2=4.27e-5)


def test_the_published_log_of_trtllm_bench_is_reproduced() -> None:
    # SIZING 3.5: 125.75 GiB of fp8 KV cache, 128 in and 128 out: 8048 requests
    pool = bench_pool(125.75 * 2**30, gpus=1, weights_bytes=0, kv_bytes_per_token=65536, share=1.0)
    assert int(pool / 256) == 8048
    assert bench_batching(pool, 128, 128) == Batching(4096, 8192)


def test_an_8b_model_with_2000_in_and_200_out_is_reproduced() -> None:
    # SIZING 3.5
    assert bench_batching(448_675, 2000, 200) == Batching(224, 2304)


def test_a_pipeline_shares_the_requests() -> None:
    assert bench_batching(448_675, 2000, 200, pp=2) == Batching(128, 2048)


def test_the_cache_is_a_share_of_what_the_weights_leave() -> None:
    assert bench_pool(80e9, gpus=2, weights_bytes=16e9, kv_bytes_per_token=1e5) == pytest.approx(0.9 * 144e9 / 1e5)


@pytest.mark.parametrize(
    ("requests", "rounded"), [(1, 64), (97, 128), (255, 256), (257, 384), (1023, 1024), (1025, 1280)]
)
def test_requests_are_rounded_up_in_growing_steps(requests: float, rounded: int) -> None:
    assert rounded_requests(requests) == rounded


@pytest.mark.parametrize(("tokens", "rounded"), [(1, 2048), (2300, 2304), (4097, 4608), (8191, 8192), (8193, 9216)])
def test_tokens_are_rounded_up_in_growing_steps(tokens: float, rounded: int) -> None:
    assert rounded_tokens(tokens) == rounded


def test_as_many_requests_are_allowed_as_objective_and_cache_bear() -> None:
    assert allowed_requests(100, 448_675, 2100) == 128  # 110 by the objective
    assert allowed_requests(1000, 448_675, 2100) == 224  # 213 by the cache


def test_a_step_has_as_many_tokens_as_the_inter_token_objective_bears() -> None:
    # with 64 requests of 2100 tokens a step takes 12.8 ms before it reads anything
    assert allowed_tokens(TIMES, 64, 2100, isl=20_000, itl_ms=60, ttft_ms=5000) == 2048
    assert allowed_tokens(TIMES, 64, 2100, isl=20_000, itl_ms=100, ttft_ms=5000) == 4096


def test_a_short_prompt_bears_any_step() -> None:
    assert allowed_tokens(TIMES, 64, 2100, isl=500, itl_ms=50, ttft_ms=500) == 16384


def test_no_step_is_allowed_where_every_one_misses_an_objective() -> None:
    assert allowed_tokens(TIMES, 64, 2100, isl=20_000, itl_ms=20, ttft_ms=5000) is None
    assert allowed_tokens(TIMES, 64, 2100, isl=20_000, itl_ms=60, ttft_ms=500) is None


def test_a_step_must_hold_the_longest_input_where_prefill_is_not_chunked() -> None:
    assert allowed_tokens(TIMES, 64, 2100, isl=2000, itl_ms=60, ttft_ms=5000, least=20_000) is None
