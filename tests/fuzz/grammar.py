"""Bytes that clients and engines might send: valid messages, and ones bent where parsers are known to differ."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, product

from hypothesis import strategies as st

METHODS = [b"GET", b"POST", b"HEAD", b"OPTIONS", b"PUT"]
ODD_METHODS = [b"get", b"CONNECT", b"M-SEARCH", b"!x", b"1", b"G\x00T", b"", b"TRACE", b"P OST", b"PO\tST"]
TARGETS = [b"/v1/chat/completions", b"/v1/x?a=b&c=%20#", b"/", b"http://evil:1/v1/x", b"HTTPS://evil?q", b"//evil/x"]
ODD_TARGETS = [
    b"*", b"http://evil", b"http://", b"http:///x", b"ftp://evil/x", b"evil:443", b"", b"/a b", b"/\xc3\xa9", b"/\x85x",
    b"/\xa0HTTP/1.0", b"/\x00", b"/\t", b"/\r", b"/x HTTP/1.1\r\nHost: h\r\n\r\nGET /v1/y", b"\\x", b"http://[evil/x",
    b"http://a@evil#x", b"/" + b"x" * 700,
]  # fmt: skip
ODD_VERSIONS = [b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"http/1.1", b"HTTP/1.1 ", b"HTTP/1.10", b"HTTP/1.2", b"", b"X"]
FIELDS = [
    b"X-Request-Id: abc", b"traceparent: 00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01", b"Authorization:Bearer k",
    b"Accept: a", b"Accept: \t b \t", b"X-Empty:", b"Expect: 100-continue", b"Connection: keep-alive", b"TE: trailers",
    b"Connection: close", b"Connection: cookie, X-Obs", b"Trailer: x-sum",
    b"Cookie: a=b; c=d", b"X-Obs: caf\xe9", b"Content-Type: application/json",
]  # fmt: skip
ODD_FIELDS = [
    b"Content-Length: 3", b"content-length: 0", b"Content-Length: +3", b"Content-Length: 3, 3", b"Content-Length: 3,4",
    b"Content-Length: 0x3", b"Content-Length:", b"Content-Length: 3 ", b"Content-Length : 3", b"Content_Length: 3",
    b"Content-Length: 00000000000000000003", b"Content-Length: 3\x0b", b"Content-Length: 99999999999999999999",
    b"Transfer-Encoding: chunked", b"transfer-encoding:\tCHUNKED ", b"Transfer-Encoding: identity",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding : chunked", b"Transfer-Encoding:\x0bchunked", b"Transfer-Encoding: \"chunked\"",
    b"Transfer-Encoding: chunked;q=1", b" Transfer-Encoding: chunked", b"Transfer-Encoding:\r\n chunked",
    b"X: y\r\n folded", b"X: y\r\n\tTransfer-Encoding: chunked", b"X: a\nTransfer-Encoding: chunked", b"X: a\rb",
    b"X: a\r", b"X: a\r\r", b"X: \x00", b"X\x00: a", b"X : a", b": a", b"no colon", b"X: \x7f", b"X: \x85\xa0",
    b"Host: other", b"Host: h, other", b"Connection: close", b"Connection: content-length",
    b"Connection: close, Transfer-Encoding", b"Connection: host", b"Connection: X-Request-Id, cookie",
    b"Connection: ,, \t,", b"Connection: close\x0b", b"Connection: \"close\"", b"Proxy-Connection: keep-alive",
    b"Keep-Alive: timeout=5", b"Upgrade: h2c", b"Upgrade: websocket", b"X: " + b"y" * 700, b"",
]  # fmt: skip
SIZES = [b"1", b"3", b"03", b"100000003", b"F00000001", b"A", b"a;x=y", b"0", b"00", b"000000000000000000003"]
ODD_SIZES = [
    b"3 ", b" 3", b"3 ;x", b"3;x\ny", b"3;x\ry", b"+3", b"-1", b"0x3", b"3\t", b"", b"g", b"3;" + b"x" * 1100, b"3,",
    b"FFFFFFFFFFFFFFFF", b"FFFFFFFFFFFFFFFFFFFF3", b"3\r", b"3;\"\r\n", b"3\x00",
]  # fmt: skip
TRAILERS = [b"", b"", b"X-Sum: 1\r\n", b"X: a\r\n folded\r\n", b"X: a\nY: b\r\n", b"Content-Length: 5\r\n", b"bad\r\n"]
NOISE = [
    b"\r", b"\n", b"\r\n", b"\n\n", b"\r\n\r\n", b"\x00", b" ", b"\t", b":", b";", b",", b"0", b"1", b"\x0b", b"\x0c",
    b"\x85", b"\xa0", b"\xff", b"\x7f", b"HTTP/1.1", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"0\r\n\r\n", b"\r\n ",
    b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n",
]  # fmt: skip
CHUNKED = b"Transfer-Encoding: chunked"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"

payloads = st.one_of(st.binary(max_size=20), st.sampled_from([b"abc", SMUGGLED, b"0\r\n\r\n", b"{}", b"x" * 3000]))


def mostly(draw: st.DrawFn, usual: list[bytes], odd: list[bytes], *, wild: bool) -> bytes:
    """One of the usual, or, once in a while where it may be wild, one of the odd."""
    if wild and draw(st.integers(0, 7)) == 0:
        return draw(st.sampled_from(odd))
    return draw(st.sampled_from(usual))


def _coded(draw: st.DrawFn, body: bytes, *, wild: bool) -> bytes:
    """The body in chunked coding."""
    out = b""
    while body:
        size = draw(st.integers(1, len(body)))
        piece, body = body[:size], body[size:]
        line = draw(st.sampled_from([b"%x", b"0%X", b"%x;a=b"])) % size
        if wild and draw(st.integers(0, 4)) == 0:
            line = draw(st.sampled_from(SIZES + ODD_SIZES))
        out += line + b"\r\n" + piece + b"\r\n"
    last = mostly(draw, [b"0", b"00", b"0;x"], SIZES + ODD_SIZES, wild=wild)
    trailers = draw(st.sampled_from(TRAILERS if wild else TRAILERS[:3]))
    return out + last + b"\r\n" + trailers + b"\r\n"


def _framed(draw: st.DrawFn, fields: list[bytes], *, wild: bool) -> bytes:
    """A body, after the field that frames it was put among the fields."""
    body = draw(payloads)
    kind = draw(
        st.sampled_from(["length", "length", "chunked", "chunked", "unframed"] if wild else ["length", "chunked"])
    )
    if kind == "unframed":
        return body
    line = b"Content-Length: %d" % len(body) if kind == "length" else b"Transfer-Encoding: chunked"
    fields.insert(draw(st.integers(0, len(fields))), line)
    return body if kind == "length" else _coded(draw, body, wild=wild)


@st.composite
def requests(draw: st.DrawFn, *, wild: bool) -> bytes:
    """One request; valid unless it may be wild."""
    method = mostly(draw, METHODS, ODD_METHODS, wild=wild)
    target = mostly(draw, TARGETS, ODD_TARGETS, wild=wild)
    version = mostly(draw, [b"HTTP/1.1"], ODD_VERSIONS, wild=wild)
    fields = [mostly(draw, FIELDS, ODD_FIELDS, wild=wild) for _ in range(draw(st.integers(0, 5)))]
    if not wild or draw(st.integers(0, 15)):
        fields.insert(draw(st.integers(0, len(fields))), draw(st.sampled_from([b"Host: h", b"host:x:1", b"HOST: "])))
    body = _framed(draw, fields, wild=wild) if draw(st.booleans()) else b""
    end = mostly(draw, [b"\r\n"], [b"\n", b"\r", b"\n\r", b"\r\r\n"], wild=wild)
    blank = mostly(draw, [b""], [b"\r\n", b"\n", b" ", b"\r\n\r\n"], wild=wild)
    return blank + method + b" " + target + b" " + version + end + end.join((*fields, b"")) + end + body


@st.composite
def repetitions(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A request head and what comes next on its connection: perhaps the same with another length, bent or not."""
    head = draw(requests(wild=draw(st.booleans()))).partition(b"\r\n\r\n")[0]
    start, found, rest = head.partition(b"Content-Length: ")
    odd = [field for field in ODD_FIELDS if field[:14].lower() == b"content-length"]
    told = mostly(draw, [b"Content-Length: 3", b"content-length:12", b"CONTENT-LENGTH: 003\t"], odd, wild=True)
    other = start + told + rest.lstrip(b"0123456789") if found else head
    return head, draw(bent(other))


