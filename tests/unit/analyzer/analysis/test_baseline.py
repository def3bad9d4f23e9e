from datetime import timedelta

import pytest

from analyzer.analysis.baseline import baseline, local_days, trends
from analyzer.window import Window
from tests.fakes.shapes import HOUR, hours
from tests.unit.analyzer.patterns.weeks import MONDAY, START, requests, steady

WEEK = Window(START, START + timedelta(days=7), "UTC")


def test_hours_that_an_anomaly_touches_are_left_out_of_the_usual_ones() -> None:
    busy = hours(requests(7, lambda hour: 800 if hour == 60 else 20, steady))
    found = baseline(WEEK, busy, ())
    assert [one.kind for one in found.anomalies] == ["surge"]
    assert found.left_out == {MONDAY + 60 * HOUR}
    assert (found.requests_left_out, found.whole.requests) == (800, 167 * 20)
    assert sum(day.requests for day in found.days) == found.whole.requests
    assert found.history.seconds[2, 12] == 0


def test_the_hours_of_an_outage_are_no_hours_without_demand() -> None:
    quiet = hours(requests(7, lambda hour: 0 if 58 <= hour < 61 else 120, steady))
    found = baseline(WEEK, quiet, ())
    assert [one.kind for one in found.anomalies] == ["outage"]
    assert {MONDAY + hour * HOUR for hour in (58, 59, 60)} <= found.left_out


def test_anomalies_before_the_window_are_not_told_but_left_out_of_its_history() -> None:
    every = hours(requests(14, lambda hour: 800 if hour == 60 else 20, steady))
    second = Window(WEEK.end, WEEK.end + timedelta(days=7), "UTC")
    found = baseline(second, every[168:], every[:168])
    assert (found.anomalies, found.requests_left_out) == ((), 0)
    assert found.history.days == 14
    assert found.history.seconds[2, 12] == 0
    assert found.whole.requests == 168 * 20


@pytest.mark.parametrize(("days", "known"), [(13, False), (21, True)])
def test_trends_take_two_weeks(days: int, known: bool) -> None:
    window = Window(START, START + timedelta(days=days), "UTC")
    found = trends(baseline(window, hours(requests(days, lambda _: 6, steady)), ()))
    assert set(found.drifts) == set(found.shifts) == ({"isl", "osl", "total"} if known else set())


def test_days_are_local() -> None:
    found = local_days(
        Window(START, WEEK.end, "Asia/Shanghai"), hours([(MONDAY + 15 * HOUR, 1, 1), (MONDAY + 16 * HOUR, 1, 1)])
    )
    assert [day.requests for day in found.values()] == [1, 1]


def test_days_that_the_window_cuts_are_counted_but_not_drawn_anew() -> None:
    cut = Window(START + timedelta(hours=15), START + timedelta(days=8, hours=9), "UTC")
    every = hours(requests(9, lambda _: 20, steady))
    inside = [shape for shape in every if MONDAY + 15 * HOUR <= shape.start < MONDAY + (8 * 24 + 9) * HOUR]
    found = baseline(cut, inside, ())
    assert (len(found.days), len(found.whole_days), len(found.by_day)) == (9, 7, 7)
    assert found.whole.requests == (7 * 24 + 18) * 20
    with_earlier = baseline(cut, inside, every[:15])
    assert (len(with_earlier.whole_days), len(with_earlier.by_day)) == (7, 8)
