"""How many parameters models have, against what their publishers say."""

from dataclasses import replace

import pytest

from analyzer import engine
from analyzer.engine import parameters

TEXT_ONLY = [name for name in engine.model_names() if not name.startswith(("google/gemma-3-12b", "google/gemma-3-27b"))]


@pytest.mark.parametrize("name", TEXT_ONLY)
def test_counting_the_architecture_gives_the_published_total(name: str) -> None:
    model = engine.model(name)
    assert parameters.counted(model) == model.stated_parameters


@pytest.mark.parametrize("name", ["google/gemma-3-12b-it", "google/gemma-3-27b-it"])
def test_what_sees_images_is_in_the_total_and_not_in_what_text_goes_through(name: str) -> None:
    model = engine.model(name)
    # SigLIP-400M and its projection: 0.42 B (Gemma 3 technical report, table 1: 417 M)
    assert 0.41e9 < parameters.total(model) - parameters.text(model) < 0.43e9


@pytest.mark.parametrize(
    ("name", "billions"),
    # Model cards: gpt-oss without its input embedding 3.6 B and 5.1 B; the others with it.
    [("openai/gpt-oss-20b", 3.6), ("openai/gpt-oss-120b", 5.1)],
)
def test_active_parameters_without_the_embedding_are_as_published(name: str, billions: float) -> None:
    model = engine.model(name)
    assert parameters.multiplied(model) / 1e9 == pytest.approx(billions, abs=0.05)


@pytest.mark.parametrize(
    ("name", "billions"),
    [("Qwen/Qwen3-30B-A3B", 3.3), ("Qwen/Qwen3-235B-A22B", 22), ("mistralai/Mixtral-8x7B-v0.1", 12.9)],
)
def test_active_parameters_are_as_published(name: str, billions: float) -> None:
    assert parameters.active(engine.model(name)) / 1e9 == pytest.approx(billions, rel=0.02)


def test_deepseek_has_37_billion_active_parameters() -> None:
    # DeepSeek-V3 technical report (2024): 671 B in all, 37 B for each token
    assert parameters.active(engine.model("deepseek-v3")) / 1e9 == pytest.approx(37, rel=0.02)


def test_a_token_is_only_looked_up_in_the_input_embedding() -> None:
    # SIZING 4.1: P' = 7.505e9
    assert parameters.multiplied(engine.model("llama-3.1-8b")) == pytest.approx(7.505e9, rel=1e-4)


def test_a_tied_embedding_is_multiplied_as_the_output() -> None:
    model = engine.model("llama-3.2-1b")
    assert parameters.multiplied(model) == parameters.total(model)


def test_a_dense_model_reads_the_same_weights_for_any_batch() -> None:
    model = engine.model("llama-3.1-8b")
    assert parameters.read(model, 1) == parameters.read(model, 256) == parameters.multiplied(model)


def test_one_token_reads_its_own_experts_and_many_tokens_nearly_all() -> None:
    model = engine.model("mixtral-8x7b")
    whole = parameters.total(model) - parameters.embedding(model)
    assert parameters.read(model, 1) == pytest.approx(parameters.multiplied(model), rel=1e-9)
    assert parameters.read(model, 2) > parameters.read(model, 1)
    assert parameters.read(model, 64) == pytest.approx(whole, rel=1e-6)


def test_a_model_whose_layers_are_not_all_known_is_taken_whole() -> None:
    hybrid = replace(engine.model("llama-3.1-8b"), countable=False, stated_parameters=9_000_000_000)
    assert parameters.active(hybrid) == 9_000_000_000


def test_an_ungated_mlp_has_two_matrices() -> None:
    gated = engine.model("llama-3.1-8b")
    saved = parameters.counted(gated) - parameters.counted(replace(gated, gated=False))
    assert saved == 32 * 4096 * 14336
