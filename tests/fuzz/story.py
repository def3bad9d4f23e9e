"""A client, the relay and an engine on in-memory transports, and what must hold whatever the client sends."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

from exporter.proxy.downstream import Downstream
from exporter.tap import frames
from exporter.tap.unpack import Unpacker
from exporter.wire.events import Aborted, Event, RequestBody, RequestStarted, ResponseBody, ResponseEnded, ResponseRun
from tests.fakes.wires import House, MemoryTransport
from tests.fuzz.independent import Request, RequestReader, StrictReader, answer

KINDS = ["length", "chunked", "empty", "interim", "early", "early_part", "closing", "until_close", "reset"]
"""How the engine may answer."""

_CLOSING = {"closing", "until_close", "reset"}
_HOP_BY_HOP = {b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"upgrade", b"host"}
_OURS = {b"x-request-id", b"traceparent"}


def tag(number: int) -> bytes:
    """The body of the answer to the request of this number."""
    return b"answer %d" % number


def _parts(kind: str, number: int, method: bytes) -> tuple[bytes, bytes]:
    """What the engine says at the head of a request, and at its end."""
    body = tag(number)
    if kind == "empty":
        return b"", b"HTTP/1.1 204 No Content\r\n\r\n"
    if kind == "chunked":
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        body = b"%x;q=1\r\n%b\r\n0\r\nX-Sum: 1\r\n\r\n" % (len(body), body)
    elif kind == "until_close":
        head = b"HTTP/1.0 200 OK\r\n\r\n"
    else:
        close = b"Connection: close\r\n" if kind == "closing" else b""
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n" % (len(body), close)
    whole = head if method == b"HEAD" else head + body
    if kind == "early":
        return whole, b""
    if kind == "early_part":
        return whole[:-3], whole[-3:]
    return (b"HTTP/1.1 100 Continue\r\n\r\n" if kind == "interim" else b""), whole


class Engine:
    """Reads what reaches it with h11 and answers each request as its kind says; `requests` are in their order."""

    def __init__(self, house: House, kinds: Sequence[str]) -> None:
        self.requests: list[Request] = []
        self.refused = False
        self._house = house
        self._kinds = kinds
        self._readers: dict[MemoryTransport, RequestReader] = {}
        self._numbers: dict[MemoryTransport, int] = {}
        self._told: set[tuple[int, bool]] = set()
        self._strict: dict[MemoryTransport, StrictReader] = {}

    @property
    def completed(self) -> list[tuple[bytes, bytes, bytes]]:
        """Method, target and body of each request that arrived whole."""
        return [(each.method, each.target, each.body) for each in self.requests if each.complete]

    def kind(self, number: int) -> str:
        return self._kinds[number % len(self._kinds)]

    def turn(self) -> bool:
        """Reads and answers; false where there was nothing to do."""
        busy = False
        for transport in list(self._house.upstreams):
            data = transport.take()
            if data:
                busy = True
                self._read(transport, data)
            busy = self._answer(transport) or busy
        return busy

    def _read(self, transport: MemoryTransport, data: bytes) -> None:
        reader = self._readers.setdefault(transport, RequestReader())
        seen = len(reader.requests)
        assert not (seen and reader.requests[-1].closes), "bytes after a request that ends its connection"
        reader.feed(data)
        self._strict.setdefault(transport, StrictReader()).feed(data)
        assert len(reader.requests) <= seen + 1, "two requests at once on one connection to the engine"
        for request in reader.requests[seen:]:
            assert not seen or self._answered(transport), "a request before the last one was answered"
            self._numbers[transport] = len(self.requests)
            self.requests.append(request)
        assert not reader.refused, "the engine gets what it must refuse"
        assert not (reader.requests and reader.requests[-1].complete and reader.rest), "bytes behind a request"
        self._strict[transport].check(reader.requests)

    def _answered(self, transport: MemoryTransport) -> bool:
        return (self._numbers[transport], True) in self._told

    def _answer(self, transport: MemoryTransport) -> bool:
        number = self._numbers.get(transport)
        if number is None or transport.closed:
            return False
        request = self.requests[number]
        early, late = _parts(self.kind(number), number, request.method)
        told = False
        if early and (number, False) not in self._told:
            self._told.add((number, False))
            transport.protocol.data_received(early)  # type: ignore[attr-defined]  # what an Upstream has
            told = True
        if request.complete and (number, True) not in self._told:
            self._told.add((number, True))
            if self.kind(number) == "reset" and not transport.protocol.reused:  # type: ignore[attr-defined]
                # On a connection that was used before, a retry of the relay would be right.
                transport.lose(ConnectionResetError())
                return True
            if late and not transport.closed:
                transport.protocol.data_received(late)  # type: ignore[attr-defined]  # what an Upstream has
            if self.kind(number) in {"closing", "until_close"}:
                transport.lose()
            told = True
        return told


class Story:
    """Plays reads of one client against the relay."""

    def __init__(self, house: House, kinds: Sequence[str], *, eager: bool) -> None:
        self.house = house
        self.engine = Engine(house, kinds)
        self.caller = MemoryTransport(Downstream(house))
        self._eager = eager

    async def play(self, reads: Sequence[bytes]) -> None:
        """Delivers each read as soon as the relay takes it; an eager engine answers before the next."""
        for read in reads:
            if self._eager or not self.caller.reading:
                await self._settle()
            if self.caller.closed:
                break
            assert self.caller.reading, "the client is held back though nothing is left to wait for"
            self.caller.protocol.data_received(read)  # type: ignore[attr-defined]  # what a Downstream has
            held = len(self.caller.protocol._buffer)  # type: ignore[attr-defined]  # what a Downstream has
            assert held <= self.house.limits.head_bytes + 5 + len(read), "what waits for its turn piles up"
        await self._settle()

    async def _settle(self) -> None:
        idle = 0
        while idle < 2:
            self.house.let_through()
            await asyncio.sleep(0)
            idle = 0 if self.engine.turn() else idle + 1


def check(story: Story, data: bytes) -> None:
    """What reached the engine is what h11 reads in the client's bytes; the client gets one answer to each request."""
    said = RequestReader()
    said.feed(data)
    engine, caller = story.engine, story.caller
    assert len(engine.requests) <= len(said.requests), "the engine got a request that the client never sent"
    for number, (got, meant) in enumerate(zip(engine.requests, said.requests, strict=False)):
        _check_request(got, meant, early=engine.kind(number).startswith("early"))
    refused = sum(story.house.mailbox.refused.values())
    if not caller.closed:
        assert not refused
        assert not said.refused, "the relay does not refuse what h11 does"
        due = [each for each in said.requests if each.complete or not story.house.by_body]
        assert len(engine.requests) == len(due), "a request did not reach the engine"
    elif not refused and engine.requests:
        last = len(engine.requests) - 1
        why = said.requests[last].closes or engine.kind(last) in _CLOSING or engine.kind(last).startswith("early")
        assert why, "the connection was closed for no reason"
    _check_answers(story, said)
    _check_tap(story)


