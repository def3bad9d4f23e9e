from analyzer.advise.bounds import LengthTarget
from analyzer.advise.capacity import StatedCapacity
from analyzer.advise.held_out import by_day, try_limit, try_plan
from analyzer.histogram import Histogram
from tests.unit.analyzer.advise.planned_weeks import REQUESTS, flat, made, office, week

ONE = StatedCapacity(rps_per_replica=1)


def test_a_week_like_the_others_is_carried_and_saves() -> None:
    weeks = made([office()] * 3)
    tried = try_plan(weeks.only([0, 1]), weeks.only([2]), ONE)
    assert tried.holds
    assert tried.carried.worst_seconds_share >= 0.95
    assert 0.5 < tried.saving < 0.7


def test_a_week_whose_nights_are_busy_does_not_fit_the_plan_of_the_others() -> None:
    weeks = made([office(), office(), flat(4.0)])
    tried = try_plan(weeks.only([0, 1]), weeks.only([2]), ONE)
    assert not tried.holds
    assert tried.carried.worst_seconds_share < 0.5


def test_the_saving_is_against_what_a_calm_week_itself_would_have_needed() -> None:
    weeks = made([office(), office(), flat(0.2)])
    tried = try_plan(weeks.only([0, 1]), weeks.only([2]), ONE)
    assert tried.carried.worst_seconds_share >= 0.95
    assert tried.saving < 0
    assert not tried.holds


def test_a_limit_is_tried_on_requests_that_it_was_not_learnt_from() -> None:
    past, target = [Histogram.of([(100, 100)])], LengthTarget(0.05)
    tried = try_limit(past, [Histogram.of([(100, 30), (500, 10)]), Histogram.of([(128, 1)])], target)
    assert tried is not None
    assert (tried.limit, tried.over, tried.requests) == (128, 10, 41)


def test_too_few_requests_give_no_limit_to_try() -> None:
    assert try_limit([Histogram.of([(100, 58)])], [Histogram.of([(100, 58)])], LengthTarget(0.05)) is None


def test_the_lengths_of_a_week_come_day_by_day() -> None:
    found = by_day(week(0, 70), "total")
    assert [day.items() for day in found] == [[(80, REQUESTS)]] * 7
