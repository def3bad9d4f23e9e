from datetime import UTC, datetime, timedelta

import pytest

from analyzer.advise.bounds import LengthTarget
from analyzer.advise.capacity import StatedCapacity
from analyzer.analysis import Analysis, Questions, Recorded, analyse
from analyzer.analysis.argument import coverage, hours_of_day
from analyzer.shape import Caller, Thresholds, Traffic
from analyzer.window import Window
from tests.fakes.shapes import HOUR, SECOND, Request, hours

MONDAY = 1_740_960_000 * SECOND  # 2025-03-03 00:00 UTC
DAY = Window(datetime(2025, 3, 3, tzinfo=UTC), datetime(2025, 3, 4, tzinfo=UTC), "UTC")


def at(hour: float, isl: int = 100, osl: int = 10) -> Request:
    return (MONDAY + int(hour * HOUR), isl, osl)


def traffic(*requests: Request, callers: tuple[Caller, ...] = ()) -> Traffic:
    return Traffic(hours(requests), callers, None, None)


def analysis(one: Traffic, window: Window = DAY, stated: StatedCapacity | None = None) -> Analysis:
    recorded = Recorded(one.hours[0].first, one.hours[-1].last, {"no_model": 2})
    return analyse(window, recorded, {"m": one}, {"m": Questions(LengthTarget(0.05), stated)}, Thresholds())


def test_hours_before_the_first_record_are_missing_and_those_without_traffic_are_empty() -> None:
    recorded = Recorded(MONDAY + 3 * HOUR, MONDAY + 20 * HOUR + 5, {})
    found = coverage(DAY, recorded, {"m": traffic(at(5), at(5.5), at(9))})
    assert (found.requests, found.missing_hours, found.empty_hours) == (3, 6, 16)


def test_a_window_without_any_record_is_missing_altogether() -> None:
    found = coverage(DAY, Recorded(None, None, {"no_model": 7}), {})
    assert (found.missing_hours, found.empty_hours, found.set_aside) == (24, 0, {"no_model": 7})


@pytest.mark.parametrize("shift", [-48, 48])
def test_records_that_lie_elsewhere_do_not_cover_the_window(shift: int) -> None:
    recorded = Recorded(MONDAY + shift * HOUR, MONDAY + (shift + 2) * HOUR, {})
    assert coverage(DAY, recorded, {}).missing_hours == 24


def test_an_hour_in_which_another_model_was_asked_is_not_empty() -> None:
    recorded = Recorded(MONDAY, MONDAY + 2 * HOUR - 1, {})
    both = {"m": traffic(at(0)), "n": traffic(at(1))}
    assert coverage(DAY, recorded, both).empty_hours == 0


def test_hours_of_the_day_are_local_and_there_are_24_of_them() -> None:
    shanghai = Window(DAY.start, DAY.end, "Asia/Shanghai")
    found = hours_of_day(shanghai, hours([at(0, isl=5), at(0.1, isl=7), at(24.2, isl=9)]))
    assert [hour.hour for hour in found] == list(range(24))
    assert (found[8].requests, found[8].isl_p50, found[8].isl_p99, found[8].osl_p50) == (3, 7, 9, 10)
    assert (found[9].requests, found[9].isl_p50) == (0, None)


def test_every_model_is_analysed_and_the_same_input_gives_the_same_output() -> None:
    one = traffic(*(at(i / 100, isl=i, osl=i % 7) for i in range(300)), callers=(Caller("c", 30),))
    first, second = analysis(one), analysis(one)
    assert first == second
    model = first.models["m"]
    assert model.requests == model.isl.max + 1 == 300
    assert model.clients is not None
    assert model.clients[0].share == 0.1
    assert first.coverage.set_aside == {"no_model": 2}


def test_without_stated_throughput_there_is_no_capacity() -> None:
    assert analysis(traffic(at(0), at(1))).models["m"].capacity is None


def test_capacity_is_sized_for_the_busiest_hour_of_the_day() -> None:
    """One request a second in hour 9, one a minute elsewhere."""
    quiet = [at(h + m / 60) for h in range(24) for m in range(60)]
    busy = [at(9 + s / 3600) for s in range(3600)]
    found = analysis(traffic(*sorted(quiet + busy)), stated=StatedCapacity(rps_per_replica=1))
    model = found.models["m"]
    assert model.capacity is not None
    assert model.capacity.peak_rps == 3  # Poisson with a mean of 1.02: the seconds are less than Poisson dispersed
    assert model.rate.poisson_p95_1s == 1
    assert "busiest hours (09:00 to 10:00)" in model.evidence[-1].sentence


def test_over_two_weeks_the_busiest_hour_is_one_of_the_week() -> None:
    fortnight = Window(DAY.start, DAY.start + timedelta(days=14), "UTC")
    tuesdays = [at(24 * day + 3 + s / 3600) for day in (1, 8) for s in range(3600)]
    requests = [at(h) for h in range(14 * 24)] + tuesdays
    found = analysis(traffic(*sorted(requests)), fortnight, StatedCapacity(rps_per_replica=1))
    assert "(Tuesday 03:00 to 04:00)" in found.models["m"].evidence[-1].sentence


def test_a_trace_shorter_than_an_hour_is_sized_as_a_whole() -> None:
    found = analysis(traffic(*(at(i / 1000) for i in range(100))), stated=StatedCapacity(rps_per_replica=1))
    assert "the seconds of the window" in found.models["m"].evidence[-1].sentence


def test_a_handful_of_requests_asks_for_no_replicas_and_says_so() -> None:
    found = analysis(traffic(at(0.1), at(0.2)), stated=StatedCapacity(rps_per_replica=1)).models["m"]
    assert found.capacity is None
    assert found.evidence[-1].sentence == "2 requests are too few for a length bound, and so for a count of replicas."


