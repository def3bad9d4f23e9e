from datetime import timedelta

import pytest

from analyzer.advise.bounds import LengthTarget
from analyzer.marginals import MarginalAnalysis, Marginals, analyse
from analyzer.window import Window
from tests.fakes.marginals import HOUR_US, marginals
from tests.fakes.recordings import MONDAY

MONDAY_US = int(MONDAY.timestamp()) * 1_000_000
DAY = Window(MONDAY, MONDAY + timedelta(days=1), "UTC")


def answered(window: Window = DAY, **models: Marginals) -> MarginalAnalysis:
    return analyse(window, models, dict.fromkeys(models, LengthTarget()))


def at(hour: int) -> int:
    return MONDAY_US + hour * HOUR_US


def test_requests_rates_and_hours_are_counted() -> None:
    analysis = answered(m=marginals({at(3): ([50] * 7200, [10] * 7200), at(4): ([150] * 3600, [10] * 3600)}))
    model = analysis.models["m"]
    assert (model.requests, model.mean_rps, model.peak_hour_rps, model.peak_hour) == (10_800, 1.5, 2, at(3))
    assert (model.isl.p50, model.isl.p99, model.isl.mean) == (100, 200, pytest.approx(250 / 3))
    by_hour = {hour.hour: hour for hour in model.hours}
    assert (by_hour[3].requests, by_hour[3].isl_p99, by_hour[4].isl_p50, by_hour[5].isl_p50) == (7200, 100, 200, None)
    assert len(model.hours) == 24


def test_hours_outside_of_the_window_are_counted_apart() -> None:
    analysis = answered(m=marginals({at(-1): ([1] * 5, [1] * 5), at(0): ([1], [1]), at(24): ([1] * 7, [1] * 7)}))
    assert (analysis.requests, analysis.outside) == (1, 12)


def test_empty_hours_are_told_from_missing_ones() -> None:
    analysis = answered(m=marginals({at(2): ([1], [1]), at(3): ([], []), at(5): ([1], [1])}))
    assert (analysis.empty_hours, analysis.missing_hours) == (2, 20)


def test_hours_are_those_of_the_local_clock() -> None:
    tokyo = Window(DAY.start, DAY.end, "Asia/Tokyo")
    analysis = answered(tokyo, m=marginals({at(0): ([1], [1])}))
    assert [hour.hour for hour in analysis.models["m"].hours if hour.requests] == [9]


def test_a_model_without_a_request_is_none() -> None:
    analysis = answered(m=marginals({at(0): ([], [])}), n=marginals({at(0): ([1], [1])}))
    assert list(analysis.models) == ["n"]
    assert answered().models == {}
    assert answered().missing_hours == 24


def test_the_evidence_says_what_buckets_cannot_say() -> None:
    evidence = {one.figure: one.sentence for one in answered(m=marginals({at(0): ([1], [1])})).models["m"].evidence}
    assert "histogram m" in evidence["requests"]
    assert "one of 4 buckets" in evidence["isl"]
    for unknown in ("total", "joint", "query_patterns"):
        assert evidence[unknown].startswith("Not known")
