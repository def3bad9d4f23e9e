"""The OTLP form of a request: a span with the attributes of the GenAI conventions, made after the request's end."""

import random
import threading
from collections import deque
from typing import Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from exporter.observe.observation import Measurement
from exporter.observe.trace import Trace
from exporter.record import RequestRecord
from exporter.sinks.facts import MICROSECONDS, failure, streamed
from exporter.sinks.labels import LONGEST, gen_ai_operation, server
from exporter.sinks.sampling import Sampling

Attribute = str | int | float | bool | tuple[str, ...]
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)


class Spans:
    """A sink that makes a span of each request whose trace is kept, and holds at most `limit` of them until taken.

    `provider` is the value of `gen_ai.provider.name`. Operations that the conventions do not name make no span.
    """

    def __init__(self, provider: str, sampling: Sampling, resource: Resource, version: str, limit: int = 4096) -> None:
        self._provider = provider
        self._sampling = sampling
        self._resource = resource
        self._scope = InstrumentationScope("tokentide", version)
        self._limit = limit
        self._lock = threading.Lock()
        self._waiting: deque[ReadableSpan] = deque()
        self.dropped = 0
        """Spans that were lost, because there was no room or nobody took them."""

    def accept(self, measurement: Measurement) -> None:
        """Takes one finished request."""
        trace = measurement.trace
        if trace is None or not self._sampling.keeps(trace):
            return
        operation = gen_ai_operation(measurement.record.operation)
        if operation is None:
            return
        if len(self._waiting) >= self._limit:
            self.lost(1)
            return
        span = self._span(measurement, trace, operation)
        with self._lock:
            self._waiting.append(span)

    @property
    def waiting(self) -> int:
        """Spans that wait to be taken."""
        return len(self._waiting)

    def lost(self, count: int) -> None:
        """Counts spans that were taken and could not be delivered."""
        with self._lock:
            self.dropped += count

    def take(self, most: int = 512) -> list[ReadableSpan]:
        """The oldest spans that wait, `most` at once; they wait no longer."""
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def _span(self, measurement: Measurement, trace: Trace, operation: str) -> ReadableSpan:
        record = measurement.record
        model = (record.model or "")[:LONGEST]
        error = failure(record)
        start = record.timestamp * 1000
        return ReadableSpan(
            f"{operation} {model}" if model else operation,
            *_contexts(trace),
            self._resource,
            {**_attributes(record), "gen_ai.operation.name": operation, "gen_ai.provider.name": self._provider},
            kind=SpanKind.CLIENT,
            status=Status(StatusCode.ERROR if error else StatusCode.UNSET),
            start_time=start,
            end_time=start + measurement.duration_us * 1000,
            instrumentation_scope=self._scope,
        )


def _contexts(trace: Trace) -> tuple[SpanContext, SpanContext | None]:
    """The span's own context and its parent's.

    Where the relay began the trace, the engine was told the id of a span that nobody has made: ours. Else the engine
    and we are both children of the client's span.
    """
    trace_id, span_id = int(trace.trace_id, 16), int(trace.span_id, 16)
    if trace.ours:
        return SpanContext(trace_id, span_id, is_remote=False, trace_flags=_SAMPLED), None
    own = random.getrandbits(64) or 1
    parent = SpanContext(trace_id, span_id, is_remote=True, trace_flags=_SAMPLED)
    return SpanContext(trace_id, own, is_remote=False, trace_flags=_SAMPLED), parent


def _attributes(record: RequestRecord) -> dict[str, Attribute]:
    """What the record knows, under the names of the conventions; there is no content in it."""
    address, port = server(record.upstream)
    ttft = record.ttft_us
    known: dict[str, Attribute | None] = {
        "gen_ai.request.model": (record.model or "")[:LONGEST] or None,
        "gen_ai.response.model": (record.response_model or "")[:LONGEST] or None,
        "gen_ai.request.stream": streamed(record),
        "gen_ai.request.max_tokens": record.max_tokens,
        "gen_ai.request.choice.count": record.n if record.n != 1 else None,
        "gen_ai.response.finish_reasons": (record.finish_reason,) if record.finish_reason else None,
        "gen_ai.response.time_to_first_chunk": ttft / MICROSECONDS if ttft is not None else None,
        "gen_ai.usage.input_tokens": record.input_tokens,
        "gen_ai.usage.output_tokens": record.output_tokens,
        "gen_ai.usage.reasoning.output_tokens": record.reasoning_tokens,
        "gen_ai.usage.cache_read.input_tokens": record.cached_input_tokens,
        "server.address": address or None,
        "server.port": int(port) if port else None,
        "http.response.status_code": record.http_status,
        "error.type": failure(record) or None,
        "tokentide.request_id": record.request_id or None,
    }
    return {name: value for name, value in known.items() if value is not None}
