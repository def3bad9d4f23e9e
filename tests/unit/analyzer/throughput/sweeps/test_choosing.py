"""The points of a table that belong to a profile."""

from dataclasses import replace
from pathlib import Path

import pytest

from analyzer import engine
from analyzer.errors import BadSettings
from analyzer.throughput.sweeps import table, throughput
from tests.fakes.profiles import LLAMA_8B
from tests.unit.analyzer.throughput.sweeps.points import KERNELS, made

MODEL, GPU = engine.model("meta-llama/Llama-3.1-8B"), engine.gpu("h100-sxm")
ENGINE = replace(KERNELS, a0=4.6, b0=7.0, m0=2.5, outside_ms=15.0)
POINTS = [made(ENGINE, rate) for rate in (2.0, 30.0, 60.0)]


def test_names_are_compared_as_the_catalogue_knows_them(tmp_path: Path) -> None:
    table.write([replace(point, gpu="NVIDIA H100 80GB HBM3") for point in POINTS], tmp_path / "t")
    assert throughput(tmp_path / "t", LLAMA_8B, MODEL, GPU).source == "sweep"


def test_points_of_another_setup_have_no_say(tmp_path: Path) -> None:
    table.write(POINTS, tmp_path / "alone")
    table.write([*POINTS, *(replace(point, tp=2, n_gpu=2) for point in POINTS)], tmp_path / "both")
    assert throughput(tmp_path / "both", LLAMA_8B, MODEL, GPU) == throughput(tmp_path / "alone", LLAMA_8B, MODEL, GPU)


def test_points_of_the_own_engine_go_before_others(tmp_path: Path) -> None:
    others = [replace(made(replace(ENGINE, b0=9.0), rate), backend="sglang") for rate in (2.0, 30.0, 60.0)]
    table.write([*POINTS, *others], tmp_path / "t")
    vllm = replace(LLAMA_8B, engine="vllm", engine_version="0.11.0")
    assert throughput(tmp_path / "t", vllm, MODEL, GPU).times.b0 == pytest.approx(7.0, rel=0.05)


def test_a_table_without_the_profile_says_what_it_has(tmp_path: Path) -> None:
    table.write(POINTS, tmp_path / "t")
    with pytest.raises(BadSettings, match=r"holds no points of .* TP 4, PP 1, only of: .*Instruct in bf16 on H100-SXM"):
        throughput(tmp_path / "t", replace(LLAMA_8B, tp=4), MODEL, GPU)
