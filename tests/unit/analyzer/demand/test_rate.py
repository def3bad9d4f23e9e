from datetime import UTC, datetime
from statistics import variance

import pytest

from analyzer.demand import (
    ClientShare,
    bins,
    client_shares,
    negative_binomial_p95,
    poisson_p95,
    rate,
    with_empty,
)
from analyzer.shape import Caller
from tests.fakes.shapes import SECOND, histogram, shape


@pytest.mark.parametrize(("mean", "count"), [(64, 77), (7, 12), (31, 40), (2.4, 5)])
def test_the_poisson_peak_is_that_of_the_sizing_course(mean: float, count: int) -> None:
    assert poisson_p95(mean) == count


@pytest.mark.parametrize(
    ("mean", "dispersion", "count"),
    [(64, 2, 83), (64, 4, 92), (64, 8, 105), (7, 2, 14), (31, 3, 48), (2.57, 13.19, 13)],
)
def test_the_negative_binomial_peak_grows_with_dispersion(mean: float, dispersion: float, count: int) -> None:
    assert negative_binomial_p95(mean, dispersion * mean) == count


@pytest.mark.parametrize("var", [None, 3.0, 7.0])
def test_without_overdispersion_the_peak_is_poisson(var: float | None) -> None:
    assert negative_binomial_p95(7, var) == 12


def test_bins_count_the_empty_ones_and_divide_by_one_less() -> None:
    found = bins(histogram([3, 1, 2]), 5)
    assert found.mean == 6 / 5
    assert found.variance == pytest.approx(variance([3, 1, 2, 0, 0]))
    assert found.dispersion == pytest.approx(variance([3, 1, 2, 0, 0]) / (6 / 5))


def test_a_single_bin_has_no_dispersion() -> None:
    assert bins(histogram([3]), 1).dispersion is None


def test_the_95th_percentile_of_the_seconds_counts_the_empty_ones() -> None:
    assert with_empty(histogram([9]), 20).quantile(950) == 0
    assert with_empty(histogram([9, 9]), 20).quantile(950) == 9


def test_a_rate_is_taken_from_the_first_to_the_last_request() -> None:
    found = rate(shape([(int(s * SECOND), 1, 1) for s in (0.5, 0.6, 60.5, 61.5, 61.6, 61.7)]), None)
    assert found.mean_rps == pytest.approx(6 / 61.2)
    assert (found.peak_1s, found.peak_60s) == (3, 4)
    assert found.peak_60s_at == datetime(1970, 1, 1, 0, 1, tzinfo=UTC)
    assert found.dispersion_60s == pytest.approx(variance([2, 4]) / 3)


def test_requests_of_one_instant_are_taken_as_one_second() -> None:
    found = rate(shape([(5, 1, 1), (5, 1, 1)]), None)
    assert found.mean_rps == 2
    assert found.dispersion_1s is None


def test_the_caller_of_the_fullest_minute_has_its_share_of_that_minute() -> None:
    found = rate(shape([(0, 1, 1), (1, 1, 1), (90 * SECOND, 1, 1)]), Caller("c", 1))
    assert found.peak_60s_client == ClientShare("c", 0.5)


def test_shares_of_callers_are_of_all_requests() -> None:
    assert client_shares([Caller("a", 3), Caller("b", 1)], 8) == (ClientShare("a", 0.375), ClientShare("b", 0.125))
    assert client_shares([], 8) is None
