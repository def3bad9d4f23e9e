"""Whether a model fits, and what its scheduler keeps to."""

from dataclasses import replace

import pytest

from analyzer import engine
from analyzer.errors import DoesNotFit, exit_code

LLAMA, BIG, H100 = engine.model("llama-3.1-8b"), engine.model("llama-3.1-70b"), engine.gpu("h100")


def test_a_model_that_does_not_fit_says_what_is_missing_and_what_would_fit() -> None:
    with pytest.raises(DoesNotFit) as raised:
        engine.memory(engine.complete(BIG, H100), BIG, H100)
    # 141.1 GB of weights are 131.4 GiB; 0.92 of 79.6 GiB less weights, activations and runtime
    assert str(raised.value) == (
        "meta-llama/Llama-3.1-70B in bf16 does not fit h100-sxm with tp 1 and pp 1: each GPU needs 131.4 GiB for "
        "weights and 4.9 GiB besides, and 63.0 GiB are missing before the first token is kept: tp 4 or b200-sxm "
        "would do."
    )
    assert exit_code(raised.value) == 2


def test_smaller_weights_are_named_where_they_would_fit() -> None:
    l40s, model = engine.gpu("l40s"), engine.model("mistral-small-24b")
    with pytest.raises(DoesNotFit, match=r"tp 2 or weights in fp8 or h100-sxm would do"):
        engine.memory(engine.complete(model, l40s), model, l40s)


def test_a_model_for_which_no_node_is_large_enough_needs_a_pipeline() -> None:
    huge = replace(engine.model("llama-3.1-405b"), stated_parameters=3_000_000_000_000, native_weights="fp8")
    with pytest.raises(DoesNotFit, match="no GPU that is known holds it on one node"):
        engine.memory(engine.complete(huge, H100, tp=8), huge, H100)


def test_what_the_engine_told_is_believed_even_where_the_reckoning_says_no() -> None:
    assert engine.memory(engine.complete(BIG, H100), BIG, H100, told_pool_tokens=1000).pool_tokens == 1000


def test_limits_hold_what_the_profile_and_the_cache_say() -> None:
    profile = engine.complete(LLAMA, H100, engine="vllm", max_model_len=8192, max_num_seqs=256)
    memory = engine.memory(profile, LLAMA, H100)
    limits = engine.limits(profile, memory, LLAMA)
    assert (limits.max_num_seqs, limits.max_num_batched_tokens, limits.max_model_len) == (256, 8192, 8192)
    assert (limits.kv_pool_tokens, limits.admission) == (memory.pool_tokens, "as_used")


def test_tensorrt_llm_reserves() -> None:
    profile = engine.complete(LLAMA, H100, engine="trtllm")
    assert engine.limits(profile, engine.memory(profile, LLAMA, H100), LLAMA).admission == "reserved"


def test_a_limit_that_is_left_out_is_the_models_or_what_the_cache_holds() -> None:
    profile = engine.complete(LLAMA, H100)
    memory = engine.memory(profile, LLAMA, H100)
    assert engine.limits(profile, memory, LLAMA).max_model_len == 131072
    small = replace(memory, pool_tokens=9000, told=True)
    assert engine.limits(profile, small, LLAMA).max_model_len == 9000


def test_a_limit_that_no_request_could_use_is_an_error_as_it_is_in_the_engine() -> None:
    l4 = engine.gpu("l4")
    profile = engine.complete(LLAMA, l4, max_model_len=131072)
    with pytest.raises(DoesNotFit, match=r"max_model_len = 131,072 tokens does not fit the KV cache"):
        engine.limits(profile, engine.memory(profile, LLAMA, l4), LLAMA)


def test_a_known_context_counts_what_windows_save() -> None:
    model = engine.model("gemma-3-27b")
    profile = engine.complete(model, H100)
    memory = engine.memory(profile, model, H100)
    assert engine.limits(profile, memory, model, context=8000).kv_pool_tokens > 2 * memory.pool_tokens
