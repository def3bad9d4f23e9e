import numpy as np
import pytest

from analyzer.advise.sizing.mix import DRAWN, of_point, of_requests, of_shape
from analyzer.replay import Requests
from tests.fakes.shapes import SECOND, shape


def test_a_point_without_spread_is_one_request() -> None:
    mix = of_point(2000, 200)
    assert (mix.isl.tolist(), mix.osl.tolist(), mix.max_tokens.tolist()) == ([2000], [200], [-1])
    assert mix.context == 2100


def test_a_spread_keeps_the_means_and_widens_the_lengths() -> None:
    mix = of_point(2000, 200, 0.5)
    assert (mix.mean_isl, mix.mean_osl) == (pytest.approx(2000, rel=0.002), pytest.approx(200, rel=0.002))
    # a log-normal law of σ = 0.5 has its 95 % point at exp(1.645 σ - σ²/2) times its mean
    assert np.quantile(mix.isl, 0.95) == pytest.approx(2000 * np.exp(1.645 * 0.5 - 0.125), rel=0.01)
    assert abs(np.corrcoef(mix.isl, mix.osl)[0, 1]) < 0.02


def test_counted_lengths_keep_their_law_and_what_comes_together() -> None:
    rows = [(s * SECOND, 4000 if s % 2 else 100, 50 if s % 2 else 900) for s in range(1000)]
    mix = of_shape(shape(rows))
    assert len(mix.isl) == DRAWN
    assert set(zip(mix.isl.tolist(), mix.osl.tolist(), strict=True)) == {(4000, 50), (100, 900)}
    assert (mix.isl == 100).mean() == pytest.approx(0.5, abs=0.001)


def test_counted_lengths_inside_a_cell_are_those_that_occurred() -> None:
    rows = [(s * SECOND, 1100 + s, 10) for s in range(900)]
    mix = of_shape(shape(rows))
    assert (mix.isl.min(), mix.isl.max()) == (1100, 1999)
    assert mix.mean_isl == pytest.approx(1549.5, abs=0.5)


def test_recorded_requests_keep_their_cached_prefixes_and_limits() -> None:
    def column(*values: int) -> np.ndarray:
        return np.array(values, dtype=np.int64)

    mix = of_requests(Requests(column(0, 1), column(500, 700), column(0, 9), column(-1, 64), column(0, 512)))
    assert (mix.cached.tolist(), mix.max_tokens.tolist(), mix.osl.tolist()) == ([0, 512], [-1, 64], [1, 9])
    assert mix.mean_cached == 256


def test_long_answers_weigh_more_in_the_context_because_they_stay_longer() -> None:
    column = np.array([100, 100], dtype=np.int64)
    mix = of_requests(Requests(column * 0, column, np.array([10, 990], dtype=np.int64), column * 0 - 1, column * 0))
    assert mix.context == pytest.approx((10 * 105 + 990 * 595) / 1000)
