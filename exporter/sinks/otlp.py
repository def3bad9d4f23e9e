"""Metrics and spans to an OTLP endpoint, through the OpenTelemetry SDK's exporters."""

import logging
import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from logging.handlers import QueueHandler
from typing import Final

from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from exporter.sinks.otlp_metrics import Since, metrics_data
from exporter.sinks.otlp_spans import Spans
from exporter.sinks.snapshot import Snapshot

_MOST_POINTS: Final = 4000
"""Data points in one message: receivers refuse gRPC messages above 4 MiB, and a point takes some hundred bytes."""
_LONGEST_REASON: Final = 200


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to export to; `protocol` is `http` (protobuf over HTTP) or `grpc`. The headers are secrets."""

    url: str
    protocol: str
    timeout_seconds: float
    headers: Mapping[str, str]


def resource(instance: str, version: str) -> Resource:
    """This sidecar as OpenTelemetry names it; OTEL_RESOURCE_ATTRIBUTES may add to it."""
    return Resource.create({"service.name": "tokentide", "service.instance.id": instance, "service.version": version})


def metric_exporter(endpoint: Endpoint) -> MetricExporter:
    """The SDK's exporter of metrics; gRPC takes 40 MB of memory, so it is loaded where it is asked for only."""
    if endpoint.protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc  # noqa: PLC0415 - see above

        return grpc.OTLPMetricExporter(
            endpoint.url,
            headers=dict(endpoint.headers),
            timeout=endpoint.timeout_seconds,
            max_export_batch_size=_MOST_POINTS,
        )
    from opentelemetry.exporter.otlp.proto.http import metric_exporter as http  # noqa: PLC0415 - the same

    return http.OTLPMetricExporter(
        f"{endpoint.url.rstrip('/')}/v1/metrics",
        headers=dict(endpoint.headers),
        timeout=endpoint.timeout_seconds,
        max_export_batch_size=_MOST_POINTS,
    )


def span_exporter(endpoint: Endpoint) -> SpanExporter:
    """The SDK's exporter of spans."""
    if endpoint.protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc  # noqa: PLC0415 - see above

        return grpc.OTLPSpanExporter(endpoint.url, headers=dict(endpoint.headers), timeout=endpoint.timeout_seconds)
    from opentelemetry.exporter.otlp.proto.http import trace_exporter as http  # noqa: PLC0415 - the same

    return http.OTLPSpanExporter(
        f"{endpoint.url.rstrip('/')}/v1/traces", headers=dict(endpoint.headers), timeout=endpoint.timeout_seconds
    )


class Reasons:
    """Why the SDK's exporters failed: they tell the log only, from where it is taken so that it is not told twice."""

    def __init__(self) -> None:
        self._said: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
        log = logging.getLogger("opentelemetry")
        log.addHandler(QueueHandler(self._said))
        log.propagate = False

    def latest(self) -> str:
        """The latest sentence as one short line; what was said before is forgotten."""
        said = "the endpoint did not take them"
        while not self._said.empty():
            said = self._said.get().getMessage()
        return " ".join(said.split())[:_LONGEST_REASON].rstrip(".")


class MetricsExport:
    """Hands over all metrics: everything since the start, or with `delta` since what the endpoint took last.

    `clock` tells nanoseconds since the epoch; counting began when this is made.
    """

    def __init__(
        self,
        exporter: MetricExporter,
        snapshot: Callable[[], Snapshot],
        about: Resource,
        version: str,
        *,
        delta: bool,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._exporter = exporter
        self._snapshot = snapshot
        self._resource = about
        self._version = version
        self._clock = clock
        self._began = clock()
        self._since = Since(Snapshot(()), self._began) if delta else None

    def __call__(self) -> bool:
        """Exports once; whether the endpoint took it."""
        snapshot, now = self._snapshot(), self._clock()
        data = metrics_data(snapshot, self._resource, self._version, (self._began, now), self._since)
        taken = self._exporter.export(data) is MetricExportResult.SUCCESS
        if taken and self._since is not None:
            self._since = Since(snapshot, now)
        return taken


class SpansExport:
    """Hands over the spans that wait."""

    def __init__(self, exporter: SpanExporter, spans: Spans) -> None:
        self._exporter = exporter
        self._spans = spans

    def __call__(self) -> bool | None:
        """Exports until no span waits; those that the endpoint does not take are lost, and counted.

        None where none waited.
        """
        if not self._spans.waiting:
            return None
        while batch := self._spans.take():
            if self._exporter.export(batch) is not SpanExportResult.SUCCESS:
                self._spans.lost(len(batch))
                return False
        return True
