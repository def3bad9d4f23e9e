"""A profile in the words of each engine."""

from dataclasses import replace

import pytest

from analyzer.emit.changes import changes
from analyzer.emit.names import names
from analyzer.emit.settings import Setting, Value, settings
from analyzer.engine import EngineName, ServingProfile
from tests.unit.analyzer.emit.cases import VLLM, over_the_week, two_nodes


def told(profile: ServingProfile, engine: EngineName) -> dict[str, Setting]:
    found = changes(over_the_week(), profile, 1)
    return {one.change.knob: one for one in settings(profile, found, engine, names()[engine])}


def written(profile: ServingProfile, engine: EngineName) -> dict[str, Value | None]:
    return {one.name: one.value for one in told(profile, engine).values() if one.name is not None}


def test_vllm_has_each_knob_by_name() -> None:
    assert written(VLLM, "vllm") == {
        "max-model-len": 8192,
        "max-num-seqs": 256,
        "max-num-batched-tokens": 2048,
        "enable-chunked-prefill": True,
        "enable-prefix-caching": True,
        "gpu-memory-utilization": 0.9,
        "kv-cache-dtype": "bfloat16",
        "tensor-parallel-size": 1,
        "pipeline-parallel-size": 1,
    }


def test_a_switch_that_is_off_has_the_opposite_name_because_old_versions_skip_false_in_a_file() -> None:
    off = written(replace(VLLM, chunked_prefill=False, prefix_caching=False), "vllm")
    assert off["no-enable-chunked-prefill"] is True
    assert off["no-enable-prefix-caching"] is True
    assert "enable-prefix-caching" not in off


def test_sglang_says_chunked_prefill_by_its_size() -> None:
    on = written(replace(VLLM, engine="sglang"), "sglang")
    assert on["chunked-prefill-size"] == 2048
    assert "max-prefill-tokens" not in on
    off = written(two_nodes().profile, "sglang")
    assert off["chunked-prefill-size"] == -1
    assert off["max-prefill-tokens"] == 2048
    assert off["disable-radix-cache"] is True


def test_scheduling_ahead_is_set_only_where_the_engine_would_do_otherwise() -> None:
    newer = replace(VLLM, engine_version="0.20.0")
    assert "the default of vLLM" in told(VLLM, "vllm")["async_scheduling"].sentence
    assert written(newer, "vllm")["no-async-scheduling"] is True
    assert written(replace(VLLM, async_scheduling=True), "vllm")["async-scheduling"] is True
    assert told(replace(newer, async_scheduling=True), "vllm")["async_scheduling"].name is None
    assert written(replace(VLLM, engine="nim"), "vllm")["no-async-scheduling"] is True
    assert written(replace(VLLM, engine="sglang"), "sglang")["disable-overlap-schedule"] is True
    assert written(replace(VLLM, engine="trtllm"), "trtllm")["disable_overlap_scheduler"] is True


def test_scheduling_ahead_is_not_carried_over_to_another_engine() -> None:
    for engine in ("sglang", "trtllm"):
        one = told(VLLM, engine)["async_scheduling"]
        assert one.name is None
        assert "decides on it by itself" in one.sentence


def test_what_has_no_switch_is_said() -> None:
    piped = replace(VLLM, engine="sglang", pp=2, async_scheduling=True)
    assert "has no switch" in told(piped, "sglang")["async_scheduling"].sentence


def test_the_share_of_memory_is_not_carried_over_to_an_engine_that_counts_in_another_way() -> None:
    for engine in ("sglang", "trtllm"):
        one = told(VLLM, engine)["gpu_memory_utilization"]
        assert one.name is None
        assert "counts its share" in one.sentence
    assert written(replace(VLLM, engine="nim"), "vllm")["gpu-memory-utilization"] == 0.9
    assert written(replace(VLLM, engine="trtllm"), "trtllm")["kv_cache_config.free_gpu_memory_fraction"] == 0.9


def test_a_format_that_was_not_looked_up_is_said_and_not_invented() -> None:
    one = told(replace(VLLM, kv_cache="int4"), "vllm")["kv_cache"]
    assert one.name is None
    assert "no value of kv-cache-dtype was looked up for int4" in one.sentence
    assert written(replace(VLLM, kv_cache="nvfp4"), "trtllm")["kv_cache_config.dtype"] == "nvfp4"


@pytest.mark.parametrize("engine", ["vllm", "sglang", "trtllm"])
def test_the_models_own_limit_and_the_checkpoints_format_need_no_setting(engine: EngineName) -> None:
    found = told(replace(VLLM, max_model_len=None), engine)
    assert found["max_model_len"].name is None
    assert found["weights"].name is None
    assert "checkpoint" in found["weights"].sentence


def test_the_honest_word_about_a_length_limit_is_there() -> None:
    assert "frees no KV cache" in told(VLLM, "vllm")["max_model_len"].sentence
    assert "GUARANTEED_NO_EVICT" in told(VLLM, "trtllm")["max_model_len"].sentence
