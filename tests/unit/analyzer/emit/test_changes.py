"""What changes, in words."""

from dataclasses import replace

from analyzer.emit.changes import changes, moves, value
from tests.unit.analyzer.emit.cases import VLLM, one_number, over_the_week


def test_a_change_says_from_what_to_what_on_what_it_works_and_why() -> None:
    found = changes(over_the_week(), VLLM, 3)
    assert found["max_model_len"].sentence == (
        "max_model_len: 131,072 today → 8,192; effect: admission. "
        "Fewer than 0.1 % of the requests are longer than 8,192 tokens (95 % sure)."
    )
    assert found["replicas"].sentence == "replicas: 4 today → 3; effect: latency."


def test_what_stays_has_no_effect() -> None:
    found = changes(over_the_week(), VLLM, 4)
    assert found["tp"].effect == "none"
    assert found["tp"].sentence == "tp: 1, as today; effect: none."
    assert found["replicas"].effect == "none"


def test_without_a_word_about_today_the_effect_is_that_of_the_knob() -> None:
    found = changes(one_number(), one_number().profile, 2)["kv_cache"]
    assert found.now is None
    assert found.sentence == "kv_cache: fp8; what runs today is not stated; effect: memory."


def test_another_engine_and_another_gpu_are_told_apart_from_knobs() -> None:
    moved = replace(over_the_week(), current=replace(VLLM, engine="sglang", gpu="a100_sxm"))
    assert moves(moved) == (
        "gpu: a100_sxm today → h100_sxm; effect: latency, memory.",
        "engine: SGLang today → vLLM; effect: latency, memory.",
    )
    assert moves(over_the_week()) == moves(one_number()) == ()


def test_values_are_said_in_words() -> None:
    profile = replace(VLLM, max_model_len=None, chunked_prefill=False, gpu_memory_utilization=0.875)
    assert value(profile, "max_model_len") == "the model's own limit"
    assert value(profile, "chunked_prefill") == "off"
    assert value(profile, "prefix_caching") == "on"
    assert value(profile, "max_num_batched_tokens") == "2,048"
    assert value(profile, "gpu_memory_utilization") == "0.875"
    assert value(profile, "weights") == "bf16"
