"""What a point of a sweep is of."""

from dataclasses import replace

from analyzer.throughput.sweeps import setup
from tests.unit.analyzer.throughput.sweeps.points import POINT


def test_points_of_other_loads_are_of_one_setup() -> None:
    assert setup(replace(POINT, load=60.0, src="stage_2.json")) == setup(POINT)


def test_points_of_other_parallelism_or_weights_are_not() -> None:
    assert len({setup(POINT), setup(replace(POINT, tp=2)), setup(replace(POINT, quant="fp8"))}) == 3


def test_a_setup_is_told_in_words() -> None:
    assert str(setup(POINT)) == "meta-llama/Llama-3.1-8B-Instruct in bf16 on H100-SXM, TP 1, PP 1"