def _check_request(got: Request, meant: Request, *, early: bool) -> None:
    assert got.method == meant.method
    assert got.target == _origin(meant.target)
    assert got.version == meant.version
    if got.complete:
        assert meant.complete
        assert got.body == meant.body
    else:
        assert meant.body.startswith(got.body)
        assert early or not meant.complete or got.closes is False
    dropped = {
        word.strip(b" \t").lower()
        for name, value in meant.fields
        if name == b"connection"
        for word in value.split(b",")
    }
    kept = [(name, value) for name, value in meant.fields if name not in _HOP_BY_HOP | dropped]
    assert got.fields[0] == (b"host", b"engine:8000")
    assert got.fields[1 : len(kept) + 1] == kept
    names = {name for name, _ in kept}
    added = [name for name, value in got.fields[len(kept) + 1 :] if (name, value) != (b"connection", b"close")]
    assert sorted(added) == sorted(_OURS - names)
    assert ((b"connection", b"close") in got.fields) == (meant.version == b"1.0")


def _origin(target: bytes) -> bytes:
    """The target in origin form (RFC 9112, 3.2)."""
    if target[:1] in {b"/", b"*"}:
        return target
    parts = urlsplit(target.replace(b"[", b"(").replace(b"]", b")"))
    assert parts.scheme in {b"http", b"https"}
    rest = target[len(parts.scheme) + 3 + len(parts.netloc) :]
    return rest if rest[:1] == b"/" else b"/" + rest


def _check_answers(story: Story, said: RequestReader) -> None:
    engine, caller = story.engine, story.caller
    rest, broken = caller.sent, False
    asked_more = True
    for number, request in enumerate(engine.requests):
        read = answer(request.method, rest, ended=caller.closed and not caller.aborted)
        assert not read.refused, "the client gets what it must refuse"
        rest = read.rest
        if not read.complete:
            assert caller.closed or not request.complete, "no answer"
            broken = True
            break
        if read.status >= 400:  # the engine of this story never says so
            assert caller.closed
            assert not rest
            return
        assert read.status == (204 if engine.kind(number) == "empty" else 200)
        assert read.body == (b"" if request.method == b"HEAD" or read.status == 204 else tag(number))
        asked_more = said.requests[number].complete
    if rest and not broken:
        assert asked_more, "two answers to one request"
        read = answer(b"GET", rest, ended=True)
        assert read.status >= 400, "an answer that nobody asked for"
        assert caller.closed
        assert not read.rest


def answered(events: list[Event]) -> bytes:
    """The answer's body, as the observer reads it."""
    body = b""
    for event in events:
        if isinstance(event, ResponseRun):
            body += b"".join(data for _, data in event.pieces)
        elif isinstance(event, ResponseBody):
            body += event.data
    return body


def _check_tap(story: Story) -> None:
    """The observer can read what was seen, and the accounts are right once the client has left."""
    story.caller.lose()
    house, engine = story.house, story.engine
    assert house.in_flight == 0
    assert house.mailbox.forwarded == len(house.mailbox._live) == len(engine.requests)
    unpacker = Unpacker()
    for number, request in enumerate(engine.requests):
        trace = house.mailbox._live[number + 1]
        frame = frames.pieces(trace.number, bytes(trace.kinds), trace.stamps.tobytes(), trace.blobs)
        [(_, payload)] = frames.FrameReader().feed(frame)
        events = [event for event, _ in unpacker.feed(payload)[1]]
        started = events[0]
        assert isinstance(started, RequestStarted)
        assert started.method.encode() == request.method
        assert started.target.encode("latin-1") == request.target
        assert isinstance(events[-1], ResponseEnded | Aborted)
        if house.observed(request.method, request.target) and request.complete:
            assert b"".join(event.data for event in events if isinstance(event, RequestBody)) == request.body
            if isinstance(events[-1], ResponseEnded) and request.method != b"HEAD" and engine.kind(number) != "empty":
                assert answered(events) == tag(number)
    assert unpacker._open == {}