def test_a_model_whose_throughput_nobody_states_is_told_where_to_state_it() -> None:
    one = traffic(*(at(i / 1000) for i in range(100)))
    recorded = Recorded(one.hours[0].first, one.hours[-1].last, {})
    asked = {"m": Questions(LengthTarget(0.05), None, stated_for="n")}
    found = analyse(DAY, recorded, {"m": one}, asked, Thresholds()).models["m"]
    assert found.capacity is None
    assert "is used for n, which has the most requests" in found.evidence[-1].sentence
    assert '[models."m".capacity]' in found.evidence[-1].sentence


def test_every_figure_has_its_evidence() -> None:
    one = traffic(*(at(i / 100) for i in range(300)))
    figures = {e.figure for e in analysis(one, stated=StatedCapacity(rps_per_replica=1)).models["m"].evidence}
    assert figures == {
        "requests", "isl", "osl", "total", "joint", "query_patterns", "rate", "hours", "clients", "latency",
        "lengths.max_input_len", "lengths.max_output_len", "lengths.max_seq_len", "lengths.over_share",
        "lengths.right_censored", "lengths.drift_per_week", "capacity.replicas", "anomalies", "regimes", "demand",
        "seasons",
    }  # fmt: skip


def test_a_surge_is_told_and_left_out_of_what_is_estimated_but_not_of_what_is_counted() -> None:
    """Ten requests of 100 tokens in each hour of a week, and 1,000 of 9,000 tokens in one of them."""
    week = Window(DAY.start, DAY.start + timedelta(days=7), "UTC")
    usual = [at(h + i / 10, isl=100) for h in range(7 * 24) for i in range(10)]
    surge = [at(60.5 + s / 7200, isl=9000) for s in range(1000)]
    model = analysis(traffic(*sorted(usual + surge)), week).models["m"]
    assert (model.requests, model.isl.max, model.rate.peak_60s) == (2680, 9000, 121)
    (found,) = model.anomalies
    assert found.kind in {"surge", "retry_storm"}
    assert week.local(found.start).isoformat() == "2025-03-05T12:30:00+00:00"
    assert model.lengths.isl_bound == 100
    assert model.demand.window[2].observed_max == 1
    told = {e.figure: e for e in model.evidence}
    assert (
        "1 anomaly was found: the hours that they touch, with the 1,010 requests in them" in told["anomalies"].sentence
    )
    assert told["lengths.max_seq_len"].requests == 1670


def test_the_weeks_before_the_window_tell_what_is_usual_but_are_not_counted() -> None:
    """The window is one day, in which nothing could be compared; three days before it have ten requests an hour."""
    earlier = hours([at(h + i / 10 - 72) for h in range(72) for i in range(10)])
    today = traffic(
        *sorted([at(h + i / 10) for h in range(24) for i in range(10)] + [at(9 + s / 3600) for s in range(900)])
    )
    recorded = Recorded(today.hours[0].first, today.hours[-1].last, {})
    asked = {"m": Questions(LengthTarget(0.05), None)}
    alone = analyse(DAY, recorded, {"m": today}, asked, Thresholds()).models["m"]
    found = analyse(DAY, recorded, {"m": today}, asked, Thresholds(), {"m": earlier}).models["m"]
    assert (alone.anomalies, alone.requests, found.requests) == ((), 1140, 1140)
    assert [one.kind for one in found.anomalies] == ["retry_storm"]  # all have one input length
    assert {e.figure: e.days for e in found.evidence}["regimes"] == 4


def test_seasons_are_learnt_from_the_weeks_before_the_window_too() -> None:
    """Four weeks in which the hours from 9 to 12 are busy; the window is the last of them."""
    every = hours([at(h + i / 60) for h in range(28 * 24) for i in range(60 if 9 <= h % 24 < 12 else 1)])
    start = DAY.start + timedelta(days=21)
    window = Window(start, start + timedelta(days=7), "UTC")
    last = Traffic(tuple(one for one in every if one.start >= MONDAY + 21 * 24 * HOUR), (), None, None)
    earlier = tuple(one for one in every if one.start < MONDAY + 21 * 24 * HOUR)
    asked = {"m": Questions(LengthTarget(0.05), StatedCapacity(rps_per_replica=1))}
    recorded = Recorded(every[0].first, every[-1].last, {})
    alone = analyse(window, recorded, {"m": last}, asked, Thresholds()).models["m"].seasons
    found = analyse(window, recorded, {"m": last}, asked, Thresholds(), {"m": earlier}).models["m"].seasons
    assert alone is not None
    assert found is not None
    assert (alone.verdict, found.verdict) == ("too_little_traffic", "none")  # one replica carries even the busy hours


def test_requests_outside_the_window_are_counted_and_told() -> None:
    one = traffic(at(5), at(6))
    recorded = Recorded(one.hours[0].first, one.hours[-1].last, {}, outside={"m": 3, "n": 4})
    found = analyse(DAY, recorded, {"m": one}, {"m": Questions(LengthTarget(), None)}, Thresholds())
    assert found.coverage.outside == 7
    told = {e.figure: e.sentence for e in found.models["m"].evidence}
    assert told["window.outside"].startswith("3 requests lie outside the window")


def test_days_are_counted_on_the_local_clock() -> None:
    shanghai = Window(DAY.start, DAY.end, "Asia/Shanghai")
    one = traffic(at(15), at(16))
    assert analysis(one).models["m"].evidence[0].days == 1
    assert analysis(one, shanghai).models["m"].evidence[0].days == 2
