"""The fields of a config.json."""

from analyzer.engine.config_file import Architecture
from tests.unit.analyzer.engine.configs import DEEPSEEK_V3, GPT_OSS_20B, LLAMA_8B


def test_what_is_not_needed_is_not_looked_at() -> None:
    read = Architecture.model_validate({**LLAMA_8B, "rope_scaling": {"factor": 8.0}, "eos_token_id": [1, 2]})
    assert (read.layers, read.kv_heads, read.vocabulary) == (32, 8, 128256)


def test_families_call_their_experts_differently() -> None:
    assert Architecture.model_validate(GPT_OSS_20B).experts == 32
    assert Architecture.model_validate(DEEPSEEK_V3).experts == 256
