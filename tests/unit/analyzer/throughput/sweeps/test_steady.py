"""Which points tell how long steps take."""

from dataclasses import replace

import pytest

from analyzer.throughput.sweeps import Figures
from analyzer.throughput.sweeps.steady import steady
from tests.unit.analyzer.throughput.sweeps.points import POINT


def test_a_rate_that_was_not_completed_is_left_out() -> None:
    seen = steady([POINT, replace(POINT, load=120.0, rps=101.0)])
    assert [one.per_ms for one in seen] == [0.03]


def test_more_requests_at_once_count_until_they_bring_no_more() -> None:
    rates = {1: 2.0, 8: 14.0, 64: 50.0, 128: 51.0, 256: 90.0}
    points = [replace(POINT, load_kind="concurrency", load=float(load), rps=rps) for load, rps in rates.items()]
    assert [one.per_ms for one in steady(points)] == [0.002, 0.014, 0.05]


def test_a_point_at_which_requests_waited_for_others_is_left_out() -> None:
    seen = steady([POINT, replace(POINT, load=60.0, rps=60.0, ttft=Figures(200.0))])
    assert [one.ttft for one in seen] == [30.0]


def test_a_longer_input_may_take_longer_to_its_first_token() -> None:
    seen = steady([POINT, replace(POINT, load=60.0, rps=60.0, isl_mean=4000.0, ttft=Figures(200.0))])
    assert [one.ttft for one in seen] == [30.0, 200.0]


def test_the_load_is_that_of_one_replica() -> None:
    [one] = steady([replace(POINT, n_gpu=8, tp=2)])
    assert one.per_ms == pytest.approx(0.03 / 4)
    assert one.at_once == pytest.approx(16.4 / 4)


def test_a_point_without_rate_is_of_decoding_alone() -> None:
    [one] = steady([replace(POINT, rps=None, osl_mean=None, load=None, load_kind=None)])
    assert (one.per_ms, one.itl, one.at_once) == (None, 8.2, 16.4)


def test_a_point_without_input_length_says_nothing() -> None:
    assert steady([replace(POINT, isl_mean=None)]) == ()
