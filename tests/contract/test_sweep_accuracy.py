"""A measured sweep is predicted from its three lowest rates alone, and two sweeps of other engine arguments with it."""

import pytest

from tests.accuracy.comparison import FITTED, calibrated
from tests.accuracy.measured import Measured, sweeps
from tests.accuracy.predicted import Figures, knee, of_point, predict


@pytest.fixture(scope="module")
def measured() -> dict[str, Measured]:
    return {sweep.name: sweep for sweep in sweeps()}


@pytest.fixture(scope="module")
def first(measured: dict[str, Measured]) -> Measured:
    return measured["seqs_128"]


def both(sweep: Measured, fitted_to: Measured, place: int) -> tuple[Figures, Figures]:
    """What was measured at one load, and what the fit to the other sweep's low rates predicts."""
    point = sweep.points[place]
    return of_point(point), predict(sweep, calibrated(fitted_to).times, point.load or 0)


def test_the_fit_saw_the_three_lowest_rates_and_nothing_else(first: Measured) -> None:
    fitted = calibrated(first)
    assert fitted.requests == sum(point.requests or 0 for point in first.points[:3]) == 60 + 1884 + 3707
    assert [point.load for point in first.points[:3]] == [1.0, 31.4, 61.79]


@pytest.mark.parametrize("place", [4, 5, 6])
def test_saturation_is_within_a_fifth(first: Measured, place: int) -> None:
    truth, predicted = both(first, first, place)
    assert 101 <= truth.rps <= 103.1
    assert predicted.rps == pytest.approx(truth.rps, rel=0.20)


def test_the_time_per_token_below_saturation_is_within_a_fifth(first: Measured) -> None:
    truth, predicted = both(first, first, 3)
    assert truth.itl_mean == pytest.approx(15.41, abs=0.01)
    assert predicted.itl_mean == pytest.approx(truth.itl_mean, rel=0.20)


def test_the_first_token_below_saturation_is_within_three_tenths(first: Measured) -> None:
    truth, predicted = both(first, first, 3)
    assert truth.ttft_p50 == pytest.approx(44.5, abs=0.1)
    assert predicted.ttft_p50 == pytest.approx(truth.ttft_p50, rel=0.30)


def test_the_knee_lies_between_the_rates_that_were_and_were_not_kept_up_with(first: Measured) -> None:
    assert first.knee == (92.19, 122.59)
    assert 92.19 < knee(first, calibrated(first).times, (80.0, 140.0)) < 122.59


@pytest.mark.parametrize("name", ["seqs_192", "prefix_caching"])
@pytest.mark.parametrize("place", [1, 2, 3, 4, 5, 6])
def test_other_engine_arguments_are_predicted_from_the_same_fit(
    measured: dict[str, Measured], first: Measured, name: str, place: int
) -> None:
    truth, predicted = both(measured[name], first, place)
    assert predicted.rps == pytest.approx(truth.rps, rel=0.20), FITTED
    assert predicted.itl_mean == pytest.approx(truth.itl_mean, rel=0.20)
