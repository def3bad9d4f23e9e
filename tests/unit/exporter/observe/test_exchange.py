import gzip
import json
import zlib
from bisect import bisect_left
from dataclasses import replace
from itertools import accumulate
from typing import Any

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialect.base import Usage
from exporter.dialect.table import find
from exporter.observe.client import Clients
from exporter.observe.exchange import Exchange
from exporter.observe.trace import Trace
from exporter.wire.events import RequestBody, RequestEnded, RequestStarted, ResponseBody, ResponseEnded, ResponseStarted
from tests.fakes.transcripts import JSON, MS, SSE, Script, cut, load, names, paced, sse

REQUEST = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}


def frame(text: str, **more: object) -> dict[str, object]:
    return {"model": "real", "choices": [{"index": 0, "delta": {"content": text}}], **more}


FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
STREAM = sse(frame("a"), frame("b"), FINISH)


@pytest.mark.parametrize("name", names())
def test_what_engines_send_is_observed(name: str) -> None:
    transcript = load(name)
    observation = transcript.script.observe()
    expected: dict[str, Any] = dict(transcript.observation)
    contents = observation.contents
    seen: dict[str, Any] = {
        "texts": [content.text for content in contents],
        "kinds": [content.kind for content in contents],
        "completions": [content.index for content in contents],
        "tokens": [content.tokens for content in contents],
        "ats_ms": [content.at / MS for content in contents],
        "failures": list(observation.failures),
        "usage": observation.usage and list(observation.usage),
    }
    for field in expected.keys() - seen.keys():
        seen[field] = getattr(observation, field)
    if "prompt" in expected and observation.prompt is not None:
        prompt = {field: getattr(observation.prompt, field) for field in expected["prompt"]}
        seen["prompt"] = prompt | ({"texts": [list(text) for text in prompt["texts"]]} if "texts" in prompt else {})
    expected = {"failures": [], **expected}
    assert {field: seen[field] for field in expected} == expected


SIZES = st.lists(st.integers(0, 40), min_size=1, max_size=5).filter(any)
CODINGS = {
    "identity": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstd.compress,
    "br": brotli.compress,
}


@given(
    st.sampled_from(names()),
    SIZES,
    st.sampled_from(sorted(CODINGS)),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.booleans(),
)
def test_any_way_of_cutting_and_coding_a_body_gives_the_same_observation(
    name: str, sizes: list[int], coding: str, line_end: bytes, blank: bool
) -> None:
    script = load(name).script
    body = b"".join(data for _, data in script.reads)
    whole = replace(script, reads=[(60, body)])
    if b"\ndata:" in body:
        body = body.replace(b"\n", line_end)
        body = body.replace(b"data: ", b"data:") if not blank else body
    headers = {**(script.headers or {}), "content-encoding": coding}
    pieces = [(60, piece) for piece in cut(CODINGS[coding](body), sizes)]
    assert replace(script, reads=pieces, headers=headers).observe() == whole.observe()


