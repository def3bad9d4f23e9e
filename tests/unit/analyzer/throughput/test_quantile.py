"""Quantile regression finds the line that a share of the values lies below."""

import numpy as np
import pytest

from analyzer.throughput.quantile import at_quantile


def test_a_constant_is_the_quantile_of_the_values() -> None:
    values = np.arange(1.0, 101.0)
    (found,) = at_quantile((np.ones(100),), values, 0.10)
    assert 10 <= found <= 11


def test_delays_above_a_line_do_not_move_the_line() -> None:
    x = np.linspace(0, 1000, 200)
    delays = np.where(np.arange(200) % 3 == 0, 0.0, np.arange(200) * 7.0 % 300)
    constant, slope = at_quantile((np.ones(200), x), 5 + 0.02 * x + delays, 0.10)
    assert (constant, slope) == (pytest.approx(5, abs=0.5), pytest.approx(0.02, rel=0.03))


def test_a_column_of_zeros_gets_nothing_and_no_coefficient_is_negative() -> None:
    x = np.linspace(1, 10, 50)
    falling, nothing, constant = at_quantile((x, np.zeros(50), np.ones(50)), 20 - x, 0.5)
    assert (falling, nothing) == (pytest.approx(0, abs=1e-9), 0)
    assert constant == pytest.approx(14.5, abs=0.5)


@pytest.mark.parametrize("tau", [0, 1, 5])
def test_a_quantile_lies_between_none_and_all(tau: float) -> None:
    with pytest.raises(ValueError, match="no quantile"):
        at_quantile((np.ones(2),), np.ones(2), tau)
