"""What models are made of."""

from dataclasses import replace

from analyzer import engine


def test_the_first_layers_of_deepseek_have_no_experts() -> None:
    assert engine.model("deepseek-v3").expert_layers == 58


def test_layers_with_a_state_keep_no_tokens() -> None:
    hybrid = replace(engine.model("llama-3.1-8b"), stateful_layers=24)
    assert hybrid.attention_layers == 8
