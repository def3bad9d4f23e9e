"""The replicas of each hour of the week."""

from dataclasses import replace

from analyzer.emit import SeasonPlan
from tests.unit.analyzer.emit.cases import EVENINGS, NIGHTS, VLLM, WORK, one_number, over_the_week


def test_without_seasons_one_number_serves_all_hours() -> None:
    assert one_number().replicas_by_hour() == (2,) * 168


def test_each_hour_has_the_replicas_of_its_season() -> None:
    by_hour = over_the_week().replicas_by_hour()
    assert {by_hour[hour] for hour in WORK} == {3}
    assert {by_hour[hour] for hour in EVENINGS} == {2}
    assert {by_hour[hour] for hour in NIGHTS} == {1}


def test_hours_of_no_season_keep_the_replicas_for_all_hours_and_none_is_a_number_too() -> None:
    closed = replace(over_the_week(), seasons=(SeasonPlan("closed", (5, 6), VLLM, 0),))
    by_hour = closed.replicas_by_hour()
    assert (by_hour[4], by_hour[5], by_hour[6], by_hour[7]) == (3, 0, 0, 3)


def test_where_seasons_overlap_the_most_replicas_count() -> None:
    both = (SeasonPlan("a", (1,), VLLM, 5), SeasonPlan("b", (1, 2), VLLM, 4))
    assert replace(over_the_week(), seasons=both).replicas_by_hour()[1:3] == (5, 4)
