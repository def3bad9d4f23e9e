import dataclasses

import numpy as np
import pytest

from analyzer.patterns.anomalies import Anomaly, anomalies
from analyzer.shape import Endings
from tests.fakes.shapes import SECOND, Request, hours
from tests.unit.analyzer.patterns.weeks import moment, of_shapes, requests, week

CALM = requests(8, lambda hour: 60 if 8 <= hour % 24 < 20 else 20)


def burst(day: int, hour: float, number: int, seconds: int, isl: int | None = None) -> list[Request]:
    """`number` requests over `seconds`, of one input length or of many."""
    generator = np.random.default_rng(9)
    step = seconds * SECOND // number
    lengths = generator.lognormal(6, 0.7, number).astype(int).tolist()
    return [(moment(day, hour) + i * step, isl or lengths[i], 50) for i in range(number)]


def kinds(found: tuple[Anomaly, ...]) -> list[str]:
    return [one.kind for one in found]


def test_traffic_without_anything_planted_has_no_anomaly() -> None:
    assert anomalies(week(CALM)) == ()


def test_a_surge_is_found_to_the_minute() -> None:
    (found,) = anomalies(week(CALM + burst(3, 10.25, 600, 5400)))
    assert (found.kind, found.start, found.end) == ("surge", moment(3, 10.25), moment(3, 11.75))
    assert "times as many requests" in found.what
    assert found.touches(moment(3, 10))
    assert found.touches(moment(3, 11))
    assert not found.touches(moment(3, 12))
    assert not found.touches(moment(3, 9))


def test_a_surge_of_one_and_the_same_length_is_a_retry_storm() -> None:
    (found,) = anomalies(week(CALM + burst(3, 10.25, 600, 1800, isl=1234)))
    assert found.kind == "retry_storm"
    assert "input length of 1,234 tokens" in found.what


def test_a_surge_of_requests_that_fail_is_a_retry_storm() -> None:
    shapes = hours(sorted(CALM + burst(3, 10.25, 600, 1800)))
    failing = [
        dataclasses.replace(shape, endings=Endings(0, 0, 500)) if shape.start == moment(3, 10) else shape
        for shape in shapes
    ]
    assert kinds(anomalies(of_shapes(tuple(failing)))) == ["retry_storm"]


def test_hours_in_which_most_requests_fail_are_an_outage() -> None:
    shapes = hours(requests(8, lambda _: 120))
    failing = [
        dataclasses.replace(shape, endings=Endings(0, 0, 100))
        if shape.start in {moment(3, 10), moment(3, 11)}
        else shape
        for shape in shapes
    ]
    (found,) = anomalies(of_shapes(tuple(failing)))
    assert (found.kind, found.start, found.end) == ("outage", moment(3, 10), moment(3, 12))


def test_a_silence_is_an_outage() -> None:
    busy = [request for request in requests(8, lambda _: 120) if not moment(4, 9) <= request[0] < moment(4, 12)]
    (found,) = anomalies(week(busy))
    assert (found.kind, found.start, found.end) == ("outage", moment(4, 9), moment(4, 12))


def test_requests_that_are_suddenly_longer_are_a_surge_although_they_are_no_more() -> None:
    longer = [
        (at, isl * 8 if moment(3, 10) <= at < moment(3, 12) else isl, osl)
        for at, isl, osl in requests(8, lambda _: 120)
    ]
    (found,) = anomalies(week(longer))
    assert (found.kind, found.start, found.end) == ("surge", moment(3, 10), moment(3, 12))
    assert "times as long" in found.what


@pytest.mark.parametrize("days", [(0, 7), (1, 2)])
def test_what_comes_back_is_no_anomaly(days: tuple[int, ...]) -> None:
    """The same burst at the same hour of two days: every Monday, or on two days running."""
    assert anomalies(week(CALM + [request for day in days for request in burst(day, 10, 600, 3000)])) == ()


def test_traffic_that_always_swings_has_to_swing_more() -> None:
    """Hours that differ by a factor of ten from day to day: four times the usual is usual."""
    generator = np.random.default_rng(4)
    swing = generator.lognormal(4, 0.8, 24 * 8)
    assert anomalies(week(requests(8, lambda hour: max(1, int(swing[hour]))))) == ()


def test_jobs_that_run_at_another_hour_each_day_are_how_the_traffic_is() -> None:
    jobs = [request for day in range(8) for request in burst(day, 2 * day + 1, 600, 3000)]
    assert anomalies(week(CALM + jobs)) == ()


def test_days_that_are_too_few_are_not_judged() -> None:
    few = [request for request in CALM + burst(1, 10, 600, 3000) if request[0] < moment(3, 0)]
    assert anomalies(week(few)) == ()


def test_the_same_traffic_has_the_same_anomalies() -> None:
    days = week(CALM + burst(3, 10.25, 600, 5400))
    assert anomalies(days) == anomalies(days)
