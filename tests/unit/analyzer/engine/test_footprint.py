"""What of a GPU's memory goes where."""

from dataclasses import replace

import pytest

from analyzer import engine
from analyzer.engine import parameters
from analyzer.engine.footprint import GIB, activation_bytes, kv_bytes_per_token, reckoned

H100_80_GIB = replace(engine.gpu("h100"), memory_bytes=80 * GIB)
LLAMA = engine.model("llama-3.1-8b")
# AIConfigurator, where SIZING 3.4 has its pools from, leaves out the norms: 65 of 4096 parameters, or 4 tokens.
WITHOUT_NORMS = replace(LLAMA, stated_parameters=parameters.counted(LLAMA) - 65 * 4096)
TRTLLM = engine.complete(LLAMA, H100_80_GIB, engine="trtllm")


@pytest.mark.parametrize(
    ("name", "kv_cache", "tp", "expected"),
    # SIZING 3.4
    [
        ("llama-3.1-8b", "bf16", 1, 131072),
        ("llama-3.1-8b", "fp8", 1, 65536),
        ("llama-3.1-70b", "bf16", 1, 327680),
        ("llama-3.1-70b", "bf16", 4, 81920),
        ("qwen3-32b", "bf16", 1, 262144),
    ],
)
def test_a_token_takes_keys_and_values_of_every_layer(
    name: str, kv_cache: engine.NumberFormat, tp: int, expected: float
) -> None:
    assert sum(kv_bytes_per_token(engine.model(name), kv_cache, tp)) == expected


def test_heads_are_copied_where_there_are_more_gpus_than_heads() -> None:
    model = engine.model("qwen3-30b-a3b")  # 4 KV heads
    assert kv_bytes_per_token(model, "bf16", tp=8) == kv_bytes_per_token(model, "bf16", tp=4)


def test_pipeline_stages_share_the_layers() -> None:
    assert sum(kv_bytes_per_token(engine.model("llama-3.1-8b"), "bf16", pp=2)) == 65536


def test_the_largest_stage_of_a_pipeline_counts() -> None:
    model = engine.model("deepseek-v3")  # 61 layers
    assert kv_bytes_per_token(model, "bf16", pp=2)[0] == 31 * 576 * 2


def test_a_latent_attention_keeps_one_vector_on_every_gpu() -> None:
    # SIZING 3.4: layers·(kv_lora_rank + rope_dim)·bytes
    model = engine.model("deepseek-r1")
    assert kv_bytes_per_token(model, "bf16", tp=8) == (61 * (512 + 64) * 2, 0)


def test_layers_with_a_window_are_told_apart() -> None:
    full, windowed = kv_bytes_per_token(engine.model("gpt-oss-20b"), "bf16")
    assert full == windowed == 12 * 2 * 8 * 64 * 2


@pytest.mark.parametrize(("tokens", "expected"), [(2048, 452_477), (8192, 448_675), (16384, 443_606), (32768, 433_469)])
def test_an_8b_model_on_80_gib_keeps_as_many_tokens_as_nvidias_tables_say(tokens: int, expected: int) -> None:
    # SIZING 3.4: of_free 0.9, activations 22 · 4096 B a token, runtime 3.5 GiB; two of its figures are rounded up
    profile = replace(TRTLLM, max_num_batched_tokens=tokens)
    assert 0 <= expected - reckoned(profile, WITHOUT_NORMS, H100_80_GIB).pool_tokens <= 1
    assert expected - reckoned(profile, LLAMA, H100_80_GIB).pool_tokens == 4


def test_the_pieces_of_an_8b_model_on_80_gib_are_those_of_nvidias_tables() -> None:
    # SIZING 3.4: weights 14.96, activations 0.69, runtime 3.5, cache 54.77 GiB
    memory = reckoned(TRTLLM, LLAMA, H100_80_GIB)
    pieces = (memory.weights_bytes, memory.activation_bytes, memory.runtime_bytes, memory.kv_bytes)
    assert [round(each / GIB, 2) for each in pieces] == [14.96, 0.69, 3.5, 54.77]


def test_vllm_takes_a_share_of_all_memory_and_tensorrt_llm_of_what_is_free() -> None:
    vllm = reckoned(replace(TRTLLM, engine="vllm", gpu_memory_utilization=0.9), LLAMA, H100_80_GIB)
    other = 80 * GIB - vllm.weights_bytes - vllm.activation_bytes - vllm.runtime_bytes
    assert vllm.kv_bytes == pytest.approx(other - 8 * GIB)
    assert reckoned(TRTLLM, LLAMA, H100_80_GIB).kv_bytes == pytest.approx(0.9 * other)


