"""Metrics in OTLP have the names of the conventions, their own units, and the times between which they were counted."""

import pytest
from opentelemetry.sdk.metrics.export import AggregationTemporality, Gauge, Histogram, Metric, Sum
from opentelemetry.sdk.resources import Resource

from exporter.catalog import BY_NAME, METRICS
from exporter.sinks.otlp_metrics import Since, attributes, metrics_data, unit
from exporter.sinks.snapshot import Snapshot
from exporter.sinks.store import Store
from tests.unit.exporter.sinks.measurements import streamed, whole

BEGAN, NOW = 1_000, 9_000


def translated(snapshot: Snapshot, since: Since | None = None) -> dict[str, Metric]:
    data = metrics_data(snapshot, Resource({"service.name": "x"}), "1.2.3", (BEGAN, NOW), since)
    [resource] = data.resource_metrics
    [scope] = resource.scope_metrics
    assert (scope.scope.name, scope.scope.version) == ("tokentide", "1.2.3")
    return {metric.name: metric for metric in scope.metrics}


def test_a_histogram_keeps_its_buckets_and_says_when_counting_began() -> None:
    store = Store()
    store.accept(streamed())
    metric = translated(store.snapshot())["gen_ai.server.time_to_first_token"]
    assert isinstance(metric.data, Histogram)
    assert metric.data.aggregation_temporality is AggregationTemporality.CUMULATIVE
    [point] = metric.data.data_points
    assert (point.count, point.sum, point.start_time_unix_nano, point.time_unix_nano) == (1, 0.03, BEGAN, NOW)
    assert tuple(point.explicit_bounds) == BY_NAME[metric.name].buckets
    assert list(point.bucket_counts).index(1) == 4
    assert (metric.unit, point.min, point.max) == ("s", None, None)
    assert point.attributes == {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "llama",
        "gen_ai.response.model": "llama-3", "server.address": "engine", "server.port": 8000,
    }  # fmt: skip


def test_counters_are_monotonic_sums_and_gauges_and_infos_are_gauges() -> None:
    store = Store()
    store.accept(whole())
    store.set_numbers("tokentide_build_info", {("1.0", "3.11"): 1})
    store.set_numbers("tokentide_recorder_lag_seconds", {(): 0.5})
    told = translated(store.snapshot())
    requests, lag, build = (
        told[f"tokentide_{name}"].data for name in ("requests", "recorder_lag_seconds", "build_info")
    )
    assert isinstance(requests, Sum)
    assert requests.is_monotonic
    assert [point.value for point in requests.data_points] == [1]
    assert isinstance(lag, Gauge)
    assert [point.value for point in lag.data_points] == [0.5]
    assert isinstance(build, Gauge)
    assert [point.attributes for point in build.data_points] == [{"version": "1.0", "python": "3.11"}]


def test_a_family_without_a_series_is_not_told() -> None:
    assert "tokentide_request_input_tokens" not in translated(Store().snapshot())


def test_a_failure_has_its_error_type() -> None:
    store = Store()
    store.accept(whole(http_status=503, outcome="upstream_error"))
    [point] = translated(store.snapshot())["gen_ai.client.operation.duration"].data.data_points
    assert point.attributes is not None
    assert point.attributes["error.type"] == "503"


def test_delta_tells_what_came_since_the_export_before() -> None:
    store = Store()
    first = Snapshot(())
    store.accept(streamed())
    second = store.snapshot()
    store.accept(streamed(input_tokens=3))
    store.accept(whole(model="new"))
    third = store.snapshot()
    [whole_point] = translated(second, Since(first, 2_000))["tokentide_request_input_tokens"].data.data_points
    assert (whole_point.count, whole_point.sum, whole_point.start_time_unix_nano) == (1, 1000, 2_000)  # type: ignore[union-attr]  # a histogram's
    data = translated(third, Since(second, 5_000))
    old, new = data["tokentide_request_input_tokens"].data.data_points
    assert (old.count, old.sum, old.start_time_unix_nano) == (1, 3, 5_000)  # type: ignore[union-attr]  # the same
    assert (new.count, new.sum) == (1, 1000)  # type: ignore[union-attr]  # the same
    requests = data["tokentide_requests"].data
    assert isinstance(requests, Sum)
    assert requests.aggregation_temporality is AggregationTemporality.DELTA
    assert [point.value for point in requests.data_points] == [1, 1]


def test_an_unreadable_port_or_a_missing_one_has_no_attribute() -> None:
    names = ("gen_ai_operation_name", "server_address", "server_port", "error_type")
    assert attributes(names, ("chat", "", "", "")) == {"gen_ai.operation.name": "chat"}
    assert attributes(("model", "isl_le"), ("", "8")) == {"model": "", "isl_le": "8"}


@pytest.mark.parametrize(
    ("ours", "theirs"), [("s", "s"), ("bytes", "By"), ("", ""), ("{token}", "{token}"), ("requests", "{requests}")]
)
def test_units_are_ucum(ours: str, theirs: str) -> None:
    assert unit(ours) == theirs


def test_a_unit_that_a_collector_adds_to_a_name_stands_in_it_already() -> None:
    """The collector appends `seconds` and `bytes` for Prometheus unless the name has them, and nothing for `{…}`."""
    for metric in METRICS:
        word = {"s": "seconds", "By": "bytes"}.get(unit(metric.unit), "")
        assert word in metric.prometheus
        assert unit(metric.unit) in {"s", "By", ""} or unit(metric.unit).startswith("{")
