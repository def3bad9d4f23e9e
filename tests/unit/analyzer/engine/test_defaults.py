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
    ("version", "share"), [(None, 0.92), ("0.20.0", 0.92), ("v0.26", 0.92), ("0.19.1", 0.9), ("main", 0.92)]
)
def test_vllm_takes_more_of_the_memory_since_it_counts_graphs(version: str | None, share: float) -> None:
    assert engine.complete(LLAMA, H100, engine_version=version).gpu_memory_utilization == share


@pytest.mark.parametrize(
    ("gpu", "version", "seqs", "tokens"),
    # EngineArgs.get_batch_defaults of each release
    [
        ("b200", None, 1024, 16384),
        ("mi300x", "0.28.0", 1024, 16384),
        ("b200", "0.27.1", 1024, 8192),
        ("h200", None, 1024, 8192),
        ("a100", "0.9.0", 256, 2048),
        ("a100", "0.8.5", 1024, 8192),
        ("a100-40gb", "0.8.5", 256, 2048),
    ],
)
def test_vllm_changed_how_much_it_runs_at_once(gpu: str, version: str | None, seqs: int, tokens: int) -> None:
    profile = engine.complete(LLAMA, engine.gpu(gpu), engine_version=version)
    assert (profile.max_num_seqs, profile.max_num_batched_tokens) == (seqs, tokens)


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
    ("gpu", "version", "tokens", "share"),
    # handle_gpu_memory_settings of 0.5.23, in MiB: 512, 1.5 a token of the chunk, 2 a graph of decoding, 8 a graph of
    # prefilling and 1024 for eight GPUs are kept: 13,904 of 81,559, 7,280 of 23,034, 26,832 of 183,359; before 0.5.20
    # 4,096 of an L4, and without graphs of prefilling 13,440 of an H100
    [
        ("h100", None, 8192, 0.83),
        ("l4", None, 4096, 0.684),
        ("b200", "0.5.23", 16384, 0.854),
        ("l4", "0.5.19", 2048, 0.822),
        ("h100", "0.5.6", 8192, 0.835),
        ("mi300x", None, 16384, 0.867),
    ],
)
def test_sglang_goes_by_memory(gpu: str, version: str | None, tokens: int, share: float) -> None:
    profile = engine.complete(LLAMA, engine.gpu(gpu), engine="sglang", engine_version=version)
    assert (profile.max_num_batched_tokens, profile.gpu_memory_utilization) == (tokens, share)


def test_sglang_captures_more_graphs_for_four_gpus_and_none_of_prefilling_in_a_pipeline() -> None:
    wide = engine.complete(LLAMA, H100, engine="sglang", tp=4)
    assert wide.gpu_memory_utilization == round(1 - (512 + 12288 + 1024 + 512 + 464) / 81559, 3)
    deep = engine.complete(LLAMA, H100, engine="sglang", tp=2, pp=2)
    assert deep.gpu_memory_utilization == round(1 - (512 + 12288 + 512 + 512) / 81559, 3)


def test_sglang_runs_as_many_requests_as_its_cache_holds_of_the_longest() -> None:
    assert engine.complete(LLAMA, H100, engine="sglang").max_num_seqs == 2048
    assert engine.complete(LLAMA, H100, engine="sglang", max_model_len=4096).max_num_seqs == 4096
    assert engine.complete(LLAMA, H100, engine="sglang", max_num_seqs=16).max_num_seqs == 16


def test_sglang_runs_no_more_requests_than_one_for_two_tokens_of_its_cache() -> None:
    model = engine.model("llama-3.1-70b")
    tight = engine.complete(model, H100, engine="sglang", tp=2, gpu_memory_utilization=0.827)
    assert 1 < tight.max_num_seqs < 2048
    assert tight.max_num_seqs == engine.memory(tight, model, H100).pool_tokens // 2
    # what does not fit at all is for the memory to say
    assert engine.complete(model, H100, engine="sglang").max_num_seqs == 2048


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


@pytest.mark.parametrize(
    ("name", "version", "pp", "ahead"),
    [
        ("vllm", "0.13.0", 1, False),
        ("vllm", "v0.14.0", 1, True),
        ("vllm", None, 2, True),
        ("sglang", None, 1, True),
        ("sglang", None, 2, False),
        ("trtllm", None, 1, True),
    ],
)
def test_engines_decide_on_a_step_while_the_one_before_runs(
    name: engine.EngineName,
    version: str | None,
    pp: int,
    ahead: bool,  # what is expected
) -> None:
    assert engine.schedules_ahead(name, version, pp) is ahead
