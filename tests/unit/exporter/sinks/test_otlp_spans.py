"""A kept request becomes a span with the attributes of the GenAI conventions, in the right place of its trace."""

from dataclasses import replace

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from exporter.observe.observation import Measurement
from exporter.observe.trace import Trace
from exporter.sinks.otlp_spans import Spans
from exporter.sinks.sampling import Sampling
from tests.unit.exporter.sinks.measurements import streamed, whole

CLIENTS = Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=True)
BEGUN = Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=False, ours=True)


def spans(*measurements: Measurement, trace: Trace | None = CLIENTS, share: float = 1.0) -> list[ReadableSpan]:
    sink = Spans("openai", Sampling(share), Resource({}), "1.2.3")
    for measurement in measurements:
        sink.accept(replace(measurement, trace=trace, duration_us=110_500))
    return sink.take()


def test_a_span_has_the_names_of_the_conventions_and_the_times_of_the_request() -> None:
    [span] = spans(streamed(finish_reason="stop", n=1, reasoning_tokens=2, cached_input_tokens=600))
    assert (span.name, span.kind, span.status.status_code) == ("chat llama", SpanKind.CLIENT, StatusCode.UNSET)
    start = streamed().record.timestamp * 1000
    assert (span.start_time, span.end_time) == (start, start + 110_500_000)
    assert dict(span.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "llama",
        "gen_ai.response.model": "llama-3",
        "gen_ai.request.stream": True,
        "gen_ai.request.max_tokens": 64,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.time_to_first_chunk": 0.03,
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.reasoning.output_tokens": 2,
        "gen_ai.usage.cache_read.input_tokens": 600,
        "server.address": "engine",
        "server.port": 8000,
        "http.response.status_code": 200,
        "tokentide.request_id": "request-1",
    }


def test_a_failure_is_an_error_with_its_type() -> None:
    [span] = spans(whole(http_status=429, outcome="refused", error_type="rate_limit_error", n=3))
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes is not None
    assert span.attributes["error.type"] == "rate_limit_error"
    assert span.attributes["gen_ai.request.choice.count"] == 3
    assert "gen_ai.response.finish_reasons" not in span.attributes


def test_responses_and_messages_are_chat_and_other_paths_make_no_span() -> None:
    made = spans(whole(operation="messages"), whole(operation="other"), whole(operation="embeddings", model=None))
    assert [span.name for span in made] == ["chat llama", "embeddings"]


def test_the_span_is_a_child_of_the_client_s() -> None:
    [span] = spans(whole())
    context, parent = span.context, span.parent
    assert context is not None
    assert parent is not None
    assert f"{context.trace_id:032x}" == CLIENTS.trace_id
    assert f"{parent.span_id:016x}" == CLIENTS.span_id
    assert context.span_id != parent.span_id
    assert context.trace_flags.sampled


def test_where_the_relay_began_the_trace_the_span_is_the_root_of_which_the_engine_was_told() -> None:
    [span] = spans(whole(), trace=BEGUN)
    assert span.context is not None
    assert f"{span.context.span_id:016x}" == BEGUN.span_id
    assert span.parent is None


def test_a_trace_that_nobody_keeps_makes_no_span() -> None:
    assert spans(whole(), trace=replace(CLIENTS, sampled=False)) == []
    assert spans(whole(), trace=BEGUN, share=0.0) == []
    assert spans(whole(), trace=None) == []


def test_spans_that_find_no_room_are_dropped_and_counted() -> None:
    sink = Spans("openai", Sampling(1.0), Resource({}), "1.2.3", limit=3)
    for i in range(5):
        sink.accept(replace(whole(model=f"m{i}"), trace=CLIENTS))
    assert (sink.waiting, sink.dropped) == (3, 2)
    assert [span.name for span in sink.take(2)] == ["chat m0", "chat m1"]
    sink.lost(2)
    assert (sink.waiting, sink.dropped) == (1, 4)


def test_an_invented_name_cannot_make_a_span_large() -> None:
    [span] = spans(whole(model="m" * 10_000, response_model="r" * 10_000))
    assert len(span.name) < 150
    assert span.attributes is not None
    assert max(len(str(value)) for value in span.attributes.values()) <= 128
