"""Which layers keep what."""

from typing import Any

import pytest

from analyzer.engine.config_file import Architecture
from analyzer.engine.layer_kinds import LayerKinds, layer_kinds
from tests.unit.analyzer.engine.configs import (
    GEMMA_2_9B,
    GEMMA_3_27B,
    GPT_OSS_20B,
    LLAMA_8B,
    NEMOTRON_H_56B,
    QWEN3_NEXT_80B,
    QWEN_25_7B,
)


@pytest.mark.parametrize(
    ("config", "windowed"),
    [
        (LLAMA_8B, 0),
        (GPT_OSS_20B, 12),
        (GEMMA_2_9B, 21),  # every other layer
        (GEMMA_3_27B["text_config"], 52),  # all but every sixth
        (QWEN_25_7B, 0),  # it names a window and does not use it
        ({**LLAMA_8B, "model_type": "mistral", "sliding_window": 4096}, 32),  # Mistral 7B v0.1
        ({**LLAMA_8B, "model_type": "mistral", "sliding_window": None}, 0),
        ({**QWEN_25_7B, "use_sliding_window": True}, 0),
    ],
)
def test_layers_with_a_window_are_counted(config: dict[str, Any], windowed: int) -> None:
    assert layer_kinds(Architecture.model_validate(config)) == LayerKinds(windowed, 0, 0)


def test_mamba_layers_keep_a_state_and_the_inputs_of_their_convolution() -> None:
    # Nemotron-H-56B: 54 Mamba-2 layers and 10 of attention among 118
    kinds = layer_kinds(Architecture.model_validate(NEMOTRON_H_56B))
    assert (kinds.windowed, kinds.stateful) == (0, 108)
    assert kinds.state_bytes == 54 * (256 * 64 * 256 * 2 + (256 * 64 + 2 * 8 * 256) * 3 * 2)


def test_a_state_in_four_bytes_is_twice_as_large() -> None:
    whole = layer_kinds(Architecture.model_validate({**NEMOTRON_H_56B, "mamba_ssm_cache_dtype": "float32"}))
    half = layer_kinds(Architecture.model_validate(NEMOTRON_H_56B))
    assert whole.state_bytes - half.state_bytes == 54 * 256 * 64 * 256 * 2


def test_gated_delta_networks_keep_a_matrix_for_each_head() -> None:
    kinds = layer_kinds(Architecture.model_validate(QWEN3_NEXT_80B))
    assert (kinds.windowed, kinds.stateful) == (0, 36)
    assert kinds.state_bytes == 36 * 2 * (32 * 128 * 128 + (2 * 16 * 128 + 32 * 128) * 3)