def test_sglang_leaves_activations_outside_its_share_unless_they_do_not_fit_there() -> None:
    roomy = reckoned(replace(TRTLLM, engine="sglang", gpu_memory_utilization=0.8), LLAMA, H100_80_GIB)
    assert roomy.kv_bytes == pytest.approx(64 * GIB - roomy.weights_bytes)
    tight = reckoned(replace(TRTLLM, engine="sglang", gpu_memory_utilization=0.99), LLAMA, H100_80_GIB)
    assert tight.kv_bytes == pytest.approx(80 * GIB - tight.weights_bytes - tight.activation_bytes - 3.5 * GIB)


def test_what_the_engine_says_goes_before_what_is_reckoned() -> None:
    memory = reckoned(TRTLLM, LLAMA, H100_80_GIB, told_pool_tokens=123_456)
    assert (memory.pool_tokens, memory.told, memory.tokens_at(2000)) == (123_456, True, 123_456)


def test_a_long_request_takes_no_more_of_a_window_than_the_window() -> None:
    profile = engine.complete(engine.model("gpt-oss-20b"), engine.gpu("h100"))
    memory = reckoned(profile, engine.model("gpt-oss-20b"), engine.gpu("h100"))
    assert memory.request_bytes(100) == 100 * memory.kv_bytes_per_token
    assert memory.request_bytes(10_000) == (10_000 + 128) * memory.kv_bytes_per_token / 2


def test_a_cache_with_windows_holds_more_of_long_requests() -> None:
    model = engine.model("gemma-3-27b")
    memory = reckoned(engine.complete(model, engine.gpu("h100")), model, engine.gpu("h100"))
    assert memory.tokens_at(500) == pytest.approx(memory.pool_tokens, rel=1e-4)
    assert memory.tokens_at(100_000) > 5 * memory.pool_tokens


def test_a_state_makes_short_requests_dear() -> None:
    hybrid = replace(LLAMA, stateful_layers=24, state_bytes=64 << 20)
    memory = reckoned(TRTLLM, hybrid, H100_80_GIB)
    assert memory.request_bytes(1000) == 1000 * 32768 + (64 << 20)
    assert memory.tokens_at(1000) < memory.tokens_at(8000) < memory.pool_tokens


def test_experts_double_the_activations_and_a_tensor_parallel_group_shares_them() -> None:
    assert activation_bytes(LLAMA, 8192, 1) == 22 * 4096 * 8192
    assert activation_bytes(LLAMA, 8192, 2) == 13 * 4096 * 8192
    assert activation_bytes(engine.model("mixtral-8x7b"), 8192, 1) == 44 * 4096 * 8192


def test_activations_are_never_less_than_70_mib() -> None:
    assert activation_bytes(LLAMA, 1, 1) == 70 << 20


def test_no_cache_is_left_where_the_weights_are_too_large() -> None:
    model = engine.model("llama-3.1-70b")
    memory = reckoned(engine.complete(model, H100_80_GIB), model, H100_80_GIB)
    assert memory.kv_bytes < 0
    assert memory.pool_tokens == 0


def test_the_reserve_is_smaller_on_smaller_gpus() -> None:
    profile = engine.complete(LLAMA, engine.gpu("l4"))
    assert reckoned(profile, LLAMA, engine.gpu("l4")).runtime_bytes == pytest.approx(3.5 * GIB * 24 / 80)
    assert reckoned(profile, LLAMA, engine.gpu("h200")).runtime_bytes == 3.5 * GIB


@pytest.mark.parametrize(
    ("gpu", "told"),
    # What vLLM 0.6 to 0.8 wrote of Llama-3.1-8B at 0.9 on 80 GB ("total_gpu_memory (79.14GiB) … KV Cache is 54.93GiB")
    # and on an A10 ("(22.07GiB) … 4.60GiB").
    [("h100", 54.93), ("a10", 4.60)],
)
def test_an_engine_tells_a_little_more_than_is_reckoned_for_a_dense_model(gpu: str, told: float) -> None:
    profile = engine.complete(LLAMA, engine.gpu(gpu), engine_version="0.8.5")
    memory = reckoned(profile, LLAMA, engine.gpu(gpu))
    assert 0.85 * told < memory.kv_bytes / GIB < told


@pytest.mark.parametrize(
    ("name", "told", "reckoned_tokens"),
    # vllm issue 21348: Qwen3-235B-A22B-FP8 on four H100; SGLang with --mem-fraction-static 0.93
    [("vllm", 178_880, 257_081), ("sglang", 367_404, 424_904)],
)
def test_large_models_with_experts_come_out_as_high_as_the_documentation_says(
    name: engine.EngineName, told: int, reckoned_tokens: int
) -> None:
    model, gpu = engine.model("Qwen/Qwen3-235B-A22B-FP8"), engine.gpu("h100")
    share = {"vllm": None, "sglang": 0.93}[name]
    profile = engine.complete(model, gpu, engine=name, engine_version="0.9", tp=4, gpu_memory_utilization=share)
    assert reckoned(profile, model, gpu).pool_tokens == reckoned_tokens
    assert told < reckoned_tokens < 1.45 * told
