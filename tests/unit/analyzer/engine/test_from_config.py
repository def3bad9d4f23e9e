"""Models of which only the config.json is known."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analyzer import engine
from analyzer.engine import parameters
from analyzer.errors import BadSettings
from tests.unit.analyzer.engine.configs import (
    DEEPSEEK_V3,
    GEMMA_2_9B,
    GEMMA_3_27B,
    GPT_OSS_20B,
    LLAMA_8B,
    NEMOTRON_H_56B,
    QWEN3_NEXT_80B,
    QWEN_25_7B,
)


def written(folder: Path, config: dict[str, Any], index_bytes: int | None = None) -> Path:
    (folder / "config.json").write_text(json.dumps(config))
    if index_bytes is not None:
        index = {"metadata": {"total_size": index_bytes}, "weight_map": {}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def grouped(bits: int, kind: str) -> dict[str, Any]:
    """What compressed-tensors writes."""
    return {"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": bits, "type": kind}}}}


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("llama-3.1-8b", LLAMA_8B),
        ("gpt-oss-20b", GPT_OSS_20B),
        ("deepseek-v3", DEEPSEEK_V3),
        ("gemma-3-27b", GEMMA_3_27B),
        ("Qwen2.5-7B-Instruct", QWEN_25_7B),
    ],
)
def test_a_known_model_is_read_from_its_file_as_it_is_known(tmp_path: Path, name: str, config: dict[str, Any]) -> None:
    read = engine.model_from_config(written(tmp_path, config))
    known = replace(engine.model(name), name=read.name, family="", aiconfigurator=None, stated_parameters=None)
    assert read == known


def test_a_model_that_is_in_no_list_is_counted_from_its_file(tmp_path: Path) -> None:
    # google/gemma-2-9b: 9,241,705,984 parameters by its checkpoint
    assert parameters.total(engine.model_from_config(written(tmp_path, GEMMA_2_9B))) == 9_241_705_984


def test_the_index_beside_it_says_more_than_counting(tmp_path: Path) -> None:
    # Gemma 3 27B: what sees images is in the checkpoint and not among the text's layers
    read = engine.model_from_config(written(tmp_path, GEMMA_3_27B, index_bytes=2 * 27_432_406_640))
    assert parameters.total(read) == 27_432_406_640
    assert parameters.active(read) == 27_009_346_304


def test_an_output_that_is_stored_twice_counts_once(tmp_path: Path) -> None:
    tied = {**LLAMA_8B, "tie_word_embeddings": True}
    read = engine.model_from_config(written(tmp_path, tied, index_bytes=2 * 8_030_261_248))
    assert parameters.total(read) == 8_030_261_248 - 128256 * 4096


def test_weights_of_four_bytes_in_the_index_are_not_taken_for_two(tmp_path: Path) -> None:
    config = {**LLAMA_8B, "torch_dtype": "float32"}
    read = engine.model_from_config(written(tmp_path, config, index_bytes=4 * 8_030_261_248))
    assert parameters.total(read) == 8_030_261_248


def test_layers_that_cannot_be_counted_need_the_index(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"cannot be counted \(nemotron_h\): put the checkpoint's .* beside it"):
        engine.model_from_config(written(tmp_path, NEMOTRON_H_56B))
    read = engine.model_from_config(written(tmp_path, NEMOTRON_H_56B, index_bytes=113_500_000_000))
    assert (parameters.total(read), read.attention_layers) == (56_750_000_000, 10)


def test_a_hybrid_with_experts_reads_only_those_of_a_token(tmp_path: Path) -> None:
    # Qwen3-Next-80B-A3B: 3 B of about 80 B for each token (model card)
    read = engine.model_from_config(written(tmp_path, QWEN3_NEXT_80B, index_bytes=2 * 79_700_000_000))
    assert 2.9e9 < parameters.active(read) < 4.0e9


@pytest.mark.parametrize(
    ("quantised", "form"),
    [
        ({"quant_method": "fp8"}, "fp8"),
        ({"quant_method": "awq", "bits": 4}, "int4"),
        ({"quant_method": "gptq", "bits": 4}, "int4"),
        ({"quant_method": "gptq", "bits": 8}, "int8"),
        ({"quant_method": "modelopt", "quant_algo": "FP8"}, "fp8"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "nvfp4"),
        (grouped(8, "float"), "fp8"),
        (grouped(8, "int"), "int8"),
        (grouped(4, "int"), "int4"),
        (grouped(4, "float"), "nvfp4"),
        ({"quant_method": "bitsandbytes"}, "bf16"),
    ],
)
def test_the_format_of_the_weights_is_read_from_how_they_were_quantised(
    tmp_path: Path, quantised: dict[str, Any], form: str
) -> None:
    config = {**LLAMA_8B, "quantization_config": quantised}
    assert engine.model_from_config(written(tmp_path, config)).native_weights == form


def test_what_modelopt_wrote_beside_it_goes_first(tmp_path: Path) -> None:
    (tmp_path / "hf_quant_config.json").write_text(json.dumps({"quantization": {"quant_algo": "FP8"}}))
    assert engine.model_from_config(written(tmp_path, LLAMA_8B)).native_weights == "fp8"


def test_every_field_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    config = {key: LLAMA_8B[key] for key in LLAMA_8B if key not in {"vocab_size", "num_hidden_layers"}}
    with pytest.raises(BadSettings) as raised:
        engine.model_from_config(written(tmp_path, config))
    said = str(raised.value).splitlines()
    assert [line.partition("says nothing of ")[2] for line in said] == [
        "num_hidden_layers: it is no config.json of a language model.",
        "vocab_size: it is no config.json of a language model.",
    ]


def test_a_field_of_the_wrong_kind_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="has num_key_value_heads = 'eight'"):
        engine.model_from_config(written(tmp_path, {**LLAMA_8B, "num_key_value_heads": "eight"}))


def test_a_model_without_a_width_is_an_error(tmp_path: Path) -> None:
    config = {key: LLAMA_8B[key] for key in LLAMA_8B if key != "intermediate_size"}
    with pytest.raises(BadSettings, match="says nothing of intermediate_size"):
        engine.model_from_config(written(tmp_path, config))


@pytest.mark.parametrize(("text", "said"), [("{", "is not JSON"), ("[1]", "holds no JSON object")])
def test_a_file_that_is_no_object_is_an_error(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(BadSettings, match=said):
        engine.model_from_config(tmp_path)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"config\.json cannot be read: No such file or directory"):
        engine.model_from_config(tmp_path)
