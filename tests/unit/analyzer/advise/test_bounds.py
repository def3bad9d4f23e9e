import numpy as np
import pytest
from scipy import stats

from analyzer.advise.bounds import Bound, LengthTarget, bound, day_block_bound, rank, requests_needed, share_bound
from analyzer.histogram import Histogram
from tests.fakes.shapes import histogram


@pytest.mark.parametrize(
    ("requests", "quantile", "expected"),
    [
        (59, 0.95, 59),
        (58, 0.95, None),
        (93, 0.95, 92),
        (299, 0.99, 299),
        (298, 0.99, None),
        (2995, 0.999, 2995),
        (2994, 0.999, None),
        (1000, 0.95, 962),
        (10_000, 0.99, 9917),
        (10_000, 0.999, 9996),
        (100_000, 0.99, 99_052),
        (0, 0.99, None),
    ],
)
def test_the_rank_of_the_bound_is_that_of_the_order_statistic(
    requests: int, quantile: float, expected: int | None
) -> None:
    assert rank(requests, 1 - quantile, 0.95) == expected


@pytest.mark.parametrize(
    ("quantile", "requests"), [(0.95, 59), (0.99, 299), (0.995, 598), (0.999, 2995), (0.9999, 29_956)]
)
def test_the_fewest_requests_for_a_bound(quantile: float, requests: int) -> None:
    assert requests_needed(1 - quantile, 0.95) == requests
    assert rank(requests, 1 - quantile, 0.95) == requests
    assert rank(requests - 1, 1 - quantile, 0.95) is None


@pytest.mark.parametrize(
    ("over", "requests", "percent"),
    [(0, 300, 0.994), (0, 2995, 0.09997), (5, 100_000, 0.01051), (87, 100_000, 0.1040)],
)
def test_the_bound_of_a_share_is_clopper_and_pearsons(over: int, requests: int, percent: float) -> None:
    assert 100 * share_bound(over, requests, 0.95) == pytest.approx(percent, rel=5e-4)


def test_a_share_of_all_is_bounded_by_one() -> None:
    assert share_bound(7, 7, 0.95) == 1.0


def test_the_bound_holds_as_often_as_it_says_for_independent_requests() -> None:
    """1,000 traces of 2,000 exponential lengths: the true 99th percentile is at or below the bound in 95 % of them."""
    generator = np.random.default_rng(11)
    truth = float(stats.expon.ppf(0.99))
    number = rank(2000, 0.01, 0.95)
    assert number is not None
    held = sum(np.sort(generator.exponential(size=2000))[number - 1] >= truth for _ in range(1000))
    assert 930 <= held <= 985


def test_days_that_are_alike_leave_the_bound_near_the_quantile() -> None:
    generator = np.random.default_rng(5)
    days = [histogram(generator.integers(0, 1000, 5000).tolist()) for _ in range(7)]
    assert 989 <= day_block_bound(days, 0.01, 0.95) <= 992


def test_one_day_of_long_requests_widens_the_bound() -> None:
    """The long day is drawn at all in 64 % of the resamples, and three times or more in 8 % of them."""
    days = [histogram([100] * 1000) for _ in range(29)] + [histogram([100] * 900 + [5000] * 100)]
    assert Histogram.merged(days).quantile(995) == 100
    assert day_block_bound(days, 0.005, 0.95) == 5000  # three of the long day are 300 of 30,000: one in a hundred
    assert day_block_bound(days, 0.02, 0.95) == 100


def test_resampling_is_the_same_every_time() -> None:
    generator = np.random.default_rng(6)
    days = [histogram(generator.geometric(0.01, 300).tolist()) for _ in range(8)]
    assert day_block_bound(days, 0.01, 0.95) == day_block_bound(days, 0.01, 0.95)


def test_resampled_quantiles_are_those_of_really_resampled_days() -> None:
    generator = np.random.default_rng(7)
    days = [generator.geometric(0.02, generator.integers(50, 400)) for _ in range(7)]
    weights = np.random.default_rng(0).multinomial(7, np.full(7, 1 / 7), size=1000)
    quantiles = [
        histogram(np.concatenate([np.repeat(day, times) for day, times in zip(days, drawn, strict=True)]).tolist())
        for drawn in weights
    ]
    expected = sorted(quantile.quantile(990) for quantile in quantiles)[949]
    assert day_block_bound([histogram(day.tolist()) for day in days], 0.01, 0.95) == expected


def test_with_seven_days_the_larger_bound_counts() -> None:
    days = [histogram([100] * 1000) for _ in range(6)] + [histogram([100] * 998 + [5000] * 2)]
    whole = histogram([100] * 6998 + [5000] * 2)
    target = LengthTarget(over_share=0.001)
    number = rank(7000, 0.001, 0.95)
    assert number is not None
    assert bound(whole, days[:6], number, target).by_days is None
    found = bound(whole, days, number, target)
    assert (found.by_rank, found.by_days, found.value) == (100, 100, 100)
    assert bound(whole, days, number, LengthTarget(over_share=0.0005)).value == 5000


@pytest.mark.parametrize(("longest", "covered"), [(1240, 1240), (1250, 1000)])
def test_a_longest_request_near_the_bound_is_covered_as_well(longest: int, covered: int) -> None:
    assert Bound(histogram([1000, longest]), 1000, 1, 1000, None).to_cover == covered
