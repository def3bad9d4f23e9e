from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.proxy.hiding import Hiding
from exporter.wire.chunked import Dechunker

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":3}}'
TEXT = b'data: {"choices":[{"delta":{"content":"a"}}],"usage":null}'
EVENTS = TEXT + b"\r\n\r\n: ping\n\n" + USAGE + b"\r\n\r\n" + TEXT + b"\n\nid: 7\rdata: [DONE]\r\r"


class Caller:
    """Keeps what the client of an exchange gets, and how it ended."""

    def __init__(self) -> None:
        self.sent = b""
        self.end = ""

    def write(self, data: bytes) -> None:
        assert data
        self.sent += data

    def hold(self, *, upload: bool) -> None:
        self.end += "held" if upload else "read"

    def finished(self, *, keep: bool) -> None:
        self.end += f"finished {keep}"

    def refuse(self, status: int, reason: str, sentence: str) -> None:
        self.end += f"{status} {reason} {sentence}"

    def cut(self, *, reset: bool = False) -> None:
        self.end += f"cut {reset}"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@given(st.lists(st.integers(0, len(EVENTS))), st.booleans())
def test_all_but_the_usage_event_arrives_byte_for_byte_however_it_comes(cuts: list[int], chunked: bool) -> None:
    caller = Caller()
    client = Hiding(caller)
    client.write(CHUNKED if chunked else HEAD + b"\r\n")
    places = [0, *sorted(set(cuts) - {0, len(EVENTS)}), len(EVENTS)]
    for start, end in pairwise(places):
        client.write(chunk(EVENTS[start:end]) if chunked else EVENTS[start:end])
    if chunked:
        client.write(b"0\r\nx-sum: 1\r\n\r\n")
    client.finished(keep=chunked)
    body = caller.sent.removeprefix(CHUNKED if chunked else HEAD + b"\r\n")
    if chunked:
        assert body.endswith(b"0\r\nx-sum: 1\r\n\r\n")
        body = Dechunker().feed(body)
    assert body == EVENTS.replace(USAGE + b"\r\n\r\n", b"")
    assert caller.end == f"finished {chunked}"


def test_a_length_that_no_longer_holds_becomes_chunked() -> None:
    caller = Caller()
    client = Hiding(caller)
    client.write(HEAD + b"Content-Length: 1000\r\nx: y\r\n\r\n" + TEXT + b"\n\n")
    client.write(USAGE)
    client.finished(keep=True)
    assert caller.sent == HEAD + b"x: y\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(TEXT + b"\n\n") + b"0\r\n\r\n"


def test_a_last_event_without_its_blank_line_is_shown_unless_it_is_the_usage() -> None:
    caller = Caller()
    client = Hiding(caller)
    client.write(HEAD + b"\r\n" + b"data: [DONE]")
    client.finished(keep=False)
    assert caller.sent.endswith(b"data: [DONE]")


def test_what_was_held_reaches_the_client_before_a_stream_breaks_off() -> None:
    caller = Caller()
    client = Hiding(caller)
    client.write(CHUNKED + chunk(TEXT[:20]))
    assert caller.sent == CHUNKED
    client.cut(reset=True)
    assert caller.sent == CHUNKED + chunk(TEXT[:20])
    assert caller.end == "cut True"


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
        b"HTTP/1.1 500 No\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n",
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n",
    ],
)
def test_other_answers_pass_as_they_are(head: bytes) -> None:
    caller = Caller()
    client = Hiding(caller)
    whole = head % len(USAGE) + USAGE
    client.write(whole[:-5])
    client.write(whole[-5:])
    client.finished(keep=True)
    assert caller.sent == whole


def test_interim_heads_pass_before_the_answer() -> None:
    caller = Caller()
    client = Hiding(caller)
    client.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    client.write(CHUNKED + chunk(USAGE + b"\n\n") + b"0\r\n\r\n")
    client.finished(keep=True)
    assert caller.sent == b"HTTP/1.1 100 Continue\r\n\r\n" + CHUNKED + b"0\r\n\r\n"


def test_all_else_is_the_clients_business() -> None:
    caller = Caller()
    client = Hiding(caller)
    client.hold(upload=True)
    client.refuse(502, "upstream_error", "It broke.")
    client.cut()
    assert caller.end == "held502 upstream_error It broke.cut False"
