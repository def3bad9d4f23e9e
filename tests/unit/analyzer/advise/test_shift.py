import numpy as np
import pytest
from scipy import stats

from analyzer.advise.shift import shift, stability
from analyzer.histogram import Histogram
from tests.fakes.shapes import histogram

MONDAY = 739_313  # the ordinal number of 2025-03-03


def days(
    number: int, last: float = 1.0, weekend: float = 1.0, seed: int = 7, noise: float = 0.1
) -> list[tuple[int, Histogram]]:
    """Days of 300 requests, on weekends `weekend` and in the last seven days `last` times as long; days differ."""
    generator = np.random.default_rng(seed)
    found = []
    for day in range(number):
        scale = (weekend if day % 7 >= 5 else 1) * (last if day >= number - 7 else 1) * generator.lognormal(0, noise)
        found.append((MONDAY + day, histogram((generator.lognormal(6, 1, 300) * scale).astype(int).tolist())))
    return found


def test_a_week_with_longer_requests_lies_apart_from_those_before() -> None:
    found = shift(days(28, last=2))
    assert found is not None
    assert found.sure
    assert found.p == pytest.approx(1 / 501)
    assert found.psi > 0.25
    assert found.days == 28


def test_the_distance_is_kolmogorovs_and_smirnovs() -> None:
    every = days(21, last=1.5)
    before, last = (
        np.concatenate([np.repeat(one.values, one.counts) for _, one in part]) for part in (every[:14], every[14:])
    )
    found = shift(every)
    assert found is not None
    assert found.ks == pytest.approx(stats.ks_2samp(before, last).statistic, abs=0.01)


def test_a_weekend_that_differs_is_no_shift() -> None:
    found = shift(days(28, weekend=3))
    assert found is not None
    assert not found.sure
    assert found.psi < 0.1


def test_chance_is_called_a_shift_as_seldom_as_the_test_promises() -> None:
    """100 months without one: by the textbook p-value, which takes requests as independent, nearly all would be one."""
    found = [shift(days(28, seed=seed)) for seed in range(100)]
    assert 1 <= sum(one is not None and one.sure for one in found) <= 11


def test_the_stability_index_is_the_sum_over_tenths() -> None:
    """By hand: ten equal tenths before, and half of all requests in the first one after."""
    before, after = np.full(10, 1000.0), np.array([5000.0, *[5000 / 9] * 9])
    assert stability(before, before) == pytest.approx(0, abs=1e-9)
    expected = 0.4 * np.log(5) + 9 * (0.5 / 9 - 0.1) * np.log(5 / 9)
    assert stability(before, after) == pytest.approx(expected, rel=1e-2)


def test_less_than_two_weeks_say_nothing() -> None:
    assert shift(days(13)) is None
    assert shift([]) is None


def test_the_same_days_give_the_same_p_value() -> None:
    assert shift(days(21)) == shift(days(21))
