"""Intervals from drawn days."""

import numpy as np
import pytest

from analyzer.replay.by_day import counted, draws


def test_one_day_gives_no_interval() -> None:
    assert draws(1).figure(5.0, np.ones(10)).interval is None


def test_days_that_are_alike_give_a_narrow_interval_and_others_a_wide_one() -> None:
    random = np.random.default_rng(1)
    day = np.repeat(np.arange(10), 1000)
    alike = random.lognormal(4, 0.5, len(day))
    different = alike * np.where(day < 3, 3.0, 1.0)
    drawn = draws(10)
    widths = []
    for values in (alike, different):
        value = float(np.quantile(values, 0.95))
        low, high = drawn.figure(value, drawn.quantiles(counted(day, values, 10), 0.95, value)).interval or (0, 0)
        assert low < value < high
        widths.append((high - low) / value)
    assert widths[0] < 0.1 < widths[1]


def test_the_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    days = 40
    by_day = np.random.default_rng(2).normal(500, 50, days)
    drawn = draws(days)
    value = float(by_day.mean() / 1000)
    low, high = drawn.figure(value, drawn.shares(by_day, np.full(days, 1000.0))).interval or (0, 0)
    assert (high - low) / 2 == pytest.approx(1.96 * by_day.std() / days**0.5 / 1000, rel=0.1)


def test_a_quantile_of_counts_is_the_quantile_of_the_values_within_a_place() -> None:
    values = np.random.default_rng(3).lognormal(3, 1, 5000)
    value = float(np.quantile(values, 0.5))
    drawn = draws(2)
    found = drawn.quantiles(counted(np.arange(5000) % 2, values, 2), 0.5, value)
    both = (drawn.weights == 1).all(axis=1)
    assert found[both] == pytest.approx(value)


def test_values_that_are_not_known_are_not_counted() -> None:
    table = counted(np.array([0, 0, 1]), np.array([1.0, np.nan, 2.0]), 2)
    assert table.sum(axis=1).tolist() == [1, 1]
    assert np.isnan(draws(2).quantiles(np.zeros_like(table), 0.5, 1.0)).all()
