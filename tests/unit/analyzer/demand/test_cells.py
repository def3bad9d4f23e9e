import dataclasses
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from scipy import stats

from analyzer.demand import Bins, Demand, demand, poisson_p95
from analyzer.shape import Residency
from analyzer.window import Window
from tests.fakes.shapes import HOUR, SECOND, Request, histogram, hours

MONDAY = 1_740_960_000 * SECOND  # 2025-03-03 00:00 UTC
START = datetime(2025, 3, 3, tzinfo=UTC)


def window(days: int, timezone: str = "UTC") -> Window:
    start = START.astimezone(ZoneInfo(timezone)).replace(hour=0)
    return Window(start, start + timedelta(days=days), timezone)


def every_second(hour: int, number: int = 3600, rate: int = 1) -> list[Request]:
    return [(MONDAY + hour * HOUR + second * SECOND, 1, 1) for second in range(number) for _ in range(rate)]


def found(requests: list[Request], days: int, left_out: frozenset[int] = frozenset()) -> Demand:
    shapes = hours(requests)
    return demand(window(days), shapes, shapes[0].first, shapes[-1].last, left_out)


def test_hours_without_requests_count_in_their_cell() -> None:
    """Two days, hour 0 busy on one of them only; hour 1 of the second day is never seen whole."""
    cell = found([*every_second(0), (MONDAY + 25 * HOUR + 5, 1, 1)], 2).busiest
    assert cell is not None
    assert (cell.name, cell.days) == ("00:00 to 01:00", 2)
    assert (cell.seconds.bins, cell.seconds.mean) == (7200, 0.5)


def test_the_rhythm_of_the_day_is_no_burstiness_inside_a_cell() -> None:
    """Ten requests in every second of one hour, one in every second of the others."""
    requests = [*every_second(0), *every_second(1, rate=10), *every_second(2)]
    asked = found(requests, 1)
    assert asked.busiest is not None
    assert asked.busiest.seconds.dispersion == 0
    assert asked.busiest.arrivals[0].negative_binomial_p95 == stats.poisson.ppf(0.95, 10)
    assert asked.window[0].dispersion is not None
    assert asked.window[0].dispersion > 4


def test_bins_of_one_ten_and_sixty_seconds_are_observed_side_by_side() -> None:
    """Two requests in every even second: 10 in ten seconds, 60 in a minute, whatever the law says about one second."""
    requests = [(MONDAY + second * SECOND, 1, 1) for second in range(0, 3600, 2) for _ in range(2)]
    one, ten, sixty = found([*requests, (MONDAY + 3599 * SECOND, 1, 1)], 1).window
    assert (one.seconds, one.observed_p50, one.observed_p95, one.observed_max) == (1, 1, 2, 2)
    assert (ten.seconds, ten.observed_p50, ten.observed_p95) == (10, 10, 10)
    assert (sixty.seconds, sixty.observed_p95, sixty.observed_max) == (60, 60, 61)


@pytest.mark.parametrize(("seconds", "per_second"), [(1, 77.0), (10, 68.2), (60, 65.7)])
def test_longer_bins_need_less_headroom(seconds: int, per_second: float) -> None:
    """Poisson arrivals at 64 a second, the sizing course's example."""
    assert round(poisson_p95(64 * seconds) / seconds, 1) == per_second


def test_hours_that_are_left_out_are_neither_busy_nor_empty() -> None:
    requests = [*every_second(0, rate=9), *every_second(24), *every_second(48)]
    asked = found(requests, 3, left_out=frozenset({MONDAY}))
    assert asked.busiest is not None
    assert (asked.busiest.days, asked.busiest.seconds.mean) == (2, 1)
    assert asked.window[0].observed_max == 1


def test_a_trace_shorter_than_an_hour_has_no_busiest_cell() -> None:
    assert found(every_second(0, 600), 1).busiest is None


def test_over_two_weeks_cells_are_hours_of_the_week_shrunk_towards_their_like() -> None:
    """03:00 has a request a second on one Tuesday, is empty on the other nine working days: 0.5, and one day of 0.1."""
    requests = [*every_second(27), (MONDAY + 14 * 24 * HOUR - 1, 1, 1)]
    asked = found([(MONDAY, 1, 1), *requests], 14)
    assert asked.busiest is not None
    assert asked.busiest.name == "Tuesday 03:00 to 04:00"
    assert asked.busiest.seconds == Bins(3 * 3600, 3600 + 360, 3600 + 360)
    assert asked.busiest.seconds.mean == pytest.approx((2 * 0.5 + 0.1) / 3)


@pytest.mark.parametrize(("day", "seconds"), [((10, 26), 7200), ((3, 30), 0)])
def test_an_hour_that_the_clocks_repeat_is_seen_twice_and_one_they_skip_never(
    day: tuple[int, int], seconds: int
) -> None:
    """In Berlin the hour from 2 comes twice on 2025-10-26, and not at all on 2025-03-30."""
    berlin = ZoneInfo("Europe/Berlin")
    midnight = datetime(2025, *day, tzinfo=berlin)
    start, end = (int(moment.timestamp()) for moment in (midnight, (midnight + timedelta(days=1))))
    requests = [(second * SECOND, 1, 1) for second in range(start, end)]
    two = frozenset(shape.start for shape in hours(requests))
    local = Window(midnight, midnight + timedelta(days=1), "Europe/Berlin")
    others = frozenset(at for at in two if local.local(at).hour != 2)
    asked = demand(local, hours(requests), start * SECOND, end * SECOND - 1, others)
    assert sum(one.mean * 3600 for one in asked.window[:1]) == (3600 if seconds else 0)
    assert (asked.busiest.seconds.bins if asked.busiest else 0) == seconds


def test_requests_in_flight_are_weighted_by_time() -> None:
    (shape,) = hours(every_second(0))
    busy = dataclasses.replace(shape, in_flight=histogram([]))
    assert demand(window(1), [busy], busy.first, busy.last).in_flight is None
    levels = dataclasses.replace(
        shape,
        in_flight=shape.in_flight.of([(1, 900 * SECOND), (4, 2 * SECOND)]),
        residency=Residency(908 * SECOND, 908 * SECOND * 4200),
    )
    asked = demand(window(1), [levels], levels.first, levels.last).in_flight
    assert asked is not None
    assert asked.mean == pytest.approx(908 / 3600)
    assert (asked.p50, asked.p95, asked.max) == (0, 1, 4)
    assert asked.tokens_held == 2100