def known_attacks() -> Iterator[bytes]:
    """Every request whose body ends in two places, depending on which of its two framing fields a reader believes."""
    framing = [b"Content-Length: 3", b"Content-Length: 42", CHUNKED]
    others = [*framing, b"Connection: content-length", b"Connection: transfer-encoding", *ODD_FIELDS]
    starts = [b"POST /v1/x HTTP/1.1", b"GET /v1/x HTTP/1.0"]
    bodies = [b"abc", b"3\r\nabc\r\n0\r\n\r\n", b"0\r\n\r\n"]
    for start, one, other, body in product(starts, framing, others, bodies):
        for fields in ((one, other), (other, one)):
            yield b"\r\n".join((start, b"Host: h", *fields, b"", body + SMUGGLED))


def known_codings() -> Iterator[bytes]:
    """Requests whose chunk lines, chunk ends or trailers are understood differently by different readers."""
    head = b"POST /v1/x HTTP/1.1\r\nHost: h\r\n" + CHUNKED + b"\r\n\r\n"
    for size, end in product([*SIZES, *ODD_SIZES], [b"\r\n", b"\n", b"\r", b"", b"x\r\n"]):
        yield head + size + b"\r\nabc" + end + b"0\r\n\r\n" + SMUGGLED
    for last, trailers in product([b"0", *ODD_SIZES], TRAILERS):
        yield head + b"3\r\nabc\r\n" + last + b"\r\n" + trailers + b"\r\n" + SMUGGLED


