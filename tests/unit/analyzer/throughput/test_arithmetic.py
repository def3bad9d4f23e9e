"""The roofline gives what its formulas give by hand, for Llama-3.1-8B on one H100 SXM (989 TFLOP/s, 3.35 TB/s)."""

from dataclasses import replace

import pytest

from analyzer import engine
from analyzer.engine import Experts, ServingProfile
from analyzer.throughput import arithmetic
from analyzer.throughput.arithmetic import Speed, Work, roofline
from tests.fakes.profiles import LLAMA_8B

LLAMA = engine.model("meta-llama/Llama-3.1-8B")
WORK = Work.of(LLAMA_8B, LLAMA)
H100 = Speed(flops=989e12 * 0.65, bandwidth=3.35e12 * 0.70)


def throughput(profile: ServingProfile) -> engine.Throughput:
    return roofline(profile, engine.model(profile.model), engine.gpu(profile.gpu))


def test_reading_2000_tokens_takes_48_milliseconds() -> None:
    assert WORK.multiplied == pytest.approx(7.505e9, rel=1e-4)
    assert WORK.flops(2000) == pytest.approx(3.107e13, rel=1e-3)
    assert arithmetic.prefill_ms(WORK, H100, 2000) == pytest.approx(48.3, abs=0.05)


@pytest.mark.parametrize(("batch", "ms"), [(1, 6.52), (64, 13.91), (128, 21.42)])
def test_a_decode_step_takes_as_long_as_reading_weights_and_cache(batch: int, ms: float) -> None:
    assert arithmetic.decode_ms(WORK, H100, batch, 2100) == pytest.approx(ms, abs=0.01)
    b0, b1, b2 = arithmetic.decode_fit(WORK, H100, 1024, 131_072).coefficients
    assert b0 + b1 * batch + b2 * batch * 2100 == pytest.approx(ms, abs=0.01)


def test_the_fitted_curve_is_near_the_formula() -> None:
    found = arithmetic.prefill_fit(WORK, H100, 131_072)
    a0, a1, a2 = found.coefficients
    assert a0 + a1 * 2000 + a2 * 2000**2 == pytest.approx(48.3, rel=0.1)
    assert found.max_error < 0.30


def test_the_shortest_prompt_takes_as_long_as_reading_the_weights() -> None:
    assert arithmetic.prefill_ms(WORK, H100, 1) == pytest.approx(1000 * 7.505e9 * 2 / H100.bandwidth, rel=1e-4)


def test_many_short_requests_are_bound_by_computing() -> None:
    assert arithmetic.decode_ms(WORK, H100, 1024, 1) == pytest.approx(1000 * 2 * 7.505e9 * 1024 / H100.flops, rel=1e-4)


def test_a_mixture_of_experts_computes_with_few_and_reads_more_of_them_for_more_requests() -> None:
    mixture = engine.model("mistralai/Mixtral-8x7B-v0.1")
    work = Work.of(replace(LLAMA_8B, model=mixture.name), mixture)
    assert work.multiplied == pytest.approx(12.9e9, rel=0.02)
    assert work.weights_read(1) == pytest.approx(2 * work.multiplied, rel=1e-3)
    assert work.weights_read(1000) == pytest.approx(2 * 46.7e9, rel=0.02)
    assert isinstance(mixture.experts, Experts)


def test_a_window_bounds_what_is_looked_at() -> None:
    windowed = Work.of(LLAMA_8B, replace(LLAMA, window=4096, windowed_layers=16))
    assert windowed.flops(4000) == pytest.approx(WORK.flops(4000))
    assert windowed.flops(16_384) < WORK.flops(16_384)
    assert windowed.cache_read(2, 4000) == WORK.cache_read(2, 4000)
    assert windowed.cache_read(2, 8192) == 2 * 65_536 * (8192 + 4096)


