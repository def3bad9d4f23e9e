"""Whatever an engine answers, the client gets the answer that an independent reader finds in it, or a broken one."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.proxy.downstream import Downstream
from exporter.proxy.usage import UsageAsking
from tests.fakes.wires import House, MemoryTransport
from tests.fuzz.effort import effort
from tests.fuzz.grammar import answers, known_answers, pieces, places
from tests.fuzz.independent import Answer, answer

HOP_BY_HOP = {b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"upgrade"}
FRAMING = {b"content-length", b"transfer-encoding"}
LEFT_OUT = HOP_BY_HOP | FRAMING
SECOND = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond"
ENDS = ("stays", "closed", "reset")

methods = st.sampled_from([b"GET", b"POST", b"HEAD"])


@dataclass(frozen=True, slots=True)
class Played:
    """What the client of one exchange saw, and how its connection was left."""

    sent: bytes
    closed: bool
    reset: bool


def ask(caller: MemoryTransport, method: bytes) -> None:
    length = b"Content-Length: 2\r\n" if method == b"POST" else b""
    body = b"{}" if method == b"POST" else b""
    caller.protocol.data_received(method + b" /v1/x HTTP/1.1\r\nHost: h\r\n" + length + b"\r\n" + body)


def play(house: House, method: bytes, reads: Sequence[bytes], end: str) -> tuple[MemoryTransport, Played]:
    caller = MemoryTransport(Downstream(house))
    ask(caller, method)
    [engine] = house.upstreams
    for read in reads:
        if not engine.closed:
            engine.protocol.data_received(read)
    if end != "stays" and not engine.closed:
        engine.lose(ConnectionResetError() if end == "reset" else None)
    return caller, Played(caller.sent, caller.closed, caller.aborted)


def check(method: bytes, data: bytes, end: str, seen: Played, *, reframed: bool = False) -> Answer:
    """The client's answer is the engine's, or visibly broken, or an error of ours; it may be `reframed`."""
    meant = answer(method, data, ended=end == "closed")
    got = answer(method, seen.sent, ended=seen.closed and not seen.reset)
    assert not got.rest, "more than one answer to one request"
    if got.status == 502:  # ours: the engine of this test never says so
        assert got.complete
        assert seen.closed
        return got
    if got.complete:
        assert meant.complete, "an answer looks complete that is not"
    if got.complete or got.begun:
        assert meant.status == got.status
        assert meant.interim == got.interim
        dropped = {word.strip(b" \t").lower() for n, v in meant.fields if n == b"connection" for word in v.split(b",")}
        kept = [(name, value) for name, value in meant.fields if name not in HOP_BY_HOP | (dropped - FRAMING)]
        if (b"transfer-encoding", b"chunked") in kept and meant.status not in {204, 304} and method != b"HEAD":
            kept = [(name, value) for name, value in kept if name != b"content-length"]
        there = [(name, value) for name, value in got.fields if (name, value) != (b"connection", b"close")]
        if reframed:
            there, kept = ([field for field in fields if field[0] not in FRAMING] for fields in (there, kept))
        assert there == kept
        assert meant.body.startswith(got.body)
        assert got.body == meant.body or not got.complete
    if not got.complete:
        assert seen.closed or end == "stays", "the client waits for an answer that will not come"
    return got


def story(method: bytes, reads: Sequence[bytes], end: str) -> None:
    """Plays an answer that comes in these reads, and the request after it."""
    house = House()
    data = b"".join(reads)
    caller, seen = play(house, method, reads, end)
    got = check(method, data, end, seen)
    if got.complete and not caller.closed:
        behind = answer(method, data, ended=False).rest
        assert house.upstreams[0].closed or not behind, "a connection is trusted too far"
        check_next(house, caller)
    caller.lose()
    assert house.in_flight == 0


def check_next(house: House, caller: MemoryTransport) -> None:
    """The next request on the client's connection gets its own answer and nothing of the last one."""
    caller.take()
    before = len(house.upstreams)
    ask(caller, b"POST")
    engine = house.upstreams[-1] if len(house.upstreams) > before else house.upstreams[0]
    assert not engine.closed
    engine.protocol.data_received(SECOND)
    read = answer(b"POST", caller.sent, ended=False)
    assert (read.complete, read.body, read.rest) == (True, b"second", b"")


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
@pytest.mark.parametrize("every", [0, 1, 7])
def test_no_known_trick_makes_two_answers_of_one(method: bytes, every: int) -> None:
    for data in known_answers():
        story(method, pieces(data, range(0, len(data), every) if every else ()), "closed")


