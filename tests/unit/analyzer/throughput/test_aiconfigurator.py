"""NVIDIA's tables, with the package where it is installed, and from a kept grid without it."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from analyzer import engine
from analyzer.engine import ServingProfile, StepTimes, Throughput
from analyzer.errors import NoThroughput
from analyzer.throughput import aiconfigurator, grids
from analyzer.throughput.aiconfigurator import PACKAGES, Packages, collected, grid_key, throughput
from tests.fakes.profiles import LLAMA_8B
from tests.fakes.tables import FormulaTables

NONE = (("aisimulate", "no_such_package.sdk"),)
TRUE = StepTimes(4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5)
installed = pytest.mark.skipif(
    find_spec("aiconfigurator_core") is None, reason="aiconfigurator-core has wheels for Linux x86-64 and Python < 3.14"
)


def of(profile: ServingProfile, folder: Path | None = None, packages: Packages = PACKAGES) -> Throughput:
    return throughput(profile, engine.model(profile.model), engine.gpu(profile.gpu), folder, packages)


def key(profile: ServingProfile) -> grids.GridKey:
    return grid_key(profile, engine.model(profile.model), engine.gpu(profile.gpu))


@installed
def test_the_tables_give_the_samples_of_their_publisher() -> None:
    tables, version, _ = aiconfigurator._opened(key(LLAMA_8B), engine.model(LLAMA_8B.model), PACKAGES)
    assert version == "1.3.0rc20"
    assert tables.predict_prefill_latency(1, 2000) == pytest.approx(45.5, abs=0.05)
    steps = [tables.decode_step_latency(batch, 2000, 200) for batch in (1, 8, 32, 64, 128)]
    assert steps == pytest.approx([6.62, 7.62, 9.80, 12.85, 18.78], abs=0.01)


@installed
def test_the_fit_is_the_one_that_is_known_within_its_error() -> None:
    found = of(LLAMA_8B)
    known = StepTimes(4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5)
    for isl in (500, 2000, 8000):
        assert found.times.prefill_ms(isl) == pytest.approx(known.prefill_ms(isl), rel=0.11)
    for batch in (1, 32, 128):
        assert found.times.decode_ms(batch, batch * 2100) == pytest.approx(
            known.decode_ms(batch, batch * 2100), rel=0.045
        )
    assert found.times.b2 == pytest.approx(4.27e-5, rel=0.03)
    assert (found.source, found.error_share, found.shorter_share) == ("aiconfigurator", 0.66, 0.0)
    assert "trtllm 1.3.0rc20 on h100_sxm (aiconfigurator-core 0.1" in found.detail


@installed
def test_eight_bits_four_gpus_and_another_engine_have_tables_too() -> None:
    plain = of(LLAMA_8B).times
    for other in (replace(LLAMA_8B, weights="fp8"), replace(LLAMA_8B, tp=4), replace(LLAMA_8B, gpu="h200-sxm")):
        assert of(other).times.decode_ms(32, 67_200) < plain.decode_ms(32, 67_200)
    assert "vllm 0.24.0" in of(replace(LLAMA_8B, engine="nim")).detail


@installed
def test_experts_are_spread_over_the_gpus_as_the_matrices_are() -> None:
    found = of(replace(LLAMA_8B, model="openai/gpt-oss-120b", tp=4, weights="mxfp4", engine="vllm"))
    assert found.times.b0 < 15


@installed
def test_a_gpu_with_tables_of_an_older_engine_has_those() -> None:
    assert "trtllm in the version that they have on a100_sxm" in of(replace(LLAMA_8B, gpu="a100-sxm-80gb")).detail


@installed
@pytest.mark.parametrize(
    "other", [{"gpu": "l4"}, {"gpu": "h100-pcie"}, {"weights": "int4"}, {"model": "mistralai/Mixtral-8x7B-v0.1"}]
)
def test_what_has_no_tables_is_told_with_what_to_use_instead(other: Mapping[str, str]) -> None:
    with pytest.raises(NoThroughput, match="use live records, a sweep, or the roofline"):
        of(replace(LLAMA_8B, **other))


@installed
def test_the_package_keeps_its_log_to_itself(capfd: pytest.CaptureFixture[str]) -> None:
    of(replace(LLAMA_8B, engine="vllm"))
    said = capfd.readouterr()
    assert said.out + said.err == ""
    assert logging.getLogger("aiconfigurator_core").level == logging.NOTSET


@installed
@pytest.mark.parametrize(
    "name", ["Qwen/Qwen3-0.6B", "Qwen/Qwen3-235B-A22B", "meta-llama/Llama-3.1-405B", "deepseek-ai/DeepSeek-V3"]
)
def test_models_small_and_large_have_tables_in_the_format_they_are_published_in(name: str) -> None:
    weights = engine.model(name).native_weights
    found = of(replace(LLAMA_8B, model=name, gpu="h200-sxm", tp=8, weights=weights, engine="vllm"))
    assert 0 < found.times.b0 < found.times.prefill_ms(8000)


@installed
def test_what_the_package_said_is_kept_for_those_without_it(tmp_path: Path) -> None:
    told = of(LLAMA_8B, tmp_path)
    kept = of(LLAMA_8B, tmp_path, NONE)
    assert kept.times == told.times
    assert f"a grid in {tmp_path}" in kept.detail


def test_without_the_package_a_kept_grid_does(tmp_path: Path) -> None:
    grids.write(collected(FormulaTables(TRUE), key(LLAMA_8B), 131_072), tmp_path)
    found = of(LLAMA_8B, tmp_path, NONE)
    assert found.times.values == pytest.approx(TRUE.values, rel=1e-5, abs=1e-6)
    assert "prefill 0.0 % off in the median and 0.0 % at most" in found.detail


def test_without_package_and_grid_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(NoThroughput, match="pip install tokentide"):
        of(LLAMA_8B, tmp_path, NONE)


def test_stages_share_what_grows_with_the_requests(tmp_path: Path) -> None:
    two = replace(LLAMA_8B, pp=2)
    grids.write(collected(FormulaTables(TRUE), key(two), 131_072), tmp_path)
    found = of(two, tmp_path).times
    assert (found.b0, found.b2) == (pytest.approx(TRUE.b0), pytest.approx(TRUE.b2 / 2))


def test_a_model_or_gpu_or_cache_without_a_name_in_the_tables_is_told() -> None:
    for other in ({"gpu": "mi300x"}, {"model": "google/gemma-3-27b-it"}, {"kv_cache": "nvfp4"}):
        with pytest.raises(NoThroughput, match="NVIDIA's tables"):
            key(replace(LLAMA_8B, **other))
