import numpy as np
import pytest

from analyzer.advise.drift import drift
from analyzer.histogram import Histogram
from tests.fakes.shapes import histogram

MONDAY = 739_313  # the ordinal number of 2025-03-03


def days(
    number: int, p99: float = 1000, growth: float = 0.0, noise: float = 0.02, weekend: float = 1.0
) -> list[tuple[int, Histogram]]:
    """Days of 200 requests whose p99 grows by `growth` tokens a week, on weekends times `weekend`."""
    generator = np.random.default_rng(12)
    found = []
    for day in range(number):
        level = (p99 + growth * day / 7) * (weekend if day % 7 >= 5 else 1) * generator.normal(1, noise)
        found.append((MONDAY + day, histogram([10] * 190 + [int(level)] * 10)))
    return found


def test_growth_is_found_in_tokens_per_week() -> None:
    found = drift(days(28, growth=200))
    assert found is not None
    assert found.per_week == pytest.approx(200, rel=0.15)
    assert found.interval[0] < found.per_week < found.interval[1]
    assert found.sure
    assert found.growth == pytest.approx(1 + found.per_week / 1300, rel=0.05)


def test_a_weekend_that_differs_is_no_drift() -> None:
    """Three weeks that begin on a Monday: plain slopes would see lengths fall at their end."""
    found = drift(days(21, weekend=0.3, noise=0.05))
    assert found is not None
    assert not found.sure
    assert found.growth == 1


def test_lengths_that_fall_do_not_lower_limits() -> None:
    found = drift(days(28, p99=3000, growth=-300))
    assert found is not None
    assert found.sure
    assert found.per_week == pytest.approx(-300, rel=0.15)
    assert found.growth == 1


def test_chance_is_called_drift_as_seldom_as_the_test_promises() -> None:
    """200 months without drift, the noise of another seed each: about one in twenty is called sure, not more."""
    generator = np.random.default_rng(20)
    sure = 0
    for _ in range(200):
        month = [
            (MONDAY + day, histogram([int(level)] * 100)) for day, level in enumerate(generator.normal(5000, 500, 28))
        ]
        found = drift(month)
        assert found is not None
        sure += found.sure
    assert 2 <= sure <= 20


@pytest.mark.parametrize("number", [0, 1, 13])
def test_less_than_two_weeks_say_nothing(number: int) -> None:
    assert drift(days(number)) is None


def test_days_with_few_requests_have_no_tail() -> None:
    few = [(day, histogram([5] * 99)) for day, _ in days(20)]
    assert drift(few) is None


def test_a_side_without_tokens_does_not_drift() -> None:
    """As the output of reranking and scoring."""
    found = drift([(MONDAY + day, histogram([0] * 200)) for day in range(21)])
    assert found is not None
    assert (found.per_week, found.share_per_week, found.sure) == (0, 0, False)
