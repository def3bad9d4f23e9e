"""Whatever the bodies of a request and of its answer hold, they end in one record and never in an exception."""

import gzip
import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict

import brotli
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialect.table import find
from exporter.observe.exchange import Exchange
from exporter.observe.observation import Observation
from exporter.observe.recorder import Recorder
from exporter.sinks.parquet import table
from exporter.sinks.spool import encode
from exporter.wire.events import (
    Aborted,
    Event,
    RequestBody,
    RequestEnded,
    RequestStarted,
    ResponseBody,
    ResponseEnded,
    ResponseRun,
    ResponseStarted,
)
from tests.fakes.observing import Words
from tests.fakes.transcripts import FOLDER
from tests.fuzz.effort import effort
from tests.fuzz.grammar import bent, pieces, places

KEYS = [
    "model", "messages", "content", "role", "text", "type", "stream", "stream_options", "include_usage", "prompt", "n",
    "max_tokens", "max_completion_tokens", "tools", "function", "tool_calls", "arguments", "name", "functions", "usage",
    "choices", "index", "delta", "message", "finish_reason", "prompt_tokens", "completion_tokens", "total_tokens",
    "prompt_tokens_details", "cached_tokens", "completion_tokens_details", "reasoning_tokens", "reasoning_content",
    "reasoning", "refusal", "error", "code", "object", "token_ids", "prompt_token_ids", "metrics", "queue_time_ms",
    "response_format", "json_schema", "suffix", "echo", "function_call", "error_type", "x",
    "input", "instructions", "output", "response", "delta", "item", "status", "previous_response_id", "system",
    "input_schema", "content_block", "input_tokens", "output_tokens", "stop_reason", "text_input", "text_output",
    "parameters", "exclude_input_in_output", "num_output_tokens", "inputs", "token", "special", "details",
    "generated_text", "generated_tokens", "best_of_sequences", "input_ids", "output_ids", "meta_info",
    "sampling_params", "documents", "query", "data", "results",
]  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.text(max_size=8),
    st.sampled_from([2**31, -(2**63), 2**64, 10**400, 1e308, 0.5, float("nan")]),
    st.sampled_from(["stop", "error", "gpt-4o", "\ud800", "\x00", "x" * 300, "é😀"]),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6)
CAPTURED = [path.read_bytes() for path in sorted(FOLDER.glob("*/*")) if path.suffix in {".sse", ".json"}]
DEEP = [b"[" * 5000, b'{"a":' * 5000, b'{"messages":[' + b"[" * 900 + b"]" * 900 + b"]}", b'{"choices":' * 300]


@st.composite
def likely(draw: st.DrawFn) -> dict[str, object]:
    """An object with the outline of a request or an answer, and anything in its places."""
    choice = {"index": draw(LEAVES), "delta": draw(VALUES), "message": draw(VALUES), "text": draw(VALUES)}
    return {
        "model": draw(LEAVES),
        "messages": [{"role": "user", "content": draw(VALUES)}, draw(VALUES)],
        "prompt": draw(VALUES),
        "choices": [choice | draw(OBJECTS), draw(VALUES)],
        "usage": draw(st.one_of(OBJECTS, LEAVES)),
    } | draw(OBJECTS)


texts = st.one_of(OBJECTS, VALUES, likely()).map(lambda value: json.dumps(value).encode())
bodies = st.one_of(texts, texts.flatmap(bent), st.binary(max_size=60), st.sampled_from(DEEP), st.sampled_from(CAPTURED))
streams = st.lists(st.one_of(bodies, st.just(b"[DONE]")), max_size=5).map(
    lambda events: b"".join(b"data: " + event + b"\n\n" for event in events)
)
CODINGS = {
    "gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstd.compress, "br": brotli.compress, "identity": bytes,
    "gzip, gzip": bytes,
}  # fmt: skip
TARGETS = [
    "/v1/chat/completions", "/v1/chat/completions", "/v1/completions", "/v1/completions?x=\xff", "/v1/responses",
    "/v1/messages", "/v1/embeddings", "/v1/rerank", "/v2/models/m/generate", "/v2/models/m/generate_stream",
    "/generate", "/generate_stream", "/", "/other", "",
]  # fmt: skip


@st.composite
def coded(draw: st.DrawFn, plain: bytes) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """Headers and body: perhaps compressed, perhaps not as the header says."""
    coding = draw(st.sampled_from([None, None, *CODINGS]))
    if coding is None:
        return (), plain
    return (("content-encoding", coding),), CODINGS[coding](plain) if draw(st.integers(0, 3)) else plain


names = st.text(st.characters(max_codepoint=255), max_size=200)


@st.composite
def exchanges(draw: st.DrawFn) -> list[Event]:
    """The events of an exchange that may break off anywhere."""
    target = draw(st.sampled_from(TARGETS))
    headers, body = draw(coded(draw(bodies)))
    trace = (("traceparent", draw(names)),)
    events: list[Event] = [RequestStarted("POST", target, headers + trace, draw(names), "e:1", 1, 1)]
    events += [RequestBody(piece) for piece in pieces(body, draw(places))]
    events.append(RequestEnded())
    kind = draw(st.sampled_from(["text/event-stream", "Text/Event-Stream ; x", "application/json", "\xff", ""]))
    plain = draw(streams if "event" in kind.lower() else bodies)
    headers, body = draw(coded(plain))
    events.append(
        ResponseStarted(draw(st.sampled_from([200, 200, 204, 400, 503, 100])), (("content-type", kind), *headers))
    )
    events += [ResponseBody(piece) for piece in pieces(body, draw(places))]
    events = events[: draw(st.sampled_from([len(events), len(events), draw(st.integers(1, len(events)))]))]
    return [
        *events,
        draw(st.sampled_from([ResponseEnded(), Aborted("client", "reset"), Aborted("upstream", "closed")])),
    ]


def observe(events: Sequence[Event], step: int) -> Observation:
    exchange = Exchange(find, body_limit=100_000)
    for number, event in enumerate(events[:-1]):
        assert exchange.receive(event, number * step) is None
    observation = exchange.receive(events[-1], len(events) * step)
    assert observation is not None
    return observation


@effort(150)
@given(exchanges())
def test_what_is_told_in_runs_is_what_is_told_piece_by_piece(events: list[Event]) -> None:
    exchange = Exchange(find, body_limit=100_000)
    run: list[tuple[int, bytes]] = []
    observation = None
    for number, event in enumerate(events, 1):
        at = number if number == len(events) else number - 1
        if isinstance(event, ResponseBody):
            run.append((at, event.data))
            continue
        if run:
            exchange.receive(ResponseRun(run), run[-1][0])
            run = []
        observation = exchange.receive(event, at)
    assert observation == observe(events, 1)


@effort(150)
@given(exchanges(), st.sampled_from([0, 1, 1_000_000]), st.booleans())
def test_any_bodies_end_in_a_record(events: list[Event], step: int, beside: bool) -> None:
    observation = observe(events, step)
    measurement = Recorder("i", "full").measure(observation, Words(), 5, beside=beside)
    for name, value in asdict(measurement.record).items():
        if isinstance(value, int) and not isinstance(value, bool):
            limit = 63 if name == "timestamp" or name.endswith("_us") else 31
            assert 0 <= value < 1 << limit, f"{name} does not fit its column"
    entry = encode(measurement.record, ("r", 1))
    assert len(table([asdict(measurement.record)])) == 1
    assert len(entry) < 20_000, "a record holds text"
