import json

from exporter.proxy import heads
from exporter.wire.http1 import request_head, response_head


def sent(*lines: bytes, start: bytes = b"POST /v1/x HTTP/1.1", prefix: bytes = b"") -> list[bytes]:
    head = request_head(b"\r\n".join((start, b"Host: asked", *lines)))
    out = heads.for_upstream(head, b"engine:8000", prefix + head.target)
    assert out.endswith(b"\r\n\r\n")
    return out.removesuffix(b"\r\n\r\n").split(b"\r\n")


def test_headers_go_on_as_they_came_in_spelling_and_order() -> None:
    lines = sent(b"X-B:  two", b"x-a: one", b"Authorization: Bearer k", b"x-request-id: i", b"traceparent: t")
    assert lines == [
        b"POST /v1/x HTTP/1.1", b"Host: engine:8000", b"X-B:  two", b"x-a: one", b"Authorization: Bearer k",
        b"x-request-id: i", b"traceparent: t",
    ]  # fmt: skip


def test_what_belongs_to_one_connection_stays_there() -> None:
    lines = sent(b"Connection: keep-alive, X-Own", b"Keep-Alive: 5", b"X-Own: 1", b"TE: trailers", b"Upgrade: h2c")
    assert [line for line in lines if not line.startswith((b"x-request-id", b"traceparent"))] == [
        b"POST /v1/x HTTP/1.1",
        b"Host: engine:8000",
    ]


def test_a_request_without_identity_gets_one_of_its_own() -> None:
    one, two = sent(), sent()
    [named] = [line for line in one if line.startswith(b"x-request-id: ")]
    [traced] = [line for line in one if line.startswith(b"traceparent: ")]
    assert named not in two
    version, trace, span, flags = traced.removeprefix(b"traceparent: ").split(b"-")
    assert (version, len(trace), len(span), flags) == (b"00", 32, 16, b"00")


def test_the_path_is_the_one_that_the_engine_is_asked_for() -> None:
    assert sent(prefix=b"/pre")[0] == b"POST /pre/v1/x HTTP/1.1"


def test_an_http_1_0_client_is_served_by_an_http_1_0_request() -> None:
    lines = sent(start=b"GET / HTTP/1.0")
    assert lines[0] == b"GET / HTTP/1.0"
    assert b"Connection: close" in lines


def test_an_answer_keeps_its_headers_and_loses_its_connection() -> None:
    head = response_head(b"HTTP/1.0 200 Fine\r\nConnection: keep-alive\r\nX-A: 1\r\nContent-Length: 2", b"GET")
    assert heads.for_client(head, close=False) == b"HTTP/1.1 200 Fine\r\nX-A: 1\r\nContent-Length: 2\r\n\r\n"
    assert b"Connection: close\r\n" in heads.for_client(head, close=True)


def test_a_length_that_contradicts_chunked_coding_is_not_passed_on() -> None:
    head = response_head(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2", b"GET")
    assert b"Content-Length" not in heads.for_client(head, close=False)


def test_an_answer_cannot_smuggle_its_framing_away() -> None:
    head = response_head(b"HTTP/1.1 200 OK\r\nConnection: content-length\r\nContent-Length: 2", b"GET")
    assert b"Content-Length: 2" in heads.for_client(head, close=False)


def test_an_error_of_our_own_names_us() -> None:
    head, body = heads.refusal(502, "upstream_unreachable", "Nobody is there.").split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 502 Bad Gateway")
    error = json.loads(body)["error"]
    assert error["source"] == "tokentide-exporter"
    assert (error["type"], error["code"], error["message"]) == ("upstream_unreachable", 502, "Nobody is there.")
