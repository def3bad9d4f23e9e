import pytest

from exporter.wire.http1 import CHUNKED, UNTIL_CLOSE, BadMessage, repeated, request_head, response_head


def request(*lines: bytes, start: bytes = b"POST /v1/x HTTP/1.1", host: bool = True) -> bytes:
    return b"\r\n".join((start, *((b"Host: h",) if host else ()), *lines))


def test_a_request_head_gives_method_path_and_body_length() -> None:
    head = request_head(request(b"Content-Length: 12", b"X-Request-Id:  abc \t"))
    assert (head.method, head.target, head.body, head.keep_alive) == (b"POST", b"/v1/x", 12, True)
    assert head.value(b"x-request-id") == b"abc"


@pytest.mark.parametrize(
    "lines",
    [
        (b"Content-Length: 3", b"Transfer-Encoding: chunked"),
        (b"Content-Length: 3", b"Content-Length: 3"),
        (b"Content-Length: +3",),
        (b"Content-Length: 3, 3",),
        (b"Content-Length: 0x3",),
        (b"Content-Length: ",),
        (b"Transfer-Encoding: gzip, chunked",),
        (b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
        (b"Transfer-Encoding: xchunked",),
        (b"Transfer-Encoding : chunked",),
        (b"X-Folded: a", b" b"),
        (b"X-Bare: a\nTransfer-Encoding: chunked",),
        (b"X-Bare: a\rb",),
        (b"X-Null: a\x00b",),
        (b"Bad Name: x",),
        (b": nameless",),
        (b"no colon",),
        (b"Host: other",),
        (b"Connection: content-length", b"Content-Length: 3"),
        (b"Connection: close, Transfer-Encoding", b"Transfer-Encoding: chunked"),
    ],
)
def test_what_two_parsers_could_read_differently_is_refused(lines: tuple[bytes, ...]) -> None:
    with pytest.raises(BadMessage) as error:
        request_head(request(*lines))
    assert error.value.status == 400


@pytest.mark.parametrize(
    "start",
    [
        b"POST /v1/x",
        b"POST  /v1/x HTTP/1.1",
        b"POST /v1/x HTTP/2.0",
        b"POST /v1/x HTTP/1.1 ",
        b"POST /a b HTTP/1.1",
        b"CONNECT h:443 HTTP/1.1",
        b"CONNECT /v1/x HTTP/1.1",
        b"POST v1/x HTTP/1.1",
        b"POST * HTTP/1.1",
        b"POST /\xc3\xa9 HTTP/1.1",
        b"POST /\xa0HTTP/1.1 HTTP/1.1",
        b"!POST / HTTP/1.1",
        b"1 / HTTP/1.1",
        b"",
    ],
)
def test_a_malformed_request_line_is_refused(start: bytes) -> None:
    with pytest.raises(BadMessage):
        request_head(request(start=start))


def test_a_missing_host_is_refused_in_http_1_1_and_allowed_in_1_0() -> None:
    with pytest.raises(BadMessage):
        request_head(request(host=False))
    assert not request_head(request(start=b"GET / HTTP/1.0", host=False)).keep_alive


def test_an_absolute_target_loses_the_host_that_it_names() -> None:
    assert request_head(request(start=b"GET http://evil:1/a?b=c HTTP/1.1")).target == b"/a?b=c"
    assert request_head(request(start=b"GET http://evil HTTP/1.1")).target == b"/"
    assert request_head(request(start=b"GET http://evil?q HTTP/1.1")).target == b"/?q"


def test_a_chunked_request_has_no_length_and_http_1_0_cannot_have_one() -> None:
    assert request_head(request(b"Transfer-Encoding: Chunked")).body == CHUNKED
    with pytest.raises(BadMessage):
        request_head(request(b"Transfer-Encoding: chunked", start=b"POST / HTTP/1.0"))


def test_too_many_header_lines_are_refused_with_431() -> None:
    with pytest.raises(BadMessage) as error:
        request_head(request(*(b"x-%d: 1" % i for i in range(300))))
    assert error.value.status == 431


@pytest.mark.parametrize(
    ("method", "lines", "body"),
    [
        (b"POST", b"HTTP/1.1 200 OK\r\nContent-Length: 5", 5),
        (b"POST", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", CHUNKED),
        (b"POST", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5", CHUNKED),
        (b"POST", b"HTTP/1.0 200 OK", UNTIL_CLOSE),
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5", 0),
        (b"POST", b"HTTP/1.1 204 No Content", 0),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5", 0),
        (b"POST", b"HTTP/1.1 100 Continue", 0),
    ],
)
def test_the_body_of_an_answer_is_framed_as_the_standard_says(method: bytes, lines: bytes, body: int) -> None:
    assert response_head(lines, method).body == body


def test_an_answer_that_ends_with_its_connection_cannot_keep_it() -> None:
    assert not response_head(b"HTTP/1.1 200 OK", b"POST").keep_alive
    assert not response_head(b"HTTP/1.0 200 OK\r\nContent-Length: 1", b"POST").keep_alive
    assert response_head(b"HTTP/1.1 200 OK\r\nContent-Length: 1", b"POST").keep_alive
    assert not response_head(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: Close", b"POST").keep_alive


def test_contradictory_lengths_are_the_engines_fault_even_where_no_body_follows() -> None:
    lengths = b"\r\nContent-Length: 5\r\nContent-Length: 6"
    for method, line in ((b"HEAD", b"HTTP/1.1 200 OK"), (b"GET", b"HTTP/1.1 304 Not Modified")):
        with pytest.raises(BadMessage):
            response_head(line + lengths, method)
    with pytest.raises(BadMessage):
        response_head(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked" + lengths, b"GET")


@pytest.mark.parametrize(
    "lines",
    [
        b"HTTP/1.1 OK",
        b"HTTP/1.1 999 No",
        b"ICY 200 OK",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6",
        b"HTTP/1.1 200 OK\r\nContent-Length: five",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    ],
)
def test_a_malformed_answer_is_the_engines_fault(lines: bytes) -> None:
    with pytest.raises(BadMessage) as error:
        response_head(lines, b"POST")
    assert error.value.status in {400, 502}


@pytest.mark.parametrize("line", [b"Content-Length: 3", b"content-length:345", b"Content-Length: \t034 \t"])
def test_a_head_that_differs_in_its_length_alone_is_the_one_before_with_another_length(line: bytes) -> None:
    known = request_head(request(b"A: b", b"Content-Length: 34", b"Connection: keep-alive", b"X: y"))
    other = request(b"A: b", line, b"Connection: keep-alive", b"X: y")
    assert repeated(other, known) == request_head(other)
    assert repeated(known.raw, known) == known


@pytest.mark.parametrize(
    "lines",
    [
        (b"A: c", b"Content-Length: 34", b"X: y"),
        (b"A: b", b"Content-Length: 34", b"X: z"),
        (b"A: b", b"Content-Length: 34", b"X: y", b"Z: 1"),
        (b"A: b", b"X: y", b"Content-Length: 34"),
        (b"A: b", b"Content-Length: 34x", b"X: y"),
        (b"A: b", b"Content-Length: 3 4", b"X: y"),
        (b"A: b", b"Content-Length: 3", b"Content-Length: 4", b"X: y"),
        (b"A: b", b"Content-Length: 3\r\nTransfer-Encoding: chunked", b"X: y"),
        (b"A: b", b"Content-Length:", b"X: y"),
        (b"A: b", b"X: y"),
    ],
)
def test_every_other_head_is_read_by_itself(lines: tuple[bytes, ...]) -> None:
    known = request_head(request(b"A: b", b"Content-Length: 34", b"X: y"))
    assert repeated(request(*lines), known) is None


def test_a_head_without_a_length_is_repeated_by_its_equal_only() -> None:
    known = request_head(request(b"A: b"))
    assert repeated(known.raw, known) == known
    assert repeated(request(b"A: b", b"Content-Length: 1"), known) is None
