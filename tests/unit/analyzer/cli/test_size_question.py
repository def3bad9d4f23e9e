import argparse

import pytest

from analyzer.advise.prices import Assumptions, Prices
from analyzer.advise.sized import Objectives
from analyzer.cli.size_question import Load, demanded, load, question
from analyzer.errors import BadSettings, UnknownEngine

LOAD = Load(2000, 200, 31, Objectives(percentile=95))
PRICES = Prices("USD", assumptions=Assumptions(busy_hour_share=0.1))
NOTHING = (
    "model",
    "gpu",
    "profile",
    "throughput",
    "engine",
    "weights",
    "kv_cache",
    "max_model_len",
    "ttft",
    "itl",
    "e2e",
)


def options(**given: str) -> argparse.Namespace:
    values: dict[str, str | None] = dict.fromkeys(NOTHING)
    return argparse.Namespace(**(values | {"isl": "2000", "osl": "200", "rps": "31", "percentile": "95"} | given))


def test_a_load_is_read_from_what_is_typed() -> None:
    assert load(options(isl="2,000", ttft="500ms")) == Load(2000, 200, 31, Objectives(ttft_ms=500, percentile=95))


def test_mistakes_are_told_together() -> None:
    with pytest.raises(BadSettings) as caught:
        load(options(isl="2k", itl="50"))
    assert len(str(caught.value).splitlines()) == 2


def test_a_wrong_gpu_is_told_beside_a_wrong_model() -> None:
    with pytest.raises(UnknownEngine) as caught:
        question(options(model="lama-9", gpu="h900"), LOAD, PRICES)
    assert [line.split(" ", 2)[1] for line in str(caught.value).splitlines()] == ["model", "GPU"]


def test_the_mean_load_follows_from_the_share_of_the_busiest_hour() -> None:
    asked = demanded(LOAD, PRICES)
    assert (asked.peak.rps, asked.traffic.mean_rps) == (31, pytest.approx(31 / 2.4))
