from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from analyzer.demand import Weeks, demand, negative_binomial_p95, peaks, weeks
from analyzer.window import Window
from tests.fakes.shapes import HOUR, SECOND, Request, hours

MONDAY = 1_740_960_000 * SECOND  # 2025-03-03 00:00 UTC
START = datetime(2025, 3, 3, tzinfo=UTC)


def at(hour: float) -> Request:
    return (MONDAY + int(hour * HOUR), 100, 10)


def every_hour(days: int) -> list[Request]:
    return [at(hour + half) for hour in range(24 * days) for half in (0, 0.5)]


def seen(requests: list[Request], days: int, left_out: frozenset[int] = frozenset()) -> Weeks:
    window = Window(START, START + timedelta(days=days), "UTC")
    return weeks(window, hours(sorted(requests)), min(requests)[0], MONDAY + days * 24 * HOUR - 1, left_out)


def test_weeks_end_with_the_window_and_know_what_of_them_was_not_seen() -> None:
    found = seen([one for one in every_hour(16) if one[0] >= MONDAY + 5 * HOUR], 16).weeks
    assert [(week.start.day, week.end.day, week.unseen, week.whole) for week in found] == [
        (26, 5, 125, False), (5, 12, 0, True), (12, 19, 0, True),
    ]  # fmt: skip
    assert found[1].requests == 2 * 168
    assert [len(day) for day in found[1].days] == [24] * 7


def test_no_more_than_eight_weeks_are_looked_at() -> None:
    found = seen([at(24 * day) for day in range(70)], 70)
    assert len(found.weeks) == len(found.whole().weeks) == 8


def test_an_hour_that_is_left_out_was_seen_but_does_not_count() -> None:
    found = seen(every_hour(7), 7, frozenset({MONDAY + 30 * HOUR}))
    (week,) = found.weeks
    assert week.whole
    assert (week.requests, found.seconds[0, 30], found.seconds[0, 31]) == (334, 0, 3600)


def test_a_week_with_a_clock_change_has_an_hour_twice_or_not_at_all() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for begin, slot, length in (
        (datetime(2025, 3, 24, tzinfo=berlin), 146, 0),
        (datetime(2025, 10, 20, tzinfo=berlin), 146, 7200),
    ):
        window = Window(begin, begin + timedelta(days=7), "Europe/Berlin")
        first, last = (int(moment.timestamp()) * SECOND for moment in (window.start, window.end))
        found = weeks(window, hours([(first, 1, 1)]), first, last - 1)
        assert [week.whole for week in found.weeks] == [True]
        assert (found.seconds[0, slot], found.seconds[0, slot - 1]) == (length, 3600)


def test_weeks_can_be_taken_alone_and_left_out() -> None:
    found = seen(every_hour(21), 21)
    assert [week.start.day for week in found.without(1).weeks] == [3, 17]
    assert [week.start.day for week in found.only([2]).weeks] == [17]
    assert found.only([2]).counts.shape == (1, 168, 1)


def bursty(seed: int = 2) -> list[Request]:
    """Two weeks with up to five requests in some seconds, busier from 9 to 18."""
    generator = np.random.default_rng(seed)
    return [
        (MONDAY + hour * HOUR + int(second) * SECOND, 100, 10)
        for hour in range(336)
        for second in generator.integers(0, 3600, 40 if 9 <= hour % 24 < 18 else 10)
        for _ in range(generator.integers(1, 6))
    ]


def test_the_busiest_hour_asks_for_what_demand_says() -> None:
    requests = sorted(bursty())
    window = Window(START, START + timedelta(days=14), "UTC")
    shapes = hours(requests)
    first, last = requests[0][0], requests[-1][0]
    busiest = demand(window, shapes, first, last).busiest
    assert busiest is not None
    found = peaks(weeks(window, shapes, first, last))
    assert found.max() == negative_binomial_p95(busiest.seconds.mean, busiest.seconds.variance)


def made(*hourly: dict[int, int]) -> Weeks:
    """Weeks whose every hour has so many seconds with so many requests."""
    own = seen(every_hour(7 * len(hourly)), 7 * len(hourly))
    values = np.array(sorted({value for week in hourly for value in week}))
    counts = np.array([[[week.get(int(value), 0) for value in values]] * 168 for week in hourly], dtype=np.float64)
    return Weeks(own.weeks, np.full((len(hourly), 168), 3600.0), values, counts)


def test_laws_agree_where_arrivals_are_even_and_differ_where_they_come_in_bursts() -> None:
    even = made({1: 720})
    assert {one for law in ("negative_binomial", "poisson", "busy") for one in peaks(even, law)} == {1}  # type: ignore[arg-type]
    bursts = made({100: 36})  # one second in a hundred
    assert (peaks(bursts, "poisson")[0], peaks(bursts, "negative_binomial")[0], peaks(bursts, "busy")[0]) == (3, 0, 0)


def test_a_weight_of_two_is_a_week_that_came_twice_and_of_none_one_that_did_not_come() -> None:
    quiet_and_busy = made({1: 10}, {1: 3600})
    for weights, busiest in ((np.array([1.0, 0.0]), 0), (np.array([0.0, 1.0]), 1), (np.array([2.0, 1.0]), 1)):
        assert peaks(quiet_and_busy, "busy", np.tile(weights[:, None], 168)).max() == busiest


@pytest.mark.parametrize("law", ["negative_binomial", "poisson", "busy"])
def test_hours_without_a_request_ask_for_nothing(law: str) -> None:
    found = seen([at(0), at(1)], 7)
    assert set(peaks(found, law)) == {0}  # type: ignore[arg-type]  # the three laws, by name
