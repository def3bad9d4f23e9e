"""What an engine runs with where nothing is said."""

import pytest

from analyzer import engine

LLAMA, H100 = engine.model("llama-3.1-8b"), engine.gpu("h100")


def knobs(profile: engine.ServingProfile) -> tuple[int, int, float]:
    return profile.max_num_seqs, profile.max_num_batched_tokens, profile.gpu_memory_utilization


@pytest.mark.parametrize(("gpu", "seqs", "tokens"), [("h100", 1024, 8192), ("a100", 256, 2048), ("l40s", 256, 2048)])
def test_vllm_runs_more_at_once_on_70_gib_unless_it_is_an_a100(gpu: str, seqs: int, tokens: int) -> None:
    # SIZING 3.1
    assert knobs(engine.complete(LLAMA, engine.gpu(gpu), engine_version="0.11.0")) == (seqs, tokens, 0.9)


@pytest.mark.parametrize(
    ("version", "share"), [(None, 0.92), ("0.21.0", 0.92), ("v0.26", 0.92), ("0.19.1", 0.9), ("main", 0.92)]
)
def test_vllm_takes_more_of_the_memory_since_it_counts_graphs(version: str | None, share: float) -> None:
    assert engine.complete(LLAMA, H100, engine_version=version).gpu_memory_utilization == share


def test_the_old_vllm_neither_chunks_nor_caches() -> None:
    old = engine.complete(LLAMA, H100, engine_version="0.6.4", max_model_len=8192)
    assert knobs(old) == (256, 8192, 0.9)
    assert not old.chunked_prefill
    assert not old.prefix_caching


def test_tensorrt_llm_has_its_own() -> None:
    # SIZING 3.1
    profile = engine.complete(LLAMA, H100, engine="trtllm")
    assert knobs(profile) == (2048, 8192, 0.9)
    assert not profile.chunked_prefill


def test_nim_is_vllm_whatever_its_own_version() -> None:
    assert knobs(engine.complete(LLAMA, H100, engine="nim", engine_version="2.0.1")) == (1024, 8192, 0.92)


@pytest.mark.parametrize(
    ("gpu", "tokens", "low", "high"),
    [("h100", 8192, 0.82, 0.88), ("l4", 2048, 0.82, 0.88), ("b200", 16384, 0.82, 0.90)],
)
def test_sglang_goes_by_memory(gpu: str, tokens: int, low: float, high: float) -> None:
    # SIZING 3.1: about 0.82–0.88
    profile = engine.complete(LLAMA, engine.gpu(gpu), engine="sglang")
    assert profile.max_num_batched_tokens == tokens
    assert low <= profile.gpu_memory_utilization <= high


def test_sglang_runs_as_many_requests_as_its_cache_holds_of_the_longest() -> None:
    assert engine.complete(LLAMA, H100, engine="sglang").max_num_seqs == 2048
    assert engine.complete(LLAMA, H100, engine="sglang", max_model_len=4096).max_num_seqs == 4096
    assert engine.complete(LLAMA, H100, engine="sglang", max_num_seqs=16).max_num_seqs == 16


def test_what_is_said_is_kept() -> None:
    profile = engine.complete(
        LLAMA, H100, tp=2, weights="fp8", kv_cache="fp8", max_model_len=4096, max_num_seqs=128,
        max_num_batched_tokens=4096, chunked_prefill=False, prefix_caching=False, gpu_memory_utilization=0.8,
        replicas=3,
    )  # fmt: skip
    assert (profile.tp, profile.weights, profile.kv_cache, profile.max_model_len) == (2, "fp8", "fp8", 4096)
    assert knobs(profile) == (128, 4096, 0.8)
    assert (profile.chunked_prefill, profile.prefix_caching, profile.replicas) == (False, False, 3)


def test_weights_are_in_the_format_they_are_published_in() -> None:
    assert engine.complete(engine.model("gpt-oss-20b"), H100).weights == "mxfp4"
    assert engine.complete(engine.model("Qwen/Qwen3-32B-FP8"), H100).weights == "fp8"
