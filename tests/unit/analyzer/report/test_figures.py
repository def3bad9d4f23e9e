import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from functools import cache

import altair as alt
import pytest

from analyzer.analysis import ModelAnalysis
from analyzer.report import figures
from analyzer.report.blocks import Figure
from tests.unit.analyzer.report.analyses import LATENCY, MODEL, NO_LIMITS, lengths, model

FIGURES: dict[str, Callable[[ModelAnalysis], Figure]] = {
    "heat map": figures.heat_map,
    "input lengths": figures.input_lengths,
    "output lengths": figures.output_lengths,
    "tails": figures.tails,
    "hours": lambda one: figures.hours_of_day(one, "UTC"),
    "load": lambda one: figures.load_levels({"mean": one.rate.mean_rps}, None),
    "latency": lambda _: figures.latency(figures.kinds_of_time(LATENCY), {}),
}


@cache
def drawn(name: str) -> tuple[Figure, str]:
    """A figure of `MODEL` and its picture."""
    figure = FIGURES[name](MODEL)
    return figure, figures.picture(figure)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_one_well_formed_picture_with_a_title_and_words_for_those_who_cannot_see_it(name: str) -> None:
    figure, svg = drawn(name)
    picture = ET.fromstring(svg)  # noqa: S314  # our own
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    assert figure.title
    assert len(figure.alt) > 20


@pytest.mark.parametrize("name", FIGURES)
def test_every_specification_is_valid_vega_lite(name: str) -> None:
    alt.Chart.from_dict(json.loads(drawn(name)[0].spec), validate=True)


@pytest.mark.parametrize("name", FIGURES)
def test_equal_figures_give_equal_bytes(name: str) -> None:
    assert figures.picture(FIGURES[name](MODEL)) == drawn(name)[1]


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_can_be_drawn_without_recommended_limits(name: str) -> None:
    assert figures.picture(FIGURES[name](model(lengths=NO_LIMITS))).startswith("<svg")


def test_the_words_of_the_heat_map_name_the_patterns_and_the_limits() -> None:
    alt = figures.heat_map(MODEL).alt
    assert "The fullest cell, ISL up to 2k and OSL up to 128, holds 25 %." in alt
    assert "long in, long out 25 %" in alt
    assert "max_seq_len 6,592" in alt


def test_only_known_limits_are_drawn() -> None:
    assert figures.limits(lengths(max_output_len=None)) == {"max_input_len": 6528, "max_seq_len": 6592}
    assert "No limit is recommended yet." in figures.heat_map(model(lengths=NO_LIMITS)).alt


def test_the_anchors_of_a_models_figures_begin_with_its_prefix() -> None:
    assert figures.heat_map(MODEL, "m3-").name == "m3-heat-map"


def test_times_that_were_not_recorded_are_no_part_of_the_latency() -> None:
    assert list(figures.kinds_of_time(LATENCY)) == ["TTFT", "TPOT", "E2E"]
