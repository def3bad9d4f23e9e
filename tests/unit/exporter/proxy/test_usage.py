"""What is asked for in a client's name, what the client sees of it, and what happens where the engine refuses."""

import pytest

from exporter.proxy.downstream import Downstream
from exporter.proxy.usage import LARGEST, UsageAsking
from exporter.tap import frames
from tests.fakes.wires import House, MemoryTransport

PATH = b"/v1/chat/completions"
STREAM = b'{"model":"m","stream":true}'
AMENDED = b'{"stream_options":{"include_usage":true},"model":"m","stream":true}'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":3}}\n\n'
TEXT = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
DONE = b"data: [DONE]\n\n"
REFUSAL = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}"
SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"


def post(body: bytes, *headers: bytes, path: bytes = PATH, version: bytes = b"1.1") -> bytes:
    lines = (b"POST %b HTTP/%b" % (path, version), b"Host: h", b"Content-Length: %d" % len(body), *headers)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def say(transport: MemoryTransport, data: bytes) -> None:
    transport.protocol.data_received(data)  # type: ignore[attr-defined]


def asked(request: bytes, usage: UsageAsking | None = None) -> tuple[House, MemoryTransport]:
    house = House(usage=usage or UsageAsking())
    caller = MemoryTransport(Downstream(house))
    say(caller, request)
    return house, caller


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def test_a_streaming_request_asks_for_usage_and_its_client_does_not_see_it() -> None:
    house, caller = asked(post(STREAM))
    [engine] = house.upstreams
    head, _, body = engine.take().partition(b"\r\n\r\n")
    assert body == AMENDED
    assert b"Content-Length: %d" % len(AMENDED) in head.title()
    say(engine, SSE + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(TEXT))
    say(engine, chunk(USAGE))
    say(engine, chunk(DONE) + b"0\r\n\r\n")
    assert caller.sent == SSE + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(TEXT) + chunk(DONE) + b"0\r\n\r\n"
    assert not caller.closed
    assert house.in_flight == 0


def test_the_observer_sees_the_usage() -> None:
    house, _ = asked(post(STREAM))
    say(house.upstreams[0], SSE + b"Content-Length: %d\r\n\r\n" % len(TEXT + USAGE) + TEXT + USAGE)
    trace = house.mailbox._live[1]
    bodies = [blob for kind, blob in zip(trace.kinds, trace.blobs, strict=True) if kind == frames.RESPONSE_BODY]
    assert b"".join(bodies) == TEXT + USAGE


def test_a_body_that_comes_in_pieces_is_gathered_before_it_goes_on() -> None:
    house, caller = asked(post(STREAM)[:-5])
    assert house.upstreams == []
    say(caller, post(STREAM)[-5:])
    assert house.upstreams[0].sent.endswith(b"\r\n\r\n" + AMENDED)


