"""An OTLP receiver that somebody else wrote (`oteltest`), on a free port, which keeps what it gets."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from oteltest.sink import GrpcSink, HttpSink
from oteltest.sink.handler import RequestHandler

from tests.fakes.processes import eventually, free_port


@dataclass(frozen=True, slots=True)
class Export:
    """One request of an exporter: its message, and its headers with lower-case names."""

    message: Any
    headers: Mapping[str, str]


class Kept(RequestHandler):  # type: ignore[misc]  # the library has no types
    """Keeps every export."""

    def __init__(self) -> None:
        self.metrics: list[Export] = []
        self.spans: list[Export] = []

    def handle_metrics(self, request: Any, headers: Mapping[str, str]) -> None:
        self.metrics.append(Export(request, {name.lower(): value for name, value in headers.items()}))

    def handle_trace(self, request: Any, headers: Mapping[str, str]) -> None:
        self.spans.append(Export(request, {name.lower(): value for name, value in headers.items()}))

    def handle_logs(self, request: Any, headers: Mapping[str, str]) -> None:
        raise AssertionError("nobody exports logs")


class Receiver:
    """Listens for one protocol, `http` or `grpc`."""

    def __init__(self, protocol: str, port: int | None = None) -> None:
        self.kept = Kept()
        port = port or free_port()
        self.url = f"http://127.0.0.1:{port}"
        log = logging.getLogger("oteltest")
        self._sink = HttpSink(self.kept, log, port) if protocol == "http" else GrpcSink(self.kept, log, port=port)
        self._sink.start()
        if protocol == "http":
            eventually(lambda: self._sink.httpd is not None, "the receiver's start")

    def stop(self) -> None:
        self._sink.stop()

    def metrics(self) -> Iterator[Metric]:
        """All metrics of all exports, in the order of their arrival."""
        for export in list(self.kept.metrics):
            for group in export.message.resource_metrics:
                for scope in group.scope_metrics:
                    yield from scope.metrics

    def spans(self) -> Iterator[Span]:
        """All spans of all exports."""
        for export in list(self.kept.spans):
            for group in export.message.resource_spans:
                for scope in group.scope_spans:
                    yield from scope.spans

    def resources(self) -> list[dict[str, Any]]:
        """What each export said of its sender."""
        groups = [group for export in self.kept.metrics for group in export.message.resource_metrics]
        groups += [group for export in self.kept.spans for group in export.message.resource_spans]
        return [plain(group.resource.attributes) for group in groups]


def plain(attributes: Any) -> dict[str, Any]:
    """Attributes as a dictionary."""
    return {each.key: _value(each) for each in attributes}


def _value(pair: KeyValue) -> Any:
    kind = pair.value.WhichOneof("value")
    if kind == "array_value":
        return [each.string_value for each in pair.value.array_value.values]
    return getattr(pair.value, kind)
