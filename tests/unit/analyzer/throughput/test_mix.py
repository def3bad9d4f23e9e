"""What is kept of the lengths of requests."""

import numpy as np
import pytest

from analyzer.throughput.mix import Mix
from tests.fakes.shapes import shape


def test_equal_requests_have_the_input_and_half_the_output_cached() -> None:
    mix = Mix.constant(2000, 200)
    assert (mix.mean_isl, mix.mean_osl, mix.context) == (2000, 200, 2100)


def test_requests_that_write_longer_count_longer() -> None:
    mix = Mix.of(np.array([100, 1000]), np.array([10, 90]))
    assert mix.context == pytest.approx((10 * 105 + 90 * 1045) / 100)


def test_a_request_without_output_still_took_a_step() -> None:
    assert Mix.of(np.array([100]), np.array([0])).mean_osl == 1


def test_there_must_be_a_request() -> None:
    with pytest.raises(ValueError, match="no requests"):
        Mix.of(np.zeros(0, np.int64), np.zeros(0, np.int64))


def test_hours_give_the_mix_of_their_requests() -> None:
    requests = [(0, 100, 10), (1, 120, 12), (2, 4000, 700), (3, 1900, 1), (4, 0, 0)]
    exact = Mix.of(np.array([isl for _, isl, _ in requests]), np.array([osl for _, _, osl in requests]))
    counted = Mix.of_shape(shape(requests))
    assert counted.isl.items() == exact.isl.items()
    assert counted.mean_isl == exact.mean_isl
    assert counted.mean_osl == pytest.approx(723 / 5)
    assert counted.context == pytest.approx(exact.context, rel=0.1)


def test_equal_requests_lose_nothing_in_the_grid() -> None:
    assert Mix.of_shape(shape([(0, 2000, 200), (1, 2000, 200)])).context == pytest.approx(2100)