@st.composite
def streams(draw: st.DrawFn, *, wild: bool) -> bytes:
    """One or several pipelined requests; wild ones may have noise anywhere and end anywhere."""
    attacks = st.sampled_from([*known_attacks(), *known_codings()])
    one = st.one_of(requests(wild=True), requests(wild=True), attacks) if wild else requests(wild=False)
    each = draw(st.lists(one, min_size=1, max_size=4))
    data = b"".join(request * draw(st.sampled_from([1, 1, 2])) for request in each)  # clients repeat their heads
    if wild:
        data = draw(bent(data))
    return data


@st.composite
def bent(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with some noise put in, some left out, some said twice, and perhaps without their end."""
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2, 3]))):
        at, size = draw(st.integers(0, len(data))), draw(st.integers(0, 12))
        middle = draw(st.sampled_from([b"", data[at : at + size] * 2, *NOISE]))
        data = data[:at] + middle + data[at + (0 if middle in NOISE else size) :]
    if draw(st.integers(0, 5)) == 0:
        data = data[: draw(st.integers(0, len(data)))]
    return data


def pieces(data: bytes, places: Sequence[int]) -> list[bytes]:
    """The data cut at these places (taken modulo its length), without empty pieces."""
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(edges)]


places = st.one_of(st.lists(st.integers(0, 5000), max_size=8), st.just(range(600)))
"""Where to cut: at a few places, or after every byte."""
STATUSES = [b"200 OK", b"204 No Content", b"304 Not Modified", b"404 ", b"500", b"299 \xe9"]
ODD_STATUSES = [
    b"101 Switching",
    b"20",
    b"2000 X",
    b"999 X",
    b"000 X",
    b"099 X",
    b"-1 X",
    b"200  ",
    b"200\tOK",
    b"",
    b"2 0 0",
]
ANSWER_FIELDS = [
    b"Content-Type: text/event-stream", b"Connection: keep-alive", b"Connection: close", b"X-Empty:",
    b"Set-Cookie: a=b", b"Set-Cookie: c=d", b"Keep-Alive: timeout=5", b"X-Obs: \xe9", b"Connection: X-Empty",
    b"Trailer: X-Sum",
]  # fmt: skip


INTERIM = [
    b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", b"HTTP/1.1 199 \r\n\r\n",
    b"HTTP/1.1 102 P\r\nContent-Length: 3\r\n\r\n",
]  # fmt: skip
BEHIND = [b"", b"\r\n", b"\n", b"\r\n\r\n", b"0\r\n\r\n", b"HTTP/1.1 204 No\r\n\r\n", b"H", b"\x00"]
"""What may follow an answer that is over."""


@st.composite
def answers(draw: st.DrawFn, *, wild: bool) -> bytes:
    """One answer of an engine, perhaps behind interim ones; valid unless it may be wild."""
    interim = b"".join(draw(st.lists(st.sampled_from(INTERIM), max_size=2)))
    version = mostly(draw, [b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0"], ODD_VERSIONS, wild=wild)
    status = mostly(draw, STATUSES, ODD_STATUSES, wild=wild)
    fields = [mostly(draw, ANSWER_FIELDS, ODD_FIELDS, wild=wild) for _ in range(draw(st.integers(0, 4)))]
    body = _framed(draw, fields, wild=wild) if draw(st.integers(0, 4)) else draw(payloads)
    end = mostly(draw, [b"\r\n"], [b"\n", b"\r", b"\n\r", b"\r\r\n"], wild=wild)
    data = interim + version + b" " + status + end + end.join((*fields, b"")) + end + body
    return draw(bent(data + draw(st.sampled_from(BEHIND)))) if wild else data


def known_answers() -> Iterator[bytes]:
    """Answers with every pair of framing fields, and with bytes behind their end."""
    framing = [b"Content-Length: 3", b"Content-Length: 0", CHUNKED, b"Connection: close"]
    bodies = [b"abc", b"3\r\nabc\r\n0\r\n\r\n", b"3\r\nabc\r\n0\r\nX: y\r\n\r\n", b"0\r\n\r\n", b""]
    for status, one, other, body in product([b"200 OK", b"204 No"], framing, [*framing, *ODD_FIELDS], bodies):
        yield b"\r\n".join((b"HTTP/1.1 " + status, one, other, b"", body))
    for one, body, behind in product(framing, bodies, BEHIND):
        yield b"\r\n".join((b"HTTP/1.1 200 OK", one, b"", body + behind))
