"""Exports hand over what there is, keep what was not taken where that is possible, and say why it was not."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from exporter.observe.trace import Trace
from exporter.sinks.otlp import Endpoint, MetricsExport, Reasons, SpansExport, metric_exporter, resource, span_exporter
from exporter.sinks.otlp_spans import Spans
from exporter.sinks.sampling import Sampling
from exporter.sinks.store import Store
from tests.unit.exporter.sinks.measurements import whole


class KeptMetrics(MetricExporter):
    """Takes exports as the script says, and keeps those that it took."""

    def __init__(self, *script: bool) -> None:
        super().__init__()
        self.script = list(script)
        self.taken: list[MetricsData] = []

    def export(self, metrics_data: MetricsData, timeout_millis: float = 0, **kwargs: Any) -> MetricExportResult:
        if self.script and not self.script.pop(0):
            return MetricExportResult.FAILURE
        self.taken.append(metrics_data)
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 0) -> bool:
        return True

    def shutdown(self, timeout_millis: float = 0, **kwargs: Any) -> None:
        pass

    def counted(self, name: str) -> list[tuple[int, int, float]]:
        """Start, end and value of the one series of a counter in each export."""
        found = []
        for data in self.taken:
            [metric] = [each for each in data.resource_metrics[0].scope_metrics[0].metrics if each.name == name]
            [point] = metric.data.data_points
            found.append((point.start_time_unix_nano, point.time_unix_nano, point.value))  # type: ignore[union-attr]  # a sum's
        return found


class KeptSpans(SpanExporter):
    """The same for spans."""

    def __init__(self, *script: bool) -> None:
        self.script = list(script)
        self.taken: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self.script and not self.script.pop(0):
            return SpanExportResult.FAILURE
        self.taken += spans
        return SpanExportResult.SUCCESS


class Clock:
    """Each look is a thousand nanoseconds later."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        self.now += 1000
        return self.now


@pytest.fixture
def quiet() -> Iterator[None]:
    """The library's log as it was before."""
    log = logging.getLogger("opentelemetry")
    before = list(log.handlers), log.propagate
    yield
    log.handlers[:], log.propagate = before


def three(*script: bool, delta: bool) -> tuple[list[bool], KeptMetrics]:
    """Three exports with one request before each."""
    store, exporter = Store(), KeptMetrics(*script)
    export = MetricsExport(exporter, store.snapshot, Resource({}), "1", delta=delta, clock=Clock())
    answers = []
    for _ in range(3):
        store.accept(whole())
        answers.append(export())
    return answers, exporter


def test_cumulative_exports_count_from_the_start() -> None:
    answers, exporter = three(True, False, True, delta=False)
    assert answers == [True, False, True]
    assert exporter.counted("tokentide_requests") == [(1000, 2000, 1), (1000, 4000, 3)]


def test_what_an_endpoint_did_not_take_is_in_the_next_delta() -> None:
    answers, exporter = three(True, False, True, delta=True)
    assert answers == [True, False, True]
    assert exporter.counted("tokentide_requests") == [(1000, 2000, 1), (2000, 4000, 2)]


def test_spans_are_handed_over_until_none_waits() -> None:
    spans, exporter = waiting(1300)
    assert SpansExport(exporter, spans)() is True
    assert SpansExport(exporter, spans)() is None
    assert (len(exporter.taken), spans.waiting, spans.dropped) == (1300, 0, 0)


def test_spans_that_were_not_taken_are_lost_and_counted() -> None:
    spans, exporter = waiting(1300, True, False)
    assert SpansExport(exporter, spans)() is False
    assert (len(exporter.taken), spans.waiting, spans.dropped) == (512, 276, 512)


def waiting(count: int, *script: bool) -> tuple[Spans, KeptSpans]:
    spans = Spans("openai", Sampling(), Resource({}), "1")
    for _ in range(count):
        spans.accept(replace(whole(), trace=Trace("ab" * 16, "cd" * 8, sampled=True)))
    return spans, KeptSpans(*script)


def test_a_reason_is_taken_from_the_library_s_log_and_told_once(
    quiet: None, capsys: pytest.CaptureFixture[str]
) -> None:
    reasons = Reasons()
    log = logging.getLogger("opentelemetry.exporter.otlp.proto.http.metric_exporter")
    log.warning("Transient error %s", "x")
    log.error("Failed to export\nmetrics: %s.", "refused" * 100)
    told = reasons.latest()
    assert told.startswith("Failed to export metrics: refused")
    assert len(told) == 200
    assert reasons.latest() == "the endpoint did not take them"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_the_exporters_are_those_of_the_protocol(protocol: str) -> None:
    endpoint = Endpoint("http://127.0.0.1:1/", protocol, 1.0, {"x-token": "secret"})
    exporters = (metric_exporter(endpoint), span_exporter(endpoint))
    for exporter in exporters:
        assert f".{protocol}." in type(exporter).__module__
        exporter.shutdown()
    assert "secret" not in repr(exporters)


def test_a_sidecar_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    named = resource("here", "1.2.3").attributes
    assert named["service.name"] == "tokentide"
    assert (named["service.instance.id"], named["service.version"]) == ("here", "1.2.3")
    assert named["deployment.environment.name"] == "test"
