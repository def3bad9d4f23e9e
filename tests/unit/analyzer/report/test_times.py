import json

from analyzer.analysis import Hour
from analyzer.histogram import Quantiles
from analyzer.report import theme, times
from tests.unit.analyzer.report.analyses import MODEL

FLAT = Quantiles(5.0, 5.0, 5.0, 5.0, 5.0)


def rows(spec: str) -> list[dict[str, object]]:
    return [row for values in json.loads(spec)["datasets"].values() for row in values]


def test_an_hour_without_requests_is_a_gap_and_not_a_zero() -> None:
    hours = (Hour(0, 0, None, None, None, None), *MODEL.hours[1:])
    points = [row for row in rows(theme.themed(times.hours_of_day(hours))) if row.get("quantile") and row["x"] == 0.5]
    assert points
    assert all(point["y"] is None for point in points)


def test_hours_are_drawn_with_both_quantiles_of_both_sides() -> None:
    spec = theme.themed(times.hours_of_day(MODEL.hours))
    assert len(json.loads(spec)["vconcat"]) == 3
    assert {1000, 4000, 120, 600} <= {row["y"] for row in rows(spec) if row.get("quantile")}


def test_the_level_that_is_planned_for_stands_out() -> None:
    spec = theme.themed(times.load_levels({"mean": 2.0, "peak to carry": 9.0}, "peak to carry"))
    assert {row["name"]: row["colour"] for row in rows(spec)} == {"mean": theme.BAR, "peak to carry": theme.LIMIT}


def test_each_time_runs_from_its_median_to_p99_9() -> None:
    spec = theme.themed(times.waits({"TTFT": Quantiles(180.0, 420.0, 520.0, 900.0, 2100.0)}, {"TTFT": 500.0}))
    assert {"name": "TTFT", "x": 180.0, "x2": 2100.0} in rows(spec)
    assert {"name": "TTFT", "x": 500.0} in rows(spec)
    assert {row["text"] for row in rows(spec) if "text" in row} == {"p50 180 ms", "p99.9 2.1 s"}


def test_times_that_are_all_alike_can_be_drawn() -> None:
    spec = theme.themed(times.waits({"TTFT": FLAT, "E2E": Quantiles(0.0, 0.0, 0.0, 0.0, 0.0)}, {}))
    assert theme.svg(spec, "waits").startswith("<svg")