def test_a_latent_attention_reads_one_vector_for_each_token_on_each_gpu() -> None:
    deepseek = engine.model("deepseek-ai/DeepSeek-V3")
    one, eight = (Work.of(replace(LLAMA_8B, tp=tp), deepseek) for tp in (1, 8))
    assert one.kv_bytes == 61 * 576 * 2
    assert eight.kv_bytes == 8 * one.kv_bytes


@pytest.mark.parametrize("longest", [64, 512, 131_072])
def test_a_token_costs_what_it_computes_however_short_prompts_must_be(longest: int) -> None:
    a0, a1, a2 = arithmetic.prefill_fit(WORK, H100, longest).coefficients
    assert a0 >= 0
    assert a1 == pytest.approx(1000 * 2 * 7.505e9 / H100.flops, rel=1e-4)
    assert a2 == pytest.approx(1000 * 2 * WORK.attention / H100.flops, rel=1e-4)


def test_many_short_prompts_in_one_step_take_as_long_as_they_compute() -> None:
    times = throughput(replace(LLAMA_8B, max_model_len=512)).times
    computing = 10 * (times.a1 * 200 + times.a2 * 200**2)
    assert times.mixed_ms(1, 200, 10, 2000, 10 * 200**2) == pytest.approx(computing, rel=0.01)


def test_the_times_of_a_profile_say_how_they_were_made_and_how_far_they_may_be_off() -> None:
    found = throughput(LLAMA_8B)
    assert (found.source, found.error_share, found.requests) == ("roofline", 0.4, None)
    assert found.times.decode_ms(64, 64 * 2100) == pytest.approx(13.91, abs=0.01)
    assert found.times.prefill_ms(2000) == pytest.approx(48.3 * 0.65 / 0.60, rel=0.1)
    said = "60 % of the operations and 70 % of the bandwidth in the data sheet of h100-sxm; ± 40 %"
    assert found.detail == f"A roofline: {said}, too wide to buy hardware by."


def test_a_mixture_of_experts_is_less_certain() -> None:
    found = throughput(replace(LLAMA_8B, model="mistralai/Mixtral-8x7B-v0.1", tp=2))
    assert found.error_share == 0.7
    assert "± 70 %" in found.detail


def test_a_prompt_beside_others_computes_while_the_weights_are_read() -> None:
    times = throughput(LLAMA_8B).times
    alone = times.prefill_ms(4000) - times.a0
    assert times.mixed_ms(1, 1, 1, 4000, 4000**2) == pytest.approx(alone, rel=0.01)


def test_smaller_weights_leave_the_cache_as_fast_as_it_was() -> None:
    assert throughput(replace(LLAMA_8B, weights="fp8")).times.b2 == pytest.approx(throughput(LLAMA_8B).times.b2)


def test_a_gpu_that_nobody_measured_is_told() -> None:
    assert "was not measured" in throughput(replace(LLAMA_8B, gpu="a100-sxm-80gb")).detail


def test_more_gpus_are_faster_together_but_not_as_much_as_there_are() -> None:
    one, four = (throughput(replace(LLAMA_8B, tp=tp)).times for tp in (1, 4))
    assert 1 / 4 < four.decode_ms(64, 130_000) / one.decode_ms(64, 130_000) < 1 / 2
    assert 1 / 4 < four.prefill_ms(4000) / one.prefill_ms(4000) < 1 / 2


def test_stages_one_after_the_other_do_not_shorten_a_prompt() -> None:
    one, two = (throughput(replace(LLAMA_8B, pp=pp)).times for pp in (1, 2))
    assert two.prefill_ms(2000) == one.prefill_ms(2000)
    assert two.decode_ms(64, 130_000) < one.decode_ms(64, 130_000)


@pytest.mark.parametrize("weights", ["fp8", "int8", "int4"])
def test_smaller_weights_are_read_faster(weights: engine.NumberFormat) -> None:
    assert throughput(replace(LLAMA_8B, weights=weights)).times.b0 < throughput(LLAMA_8B).times.b0
