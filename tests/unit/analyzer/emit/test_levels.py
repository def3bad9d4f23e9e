"""Replicas over the week as nested levels."""

from dataclasses import replace

import pytest

from analyzer.emit import Recommendation, SeasonPlan
from analyzer.emit.levels import at_night, levels, replicas, within_tolerance
from tests.unit.analyzer.emit.cases import VLLM, one_number, over_the_week, two_nodes
from tests.unit.analyzer.emit.test_cron import open_hours


def planned(*seasons: tuple[tuple[int, ...], int]) -> Recommendation:
    made = tuple(SeasonPlan(f"season {place}", hours, VLLM, number) for place, (hours, number) in enumerate(seasons))
    return replace(one_number(), replicas=1, seasons=made)


@pytest.mark.parametrize("recommendation", [over_the_week(), two_nodes(), planned(((1, 2), 4), ((3, 167), 2))])
def test_the_most_of_all_open_windows_is_what_the_hour_needs(recommendation: Recommendation) -> None:
    by_hour = recommendation.replicas_by_hour()
    held = [min(by_hour)] * 168
    for level in levels(recommendation):
        for hour in open_hours(level.windows):
            held[hour] = max(held[hour], level.replicas)
    assert tuple(held) == by_hour


def test_a_level_names_its_seasons_and_those_above_it() -> None:
    assert [level.sentence for level in levels(over_the_week())] == [
        "At least 2 replicas (working days 9-18, evenings and weekends).",
        "At least 3 replicas (working days 9-18).",
    ]


def test_hours_of_no_season_have_a_level_without_a_name() -> None:
    quiet = replace(planned((tuple(range(24)), 1)), replicas=2)
    assert [level.sentence for level in levels(quiet)] == ["At least 2 replicas."]


def test_one_number_has_no_levels() -> None:
    assert levels(one_number()) == ()
    assert levels(planned((tuple(range(168)), 1))) == ()


@pytest.mark.parametrize(
    ("low", "high", "near"), [(20, 21, True), (1, 40, True), (9, 10, True), (8, 9, False), (1, 2, False)]
)
def test_from_ten_replicas_on_an_autoscaler_may_stop_near_a_level(low: int, high: int, near: bool) -> None:
    """At 40 wanted and 38 there 40 / 38 = 1.05 is within 10 %; at 9 wanted and 8 there 9 / 8 = 1.125 is not."""
    assert within_tolerance(levels(replace(planned(((1,), high)), replicas=low))) is near


@pytest.mark.parametrize(
    ("hours", "night"),
    [
        ((9, 10, 11), False),
        ((22, 23, 24, 25), True),
        ((8, 9, 10, 11, 12), False),
        (tuple(range(4, 23)), False),
        ((3,), True),
    ],
)
def test_windows_that_begin_or_end_in_the_first_hours_of_a_day_are_at_night(
    hours: tuple[int, ...], night: bool
) -> None:
    assert at_night(levels(planned((hours, 2)))) is night


def test_replicas_are_counted_in_words() -> None:
    assert [replicas(number) for number in (1, 2, 1000)] == ["1 replica", "2 replicas", "1,000 replicas"]
