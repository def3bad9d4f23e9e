"""Models and GPUs by name."""

import json
from pathlib import Path

import pytest

from analyzer import engine
from analyzer.errors import UnknownEngine, exit_code
from tests.unit.analyzer.engine.configs import LLAMA_8B


@pytest.mark.parametrize(
    "spelling",
    ["h100", "H100-SXM5-80GB", "nvidia-h100-80gb", "h100_sxm", "NVIDIA H100 80GB HBM3", "NVIDIA-H100-80GB-HBM3"],
)
def test_an_h100_is_found_as_the_driver_kubernetes_and_people_spell_it(spelling: str) -> None:
    assert engine.gpu(spelling).name == "h100-sxm"


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("NVIDIA A100-SXM4-40GB", "a100-sxm-40gb"), ("Tesla-L4", "l4"), ("NVIDIA H100 PCIe", "h100-pcie"),
     ("NVIDIA-L40S", "l40s"), ("AMD Instinct MI300X", "mi300x")],
)  # fmt: skip
def test_other_gpus_are_found_by_what_the_driver_calls_them(spelling: str, name: str) -> None:
    assert engine.gpu(spelling).name == name


def test_an_unknown_gpu_is_an_error_with_the_nearest_names() -> None:
    with pytest.raises(UnknownEngine, match=r"'h1000' is not known \(nearest: h100-sxm") as raised:
        engine.gpu("h1000")
    assert exit_code(raised.value) == 2


def test_an_unknown_model_is_an_error_with_the_nearest_names() -> None:
    with pytest.raises(UnknownEngine, match=r"not known \(nearest: meta-llama/Llama-3\.1-8B, .*config\.json"):
        engine.model("meta-llama/Llama-3.1-9B")


def test_a_name_like_no_other_is_an_error_without_guesses() -> None:
    with pytest.raises(UnknownEngine, match=r"'0' is not known: correct the name"):
        engine.model("0")


@pytest.mark.parametrize(
    ("asked", "name", "aiconfigurator"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Meta-Llama-3.1-8B"),
        ("meta/llama-3.1-8b-instruct", "meta/llama-3.1-8b-instruct", "meta-llama/Meta-Llama-3.1-8B"),
        ("llama3.1:8b", "meta-llama/Llama-3.1-8B", "meta-llama/Meta-Llama-3.1-8B"),
        ("Llama-3.3-70B-Instruct", "meta-llama/Llama-3.3-70B-Instruct", "meta-llama/Meta-Llama-3.1-70B"),
        ("my-copies/Qwen3-32B", "Qwen/Qwen3-32B", "Qwen/Qwen3-32B"),
        ("gpt-oss:20b", "openai/gpt-oss-20b", "openai/gpt-oss-20b"),
    ],
)
def test_a_model_is_found_by_any_of_its_names_and_keeps_the_full_one(
    asked: str, name: str, aiconfigurator: str
) -> None:
    model = engine.model(asked)
    assert (model.name, model.aiconfigurator) == (name, aiconfigurator)


def test_a_quantised_checkpoint_is_the_same_model_in_another_format() -> None:
    model = engine.model("Qwen/Qwen3-32B-FP8")
    assert (model.family, model.native_weights) == ("Qwen/Qwen3-32B", "fp8")
    assert model.layers == engine.model("Qwen/Qwen3-32B").layers


def test_every_name_finds_the_model_that_it_names() -> None:
    for name in engine.model_names():
        assert engine.model(name).name == name


def test_every_gpu_has_figures_that_make_sense() -> None:
    for name in engine.gpu_names():
        gpu = engine.gpu(name)
        # some is taken for ECC and by the driver, and none appears from nowhere
        assert 0.9 < gpu.memory_bytes / gpu.nominal_bytes <= 1, name
        assert 2e11 < gpu.bandwidth < 1e13, name
        # two operations a multiplication: what a GPU computes for each byte that it reads
        assert 100 < gpu.flops["bf16"] / gpu.bandwidth < 500, name
        assert gpu.source, name


def test_the_h100_has_the_figures_of_its_data_sheet() -> None:
    # SIZING 4.1: H100 SXM, 989e12 FLOP/s bf16 dense, 3.35e12 B/s
    gpu = engine.gpu("h100-sxm")
    assert (gpu.flops["bf16"], gpu.bandwidth, gpu.nominal_bytes) == (989e12, 3.35e12, 80 << 30)


def test_eight_bits_are_computed_twice_as_fast_as_sixteen_and_no_sparsity_is_counted() -> None:
    for name in engine.gpu_names():
        flops = engine.gpu(name).flops
        if "fp8" in flops:
            assert flops["fp8"] / flops["bf16"] == pytest.approx(2, rel=0.02), name
    # NVIDIA's product pages say 3,958 and 1,466 TFLOP/s in FP8, with sparsity
    assert engine.gpu("h100").flops["fp8"] == 3958e12 / 2
    assert engine.gpu("l40s").flops["fp8"] == 1466e12 / 2


def test_an_a10g_is_no_a10() -> None:
    a10, a10g = engine.gpu("NVIDIA A10"), engine.gpu("NVIDIA A10G")
    assert (a10.name, a10g.name) == ("a10", "a10g")
    assert (a10.flops["bf16"], a10g.flops["bf16"]) == (125e12, 70e12)
    assert (a10.memory_bytes, a10.bandwidth) == (a10g.memory_bytes, a10g.bandwidth)


@pytest.mark.parametrize(
    ("name", "positions"),
    # max_position_embeddings of each config.json
    [
        ("Qwen/Qwen2.5-7B", 131072),
        ("Qwen/Qwen2.5-7B-Instruct", 32768),
        ("Qwen/Qwen2.5-72B-Instruct", 32768),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", 131072),
        ("Qwen/Qwen3-8B", 40960),
        ("deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", 131072),
        ("microsoft/phi-4", 16384),
        ("microsoft/Phi-4-reasoning", 32768),
    ],
)
def test_models_of_the_same_shape_have_contexts_of_their_own(name: str, positions: int) -> None:
    assert engine.model(name).max_positions == positions


def test_what_a_user_names_may_be_a_folder_a_file_or_a_name(tmp_path: Path) -> None:
    folder = tmp_path / "my-model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(LLAMA_8B))
    assert engine.model_or_file(str(folder)).name == "my-model"
    assert engine.model_or_file(str(folder / "config.json")).name == "my-model"
    assert engine.model_or_file("llama-3.1-8b").name == "meta-llama/Llama-3.1-8B"


def test_a_name_that_strangers_send_opens_no_file(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA_8B))
    for name in (str(tmp_path), str(tmp_path / "config.json"), "x" * 5000):
        with pytest.raises(UnknownEngine, match="is not known"):
            engine.model(name)