@given(st.sampled_from(names()), SIZES)
def test_an_event_has_the_time_of_the_read_that_completed_it(name: str, sizes: list[int]) -> None:
    """The time of a read is how many bytes there are up to its end."""
    script = load(name).script
    ends = list(accumulate(len(data) for _, data in script.reads))
    whole = replace(script, reads=[(end, data) for end, (_, data) in zip(ends, script.reads, strict=True)])
    pieces = cut(b"".join(data for _, data in script.reads), sizes)
    times = list(accumulate(len(piece) for piece in pieces))
    observed = replace(whole, reads=list(zip(times, pieces, strict=True))).observe()
    expected = whole.observe()
    moved = [each._replace(at=times[bisect_left(times, each.at // MS)] * MS) for each in expected.contents]
    assert observed == replace(expected, contents=tuple(moved))


def test_times_are_those_of_the_bytes() -> None:
    observation = Script(paced(STREAM, 50, 10), REQUEST, ended_ms=95).observe()
    assert (observation.received, observation.sent, observation.first_byte) == (0, 2 * MS, 40 * MS)
    assert [content.at for content in observation.contents] == [50 * MS, 60 * MS]
    assert observation.ended == 80 * MS, "the last body byte, not the end of the connection"


def test_an_event_arrives_with_its_last_byte() -> None:
    first, rest = STREAM[0][:20], STREAM[0][20:]
    observation = Script([(50, first), (57, rest), *paced(STREAM[1:], 70)], REQUEST).observe()
    assert observation.contents[0].at == 57 * MS


def test_events_in_one_read_arrive_together() -> None:
    observation = Script([(50, b"".join(STREAM))], REQUEST).observe()
    assert [content.at for content in observation.contents] == [50 * MS, 50 * MS]


def test_a_last_event_without_a_blank_line_arrives_with_the_last_byte() -> None:
    reads = [(50, STREAM[0]), (61, json.dumps(FINISH | frame("b")).join(["data: ", ""]).encode())]
    observation = Script(reads, REQUEST, ended_ms=99).observe()
    assert [content.at for content in observation.contents] == [50 * MS, 61 * MS]


def test_what_the_request_asks_for_is_known_as_soon_as_it_was_sent() -> None:
    exchange = Exchange(find)
    head = RequestStarted("POST", "/v1/chat/completions", (), "r", "u", 0)
    exchange.receive(head, 0)
    body = json.dumps(REQUEST).encode()
    exchange.receive(RequestBody(body[:9]), 1)
    exchange.receive(RequestBody(body[9:]), 2)
    assert exchange.prompt is None
    exchange.receive(RequestEnded(), 3)
    assert exchange.prompt is not None
    assert (exchange.prompt.model, exchange.prompt.texts, exchange.operation) == ("m", (("user", "hi"),), "chat")


def test_content_events_can_be_counted_while_the_answer_runs() -> None:
    exchange = Exchange(find)
    for at, (event, _) in enumerate(Script(paced(STREAM[:2]), REQUEST).events()):
        if isinstance(event, ResponseEnded):
            break
        exchange.receive(event, at)
    assert (exchange.content_events, exchange.streamed, exchange.last_at) == (2, True, at - 1)


def test_a_client_that_leaves_is_recorded_with_what_was_seen() -> None:
    observation = Script(paced(STREAM[:1]), REQUEST, end="client reset", ended_ms=70).observe()
    assert (observation.outcome, observation.error_type, observation.ended) == ("client_disconnect", "reset", 70 * MS)
    assert [content.text for content in observation.contents] == ["a"]


def test_half_an_event_before_a_break_is_no_failure() -> None:
    observation = Script([*paced(STREAM[:1]), (60, STREAM[1][:30])], REQUEST, end="upstream reset").observe()
    assert (observation.outcome, observation.failures) == ("mid_stream_error", ())


def test_an_engine_that_breaks_before_its_answer_is_an_upstream_error() -> None:
    observation = Script(request=REQUEST, status=None, end="upstream refused").observe()
    assert (observation.outcome, observation.http_status, observation.first_byte) == ("upstream_error", None, None)
    assert observation.prompt is not None


def test_a_client_that_leaves_before_its_request_is_whole_is_no_failure_to_read() -> None:
    script = Script(request=b'{"model": "m", "mess', status=None, sent_ms=None, end="client reset")
    observation = script.observe()
    assert (observation.prompt, observation.failures, observation.sent) == (None, (), None)
    assert observation.outcome == "client_disconnect"


def test_an_error_frame_under_200_is_a_mid_stream_error() -> None:
    error = {"error": {"message": "secret words", "type": "InternalServerError", "code": 500}}
    observation = Script(paced(sse(frame("a"), error)), REQUEST).observe()
    assert (observation.outcome, observation.error_type) == ("mid_stream_error", "InternalServerError")
    assert observation.http_status == 200


@pytest.mark.parametrize(("status", "outcome"), [(400, "refused"), (429, "refused"), (503, "upstream_error")])
def test_an_error_page_that_is_not_json_is_known_by_its_status(status: int, outcome: str) -> None:
    observation = Script([(50, b"<html>")], REQUEST, status=status, headers={"content-type": "text/html"}).observe()
    assert (observation.outcome, observation.error_type, observation.failures) == (outcome, str(status), ())


def test_a_stream_that_was_asked_for_may_be_answered_by_a_json_body() -> None:
    body = json.dumps({"choices": [{"index": 0, "message": {"content": "a"}, "finish_reason": "stop"}]}).encode()
    observation = Script([(50, body[:9]), (70, body[9:])], REQUEST, headers=JSON).observe()
    assert (observation.streamed, observation.outcome) == (False, "completed")
    assert [(content.text, content.at) for content in observation.contents] == [("a", 70 * MS)]


def test_a_stream_that_was_not_asked_for_is_read_as_one() -> None:
    observation = Script(paced(STREAM), {**REQUEST, "stream": False}).observe()
    assert observation.streamed
    assert len(observation.contents) == 2


@pytest.mark.parametrize("kind", ["text/event-stream", "Text/Event-Stream; charset=utf-8", "text/event-stream;x"])
def test_an_event_stream_is_known_by_its_content_type(kind: str) -> None:
    assert Script(paced(STREAM), REQUEST, headers={"content-type": kind}).observe().streamed


def test_a_packed_stream_is_unpacked_as_it_arrives() -> None:
    packed = gzip.compress(b"".join(STREAM))
    headers = {**SSE, "content-encoding": "gzip"}
    observation = Script(paced(cut(packed, [20]), 50, 1), REQUEST, headers=headers).observe()
    assert [content.text for content in observation.contents] == ["a", "b"]


def test_a_coding_that_is_not_understood_leaves_what_else_is_known() -> None:
    headers = {**SSE, "content-encoding": "compress"}
    observation = Script([(50, b"\x1b\x00")], REQUEST, headers=headers).observe()
    assert observation.failures == ("content_encoding",)
    assert observation.prompt is not None
    assert observation.contents == ()


def test_a_request_body_beyond_the_limit_is_not_parsed_and_the_answer_still_is() -> None:
    exchange = Exchange(find, body_limit=100)
    script = Script(paced(STREAM), {**REQUEST, "padding": "x" * 100})
    *_, observation = (exchange.receive(event, at) for event, at in script.events())
    assert observation is not None
    assert (observation.prompt, observation.failures) == (None, ("request_too_large",))
    assert len(observation.contents) == 2


def test_an_answer_body_beyond_the_limit_is_not_parsed() -> None:
    exchange = Exchange(find, body_limit=100)
    script = Script([(50, b'{"choices": [' + b" " * 100)], REQUEST, headers=JSON)
    *_, observation = (exchange.receive(event, at) for event, at in script.events())
    assert observation is not None
    assert observation.failures == ("answer_too_large",)


def test_bodies_that_cannot_be_read_are_observed_with_what_is_known() -> None:
    observation = Script([(50, b"not json")], b"not json", headers=JSON).observe()
    assert observation.failures == ("request_malformed", "answer_malformed")
    assert (observation.operation, observation.http_status, observation.outcome) == ("chat", 200, "completed")


def test_events_that_cannot_be_read_are_named_once_and_the_rest_counts() -> None:
    observation = Script(paced(sse("{", frame("a"), "{", FINISH)), REQUEST).observe()
    assert observation.failures == ("event_malformed",)
    assert [content.text for content in observation.contents] == ["a"]


def test_an_event_too_long_to_be_held_is_named() -> None:
    observation = Script([(50, b"data: " + b"x" * (5 << 20) + b"\n\n"), *paced(STREAM, 60)], REQUEST).observe()
    assert observation.failures == ("event_too_large",)
    assert len(observation.contents) == 2


def test_of_several_dialects_on_a_path_the_body_tells_which_is_spoken() -> None:
    exchange = Exchange(find)
    exchange.receive(RequestStarted("POST", "/generate", (), "r", "u", 0), 0)
    assert (exchange.operation, exchange.dialect) == ("other", None)
    exchange.receive(RequestBody(b'{"text": "a"}'), 1)
    exchange.receive(RequestEnded(), 2)
    assert (exchange.operation, exchange.dialect) == ("text_completion", "sglang_generate")


def test_a_body_that_no_dialect_on_its_path_knows_belongs_to_another_api() -> None:
    exchange = Exchange(find)
    exchange.receive(RequestStarted("POST", "/", (), "r", "u", 0), 0)
    exchange.receive(RequestBody(b"{}"), 1)
    exchange.receive(ResponseStarted(200, (("content-type", "application/json"),)), 2)
    exchange.receive(RequestEnded(), 3)
    observation = exchange.receive(ResponseEnded(), 4)
    assert observation is not None
    assert (observation.operation, observation.failures, observation.outcome) == ("other", (), "completed")


def test_a_request_that_cannot_be_read_is_named_whoever_it_was_for() -> None:
    observation = Script(paced(STREAM), b"{", target="/generate").observe()
    assert observation.failures[0] == "request_malformed"


def test_a_path_without_a_dialect_is_observed_without_its_bodies() -> None:
    observation = Script([(50, b"[]")], b"anything", method="GET", target="/v1/models", headers=JSON).observe()
    assert (observation.operation, observation.outcome, observation.http_status) == ("other", "completed", 200)
    assert (observation.prompt, observation.contents, observation.failures) == (None, (), ())


def test_the_head_of_the_request_is_in_the_observation() -> None:
    observation = Script(paced(STREAM), REQUEST).observe()
    assert (observation.request_id, observation.upstream, observation.concurrency) == ("req-1", "http://engine", 3)
    assert observation.wall_us == 1_700_000_000_000_000


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_the_trace_is_in_the_observation() -> None:
    traceparent = f"00-{TRACE}-00f067aa0ba902b7-01"
    observation = Script(paced(STREAM), REQUEST, request_headers={"traceparent": traceparent}).observe()
    assert observation.trace == Trace(TRACE, "00f067aa0ba902b7", sampled=True)


def test_an_answer_before_the_request_is_whole_is_observed() -> None:
    exchange = Exchange(find)
    head = (("content-type", "application/json"),)
    exchange.receive(RequestStarted("POST", "/v1/chat/completions", (), "r", "u", 0), 0)
    exchange.receive(RequestBody(b'{"mod'), 1)
    exchange.receive(ResponseStarted(413, head), 2)
    exchange.receive(ResponseBody(b'{"error": {"type": "too_big"}}'), 3)
    observation = exchange.receive(ResponseEnded(), 4)
    assert observation is not None
    assert (observation.outcome, observation.error_type, observation.sent) == ("refused", "too_big", None)


def test_nothing_follows_the_end_and_nothing_comes_without_a_start() -> None:
    exchange = Exchange(find)
    assert exchange.receive(ResponseEnded(), 1) is None
    events = list(Script(paced(STREAM), REQUEST).events())
    assert [exchange.receive(event, at) is not None for event, at in events] == [False] * (len(events) - 1) + [True]
    assert exchange.receive(ResponseEnded(), 2) is None


def test_usage_and_model_come_from_the_answer() -> None:
    end = {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}
    observation = Script(paced(sse(frame("a"), FINISH, end)), REQUEST).observe()
    assert (observation.usage, observation.response_model) == (Usage(5, 2), "real")


@given(st.lists(st.binary(max_size=40), max_size=5), st.binary(max_size=60), st.sampled_from([SSE, JSON]))
def test_no_bytes_make_an_exchange_fail(reads: list[bytes], request_body: bytes, headers: dict[str, str]) -> None:
    Script(paced(reads), request_body, headers=headers).observe()
    Script(paced(reads), request_body, headers={**headers, "content-encoding": "gzip"}).observe()


def test_credentials_are_hashed_when_asked_for_and_kept_by_no_exchange() -> None:
    secrets = {"authorization": "Bearer sk-marked", "x-team": "marked", "cookie": "marked", "traceparent": "00-x"}
    script = Script(paced(STREAM), REQUEST, request_headers=secrets)
    for clients, expected in (
        (Clients("x-team", b"k" * 16), Clients("x-team", b"k" * 16).identify((("x-team", "marked"),))),
        (None, None),
    ):
        exchange = Exchange(find, clients=clients)
        *events, last = script.events()
        for event, at in events:
            exchange.receive(event, at)
        assert exchange._started is not None
        kept = dict(exchange._started.headers)
        assert kept == ({"traceparent": "00-x"} if clients is not None else {"traceparent": "00-x", "x-team": "marked"})
        observation = exchange.receive(*last)
        assert observation is not None
        assert observation.client_id == expected