def test_a_chunked_body_is_cut_anew_and_keeps_its_trailers() -> None:
    head = b"POST %b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" % PATH
    house, caller = asked(head + chunk(STREAM[:5]))
    say(caller, chunk(STREAM[5:]) + b"0\r\nx-sum: 1\r\n\r\n")
    sent = house.upstreams[0].sent
    assert sent.endswith(b"\r\n\r\n" + chunk(AMENDED) + b"0\r\nx-sum: 1\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in sent


def test_a_client_that_waits_for_leave_to_send_gets_it() -> None:
    house, caller = asked(post(STREAM, b"Expect: 100-continue")[: -len(STREAM)])
    assert caller.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
    say(caller, STREAM)
    assert house.upstreams[0].sent.endswith(AMENDED)


def test_an_answer_is_asked_for_that_can_be_read() -> None:
    house, _ = asked(post(STREAM, b"Accept-Encoding: gzip, br"))
    assert b"Accept-Encoding: identity\r\n".lower() in house.upstreams[0].sent.lower()
    assert b"gzip" not in house.upstreams[0].sent


@pytest.mark.parametrize(
    "request_",
    [
        post(b'{"model":"m"}'),
        post(b'{"stream":true'),
        post(b'{"stream":true,"stream_options":{"include_usage":true}}'),
        post(STREAM, path=b"/v1/responses"),
        post(STREAM, b"Content-Encoding: identity"),
        post(STREAM, b"Content-Digest: sha-256=:x:"),
        post(STREAM, version=b"1.0"),
        post(b""),
    ],
)
def test_other_requests_and_their_answers_pass_as_they_are(request_: bytes) -> None:
    house, caller = asked(request_)
    [engine] = house.upstreams
    assert engine.sent.partition(b"\r\n\r\n")[2] == request_.partition(b"\r\n\r\n")[2]
    answer = SSE + b"Content-Length: %d\r\n" % len(USAGE)
    say(engine, answer + b"\r\n" + USAGE)
    assert caller.sent.endswith(b"\r\n\r\n" + USAGE)


def test_a_long_body_is_not_held() -> None:
    body = b'{"stream":true,"x":"%b"}' % (b"a" * LARGEST)
    house, caller = asked(post(body)[:2000])
    assert len(house.upstreams) == 1
    say(caller, post(body)[2000:])
    assert house.upstreams[0].sent.endswith(body)


def test_a_chunked_body_that_grows_long_goes_on_as_it_is() -> None:
    head = b"POST %b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" % PATH
    first, more = chunk(b'{"stream":true,"x":"'), chunk(b"a" * LARGEST)
    last = chunk(b'"}') + b"0\r\n\r\n"
    house, caller = asked(head + first)
    assert house.upstreams == []
    say(caller, more)
    assert house.upstreams[0].sent.endswith(first + more)
    say(caller, last)
    assert house.upstreams[0].sent.endswith(first + more + last)
    trace = house.mailbox._live[1]
    assert trace.kinds.count(frames.REQUEST_END) == 1


def test_an_engine_that_refuses_gets_the_request_as_it_was_and_is_not_asked_again() -> None:
    usage = UsageAsking()
    house, caller = asked(post(STREAM), usage)
    say(house.upstreams[0], b"HTTP/1.1 422")
    say(house.upstreams[0], b" Unprocessable\r\nContent-Length: 0\r\n\r\n")
    assert caller.sent == b""
    assert house.upstreams[0].aborted
    again = house.upstreams[1]
    assert again.sent.endswith(b"\r\n\r\n" + STREAM)
    assert b"Content-Length: %d\r\n" % len(STREAM) in again.sent
    whole = SSE + b"Content-Length: %d\r\n\r\n" % len(TEXT) + TEXT
    say(again, whole)
    assert caller.take() == whole
    assert usage.refusing == {"engine"}
    assert house.mailbox.forwarded == 1
    trace = house.mailbox._live[1]
    told = (frames.REQUEST_HEAD, frames.REQUEST_BODY, frames.RESPONSE_HEAD)
    assert [trace.kinds.count(kind) for kind in told] == [1, 1, 1]
    say(caller, post(STREAM))
    assert again.sent.endswith(b"\r\n\r\n" + STREAM)


def test_a_request_that_is_wrong_anyway_gets_its_own_refusal_and_the_engine_is_asked_on() -> None:
    usage = UsageAsking()
    house, caller = asked(post(STREAM), usage)
    say(house.upstreams[0], REFUSAL)
    say(house.upstreams[1], REFUSAL.replace(b"{}", b"[]"))
    assert caller.sent == REFUSAL.replace(b"{}", b"[]")
    assert usage.refusing == set()
    assert len(house.upstreams) == 2
    assert house.in_flight == 0


def test_a_body_that_became_too_long_is_no_refusal_of_the_option() -> None:
    usage = UsageAsking()
    house, caller = asked(post(STREAM), usage)
    say(house.upstreams[0], b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
    whole = SSE + b"Content-Length: 0\r\n\r\n"
    say(house.upstreams[1], whole)
    assert caller.sent == whole
    assert usage.refusing == set()


@pytest.mark.parametrize("status", [b"401 Unauthorized", b"404 Not Found", b"429 Too Many", b"500 Oops"])
def test_any_other_answer_is_the_clients(status: bytes) -> None:
    house, caller = asked(post(STREAM))
    answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\n{}"
    say(house.upstreams[0], answer)
    assert caller.sent == answer
    assert len(house.upstreams) == 1


def test_interim_answers_pass_and_an_engine_that_breaks_off_is_an_error() -> None:
    house, caller = asked(post(STREAM))
    [engine] = house.upstreams
    say(engine, b"HTTP/1.1 103 Early Hints\r\nx: y\r\n\r\nHTTP")
    assert caller.take() == b"HTTP/1.1 103 Early Hints\r\nx: y\r\n\r\n"
    engine.lose()
    assert caller.sent.startswith(b"HTTP/1.1 502")
    assert house.in_flight == 0


def test_a_client_that_leaves_ends_the_request_as_ever() -> None:
    house, caller = asked(post(STREAM))
    caller.lose()
    assert house.upstreams[0].aborted
    assert house.in_flight == 0
