"""Bytes of weights by number format."""

from dataclasses import replace

import pytest

from analyzer import engine


@pytest.mark.parametrize(
    ("name", "gigabytes"),
    [("llama-3.1-8b", 16.06), ("llama-3.1-70b", 141.1)],  # SIZING 3.4: fp16 = 2·P
)
def test_sixteen_bit_weights_are_two_bytes_a_parameter(name: str, gigabytes: float) -> None:
    assert engine.weight_bytes(engine.model(name), "bf16") / 1e9 == pytest.approx(gigabytes, rel=1e-3)


def test_a_model_of_43_billion_parameters_takes_86_gigabytes() -> None:
    # SIZING 3.4; NVIDIA's sizing course reckons with NeMo 43B, which has no published config.json
    nemo = replace(engine.model("llama-3.1-70b"), stated_parameters=43_000_000_000)
    assert engine.weight_bytes(nemo, "bf16") == 86e9


@pytest.mark.parametrize(
    ("name", "gigabytes"),
    # The sizes of the checkpoints: nvidia/Llama-3.1-8B-Instruct-FP8; openai/gpt-oss-20b and -120b
    # (model card of gpt-oss, table 1: 12.8 and 60.8 GiB).
    [("nvidia/Llama-3.1-8B-Instruct-FP8", 9.08), ("openai/gpt-oss-20b", 13.76), ("openai/gpt-oss-120b", 65.2)],
)
def test_quantised_checkpoints_keep_embeddings_in_sixteen_bits(name: str, gigabytes: float) -> None:
    model = engine.model(name)
    assert engine.weight_bytes(model, model.native_weights) / 1e9 == pytest.approx(gigabytes, rel=2e-3)


def test_four_bits_with_their_scales_are_a_little_over_half_a_byte() -> None:
    model = engine.model("llama-3.1-70b")
    # hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4 holds 39.8 GB
    assert engine.weight_bytes(model, "int4") / 1e9 == pytest.approx(39.8, rel=5e-3)


def test_a_step_reads_the_output_in_sixteen_bits_and_the_layers_in_eight() -> None:
    model = engine.model("llama-3.1-8b")
    head = 128256 * 4096
    assert engine.read_bytes(model, "bf16", 1) == 2 * (8_030_261_248 - head)
    assert engine.read_bytes(model, "fp8", 1) == 8_030_261_248 - 2 * head + 2 * head


def test_a_step_of_gpt_oss_reads_few_experts_or_all() -> None:
    model = engine.model("gpt-oss-20b")
    looked_up = 2 * 201088 * 2880
    assert engine.read_bytes(model, "mxfp4", 10_000) == pytest.approx(engine.weight_bytes(model, "mxfp4") - looked_up)
    assert engine.read_bytes(model, "mxfp4", 1) < 0.4 * engine.read_bytes(model, "mxfp4", 10_000)
