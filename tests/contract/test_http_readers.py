"""Two readers of HTTP agree: what our strict reader lets pass, h11 reads in the same way or refuses."""

import h11
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from exporter.wire.http1 import CHUNKED, BadMessage, RequestHead, request_head

NAMES = st.sampled_from(
    ["Host", "Content-Length", "Transfer-Encoding", "content-length", "Connection", "X-A", "X A", "X-B "]
)
NUMBERS = ("5", "05", "5, 5", "+5", "0x5", "-1", "")
CODINGS = ("chunked", "Chunked", "gzip, chunked", "chunked, chunked", "identity", "\x0bchunked", " chunked ")
OTHERS = ("engine", "close", "keep-alive, host", "a\tb", "é", "a\r b", "a\n b", "\x00")
VALUES = st.sampled_from((*NUMBERS, *CODINGS, *OTHERS))
ENDS = st.sampled_from(["\r\n"] * 9 + ["\n", "\r", "\r\n "])
LINES = st.lists(st.tuples(NAMES, st.sampled_from([": ", ":", " : "]), VALUES, ENDS), max_size=4)
FIRST = st.sampled_from(
    ["POST /v1/completions HTTP/1.1"] * 6
    + ["POST / HTTP/1.0", "POST  / HTTP/1.1", "POST /a b HTTP/1.1", "P(ST / HTTP/1.1"]
)


def ours(head: bytes) -> RequestHead | None:
    try:
        return request_head(head.removesuffix(b"\r\n\r\n"))
    except BadMessage:
        return None


def theirs(wire: bytes) -> tuple[h11.Request, bytes, bool] | None:
    """The request, its body and whether it ended there; None where h11 refuses."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(wire)
    body = b""
    try:
        request = connection.next_event()
        if not isinstance(request, h11.Request):
            return None
        while isinstance(data := connection.next_event(), h11.Data):
            body += bytes(data.data)
    except h11.RemoteProtocolError:
        return None
    return request, body, isinstance(data, h11.EndOfMessage)


def agree(head: bytes) -> bool:
    """True where both readers let the head pass; then they understood the same."""
    read = ours(head)
    if read is None:
        return False
    body = b"1\r\nx\r\n0\r\n\r\n" if read.body == CHUNKED else b"x" * read.body
    other = theirs(head + body)
    if other is None:
        return False
    request, carried, ended = other
    assert (request.method, request.target) == (read.method, read.target)
    assert [name for name, _ in request.headers] == [name for name, _, _ in read.fields]
    for (name, value), (_, own, _) in zip(request.headers, read.fields, strict=True):
        assert name in {b"transfer-encoding", b"content-length"} or value == own  # h11 rewrites these two; see the body
    assert (carried, ended) == (b"x" if read.body == CHUNKED else body, True)
    return True


@settings(max_examples=500)
@given(FIRST, LINES)
def test_whatever_passes_is_read_alike(first: str, lines: list[tuple[str, str, str, str]]) -> None:
    fields = "".join("".join(line) for line in [("Host", ": ", "engine", "\r\n"), *lines])
    event("passed" if agree(f"{first}\r\n{fields}\r\n".encode("latin-1")) else "refused")


@pytest.mark.parametrize("framing", ["Content-Length: 5", "Transfer-Encoding: chunked", "X-A: é", "Content-Length: 05"])
def test_good_heads_pass_both(framing: str) -> None:
    assert agree(f"POST /v1/completions HTTP/1.1\r\nHost: engine\r\n{framing}\r\n\r\n".encode("latin-1"))
