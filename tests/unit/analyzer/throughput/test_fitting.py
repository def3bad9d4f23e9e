"""Fits find the coefficients that made the times, and say how far they are off."""

import numpy as np
import pytest

from analyzer.throughput import fitting


def test_times_that_follow_the_form_are_fitted_exactly() -> None:
    isl = np.array([128.0, 512.0, 2000.0, 8192.0])
    found = fitting.prefill(isl, 4.44 + 0.01863 * isl + 6.2e-7 * isl**2)
    assert found.coefficients == pytest.approx((4.44, 0.01863, 6.2e-7))
    assert found.max_error == pytest.approx(0, abs=1e-9)


def test_a_decode_step_is_told_apart_into_its_three_parts() -> None:
    batch, context = (each.ravel() for each in np.meshgrid([1.0, 8.0, 64.0], [500.0, 2000.0]))
    found = fitting.decode(batch, batch * context, 6.63 + 0.0074 * batch + 4.27e-5 * batch * context)
    assert found.coefficients == pytest.approx((6.63, 0.0074, 4.27e-5))


def test_no_coefficient_is_below_zero_where_longer_prompts_took_less_time() -> None:
    found = fitting.prefill(np.array([100.0, 200.0, 400.0]), np.array([30.0, 20.0, 10.0]))
    assert min(found.coefficients) >= 0
    assert found.max_error > found.median_error > 0


def test_a_row_that_stands_for_more_requests_pulls_harder() -> None:
    one, ms = np.ones(2), np.array([10.0, 20.0])
    even = fitting.fitted((one,), ms).coefficients[0]
    assert fitting.fitted((one,), ms, np.array([1.0, 100.0])).coefficients[0] > even


def test_columns_that_move_together_show_in_the_condition_number() -> None:
    batch = np.array([4.0, 8.0, 16.0, 32.0])
    apart = fitting.decode(batch, np.array([9000.0, 2000.0, 64000.0, 4000.0]), 6 + batch)
    together = fitting.decode(batch, batch * 1000.0 + np.array([1.0, -1.0, 1.0, -1.0]), 6 + batch)
    assert together.condition > 100 * apart.condition


def test_without_any_time_there_is_nothing_to_fit() -> None:
    with pytest.raises(ValueError, match="nothing to fit"):
        fitting.prefill(np.zeros(0), np.zeros(0))
