from dataclasses import replace

import numpy as np
import pytest

from analyzer.advise.sizing.mix import DRAWN, of_point, of_sample, of_shape
from analyzer.engine import EngineLimits
from tests.fakes.shapes import SECOND, histogram, shape
from tests.unit.analyzer.advise.sizing.samples import sample


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
    mix = of_sample(sample([(0, 500, 0, -1, 0), (1, 700, 9, 64, 512)]), 2)
    assert (mix.cached.tolist(), mix.max_tokens.tolist(), mix.osl.tolist()) == ([0, 512], [-1, 64], [1, 9])
    assert (mix.mean_cached, mix.unnamed, mix.cache_told) == (256, 0.5, 1)
    assert mix.told.startswith("drawn from 2 recorded ones with input, output, max_tokens and cached input")


def test_a_part_of_the_records_says_of_how_many_it_is_and_what_it_leaves_out() -> None:
    rows = [(at, 500, 9, -1, 0) for at in range(40)]
    mix = of_sample(sample(rows, told=False, one_in=7, lost=2), 280)
    assert mix.told.startswith("drawn from 38 evenly taken of 280 recorded ones")
    assert mix.told.endswith("; 5 % that ended early without a token are left out")
    assert mix.cache_told == 0


def test_hourly_counts_keep_how_often_a_limit_was_named_and_say_what_they_leave_out() -> None:
    counted = shape([(s * SECOND, 1000, 100) for s in range(1000)])
    mix = of_shape(replace(counted, max_tokens=histogram([400] * 750)))
    assert mix.unnamed == pytest.approx(0.25)
    assert set(mix.max_tokens.tolist()) == {-1, 400}
    assert mix.told.endswith("by hourly counts, max_tokens apart from them and no input cached")


def test_long_answers_weigh_more_in_the_context_because_they_stay_longer() -> None:
    mix = of_sample(sample([(0, 100, 10, -1, 0), (0, 100, 990, -1, 0)]), 2)
    assert mix.context == pytest.approx((10 * 105 + 990 * 595) / 1000)


def test_a_request_holds_what_it_asked_for_where_that_is_reserved() -> None:
    limits = EngineLimits(64, 8192, True, 20_000, 10_000, "reserved")  # chunked prefill
    mix = of_sample(sample([(0, 1000, 100, 400, 0), (1, 1000, 100, -1, 0)]), 2)
    # one holds 1,400 tokens, the other all that the model allows
    assert mix.held(limits) == (1400 + 10_000) / 2
    assert mix.held(replace(limits, kv_pool_tokens=8000)) == (1400 + 8000) / 2
    assert mix.held(replace(limits, admission="as_used")) == mix.context == 1050
