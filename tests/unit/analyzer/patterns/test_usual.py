import numpy as np

from analyzer.patterns.usual import NARROWEST, usual
from tests.unit.analyzer.patterns.weeks import requests, week

WEEK = week(requests(7, lambda _: 1))


def figure(days: dict[int, float], hour: int = 9) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """NaN but at one hour of the days named."""
    found = np.full((7, 24), np.nan)
    for day, value in days.items():
        found[day, hour] = value
    return found


def test_a_working_day_is_compared_with_the_other_working_days() -> None:
    found = usual(WEEK, figure({0: 1, 1: 2, 2: 3, 3: 40, 4: 5, 5: 600, 6: 700}))
    assert (found.most[3, 9], found.median[3, 9]) == (5, 2.5)
    assert (found.most[0, 9], found.median[0, 9]) == (40, 4)


def test_a_weekend_day_is_compared_with_all_days_where_weekends_are_few() -> None:
    found = usual(WEEK, figure({0: 1, 1: 2, 2: 3, 3: 4, 4: 5, 5: 6, 6: 7}))
    assert (found.most[5, 9], found.median[5, 9]) == (7, 3.5)


def test_fewer_than_three_other_days_say_nothing() -> None:
    found = usual(WEEK, figure({0: 1, 1: 2}))
    assert np.isnan(found.most).all()
    assert found.spread == NARROWEST


def test_the_spread_is_robust_against_the_hour_that_stands_out() -> None:
    """Every hour is 20 % off in one direction or the other; one is fifty times as much."""
    rows = np.tile([0.8, 1.25], (7, 12))
    rows[1::2] = rows[1::2, ::-1]
    calm = usual(WEEK, rows).spread
    rows[2, 2] = 50
    assert NARROWEST < calm <= usual(WEEK, rows).spread < 2 * calm
