"""What a GPU itself takes for a step."""

from dataclasses import replace

import pytest

from analyzer import engine
from analyzer.throughput.sweeps import kernels
from tests.fakes.profiles import LLAMA_8B

MODEL, GPU = engine.model("meta-llama/Llama-3.1-8B"), engine.gpu("h100-sxm")


def test_an_8b_on_an_h100_takes_what_its_data_sheet_says() -> None:
    found = kernels(LLAMA_8B, MODEL, GPU)
    assert found.a1 == pytest.approx(2 * 7.505e9 / (989e12 * 0.6) * 1000, rel=0.001)
    assert found.overlap_ms == pytest.approx(7.505e9 * 2 / (3.35e12 * 0.92) * 1000, rel=0.001)
    assert found.b2 == pytest.approx(131072 / (3.35e12 * 0.92) * 1000, rel=0.001)


def test_nothing_of_the_engine_is_in_it() -> None:
    found = kernels(LLAMA_8B, MODEL, GPU)
    assert (found.a0, found.b0, found.b1, found.m0, found.r0, found.outside_ms) == (0.0,) * 6


def test_two_gpus_take_half() -> None:
    one, two = kernels(LLAMA_8B, MODEL, GPU), kernels(replace(LLAMA_8B, tp=2), MODEL, GPU)
    assert two.a1 == pytest.approx(one.a1 / 2)
    assert two.overlap_ms == pytest.approx(one.overlap_ms / 2)
