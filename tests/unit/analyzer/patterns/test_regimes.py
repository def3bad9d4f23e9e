import pytest

from analyzer.patterns.regimes import regimes
from analyzer.shape import Thresholds
from tests.unit.analyzer.patterns.weeks import by_day_and_night, requests, steady, week


def test_a_mix_that_follows_the_week_is_found_and_named() -> None:
    found = regimes(week(requests(14, lambda _: 110, by_day_and_night)), Thresholds())
    assert (found.verdict, found.k) == ("recurring", 2)
    planted = tuple(int(9 <= hour % 24 < 18 and hour < 120) for hour in range(168))
    assert found.labels == planted
    night, day = found.kinds
    assert day.name == "long-in/short-out, weekday mornings and afternoons"
    assert night.name.startswith("short-in/long-out, ")
    assert day.hours_of_week == tuple(hour for hour in range(168) if planted[hour])
    assert day.whole.requests == 14 * 24 * 110 - night.whole.requests == 2 * 45 * 110
    assert day.mean_rps == pytest.approx(110 / 3600, rel=1e-3)


def test_within_one_week_the_hours_of_the_day_are_compared() -> None:
    found = regimes(week(requests(5, lambda _: 60, by_day_and_night)), Thresholds())
    assert found.verdict == "recurring"
    assert found.labels is not None
    assert found.labels[:24] * 7 == found.labels
    assert found.labels[8:10] == (0, 1)


def test_lengths_that_know_no_hour_have_no_regimes() -> None:
    found = regimes(week(requests(7, lambda hour: 60 if 9 <= hour % 24 < 18 else 20, steady)), Thresholds())
    assert (found.verdict, found.k, found.labels, found.kinds) == ("none", None, None, ())
    assert found.repeat_p is not None
    assert found.repeat_p.mix > 0.01


@pytest.mark.parametrize(("days", "tested"), [(1, False), (2, True), (4, True)])
def test_fewer_than_five_days_are_too_little(days: int, tested: bool) -> None:
    found = regimes(week(requests(days, lambda _: 60, by_day_and_night)), Thresholds())
    assert found.verdict == "too_little_traffic"
    assert (found.repeat_p is not None) is tested


def test_a_handful_of_requests_an_hour_is_too_little_to_divide() -> None:
    found = regimes(week(requests(7, lambda _: 12, by_day_and_night)), Thresholds())
    assert found.verdict == "too_little_traffic"
    assert "too few to compare the hours of the day" in found.reason


def test_the_same_traffic_has_the_same_regimes() -> None:
    days = week(requests(5, lambda _: 60, by_day_and_night))
    first, second = regimes(days, Thresholds()), regimes(days, Thresholds())
    assert (first.labels, first.reason, first.repeat_p) == (second.labels, second.reason, second.repeat_p)