@effort(400)
@given(methods, answers(wild=True), places, st.sampled_from(ENDS))
def test_an_answer_arrives_as_it_is_or_visibly_broken(method: bytes, data: bytes, at: Sequence[int], end: str) -> None:
    story(method, pieces(data, at), end)


@effort(150)
@given(methods, answers(wild=False), places, st.sampled_from(ENDS))
def test_valid_answers_arrive_whole(method: bytes, data: bytes, at: Sequence[int], end: str) -> None:
    meant = answer(method, data, ended=end == "closed")
    _, seen = play(House(), method, pieces(data, at), end)
    got = check(method, data, end, seen)
    assert (got.complete, got.body) == (meant.complete, meant.body)


STREAM = b'{"stream":true}'
TEXT = b'data: {"choices":[{"index":0,"delta":{"content":"\xc3\xa9"}}],"usage":null}'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":1}}'
HEADS = (
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nx: y",
    b"Content-Length: %d",
    b"Connection: close",
)
"""How a stream of events is framed; the length is filled in."""

events = st.lists(st.sampled_from([TEXT, USAGE, b": ping", b"event: e\ndata: x", b"data: [DONE]"]), max_size=6)
ends = st.sampled_from([b"\n\n", b"\r\n\r\n", b"\r\r", b"\n"])


def ask_for_usage(house: House, reads: Sequence[bytes], end: str) -> MemoryTransport:
    """A streaming request to engines that all answer alike."""
    caller = MemoryTransport(Downstream(house))
    length = b"Content-Length: %d\r\n\r\n" % len(STREAM)
    caller.protocol.data_received(b"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\n" + length + STREAM)
    for number in range(2):
        if len(house.upstreams) > number:
            engine = house.upstreams[number]
            for read in reads:
                if not engine.closed:
                    engine.protocol.data_received(read)
            if end != "stays" and not engine.closed:
                engine.lose(ConnectionResetError() if end == "reset" else None)
    assert len(house.upstreams) <= 2
    return caller


@effort(300)
@given(answers(wild=True), places, st.sampled_from(ENDS))
def test_an_answer_to_a_request_for_usage_is_whole_or_visibly_broken(data: bytes, at: Sequence[int], end: str) -> None:
    house = House(usage=UsageAsking())
    caller = ask_for_usage(house, pieces(data, at), end)
    check(b"POST", data, end, Played(caller.sent, caller.closed, caller.aborted), reframed=True)
    caller.lose()
    assert house.in_flight == 0


@effort(300)
@given(events, ends, places, places, st.sampled_from(HEADS))
def test_the_client_gets_every_event_but_the_usage(
    said: list[bytes], end: bytes, at: Sequence[int], chunks: Sequence[int], framing: bytes
) -> None:
    body = b"".join(event + end for event in said)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + framing + b"\r\n\r\n"
    if b"chunked" in framing:
        cut = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces(body, chunks) if piece]
        data = head + b"".join(cut) + b"0\r\n\r\n"
    else:
        data = (head % len(body) if b"%d" in head else head) + body
    closing = b"close" in framing
    caller = ask_for_usage(House(usage=UsageAsking()), pieces(data, at), "closed" if closing else "stays")
    got = answer(b"POST", caller.sent, ended=caller.closed)
    shown = b"".join(event + end for event in said if event != USAGE) if end != b"\n" else _lines(said)
    assert (got.complete, got.rest, got.body) == (True, b"", shown)


def _lines(said: list[bytes]) -> bytes:
    """Events that no blank line divides are one event, which is left out only where usage is all that it says."""
    body = b"".join(event + b"\n" for event in said)
    data = [event for event in said if event.startswith((b"data:", b"event:"))]
    return b"" if data == [USAGE] else body
