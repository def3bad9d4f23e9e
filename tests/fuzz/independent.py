"""An independent reader of HTTP/1.1: h11, one message at a time, so that what follows a message is seen."""

from dataclasses import dataclass, field

import h11
import httptools

_LARGEST = 1 << 24

Fields = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class Request:
    """A request as h11 reads it; `closes` is true where nothing may follow it on its connection."""

    method: bytes
    target: bytes
    version: bytes
    fields: Fields
    body: bytes = b""
    complete: bool = False
    closes: bool = False


class RequestReader:
    """Reads requests as a server would, and ignores one empty line before each (RFC 9112, 2.2)."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.refused = False
        self.rest = b""
        """What was not read: bytes behind a request that closes or is malformed, or the start of a head."""
        self._begin()

    def feed(self, data: bytes) -> None:
        self.rest += data
        while self.rest and not self.refused and not (self.requests and self.requests[-1].closes):
            if self._fresh:
                if self.rest in {b"\r", b"\r\n"}:
                    return
                self.rest = self.rest.removeprefix(b"\r\n")
                self._fresh = False
            self._server.receive_data(self.rest)
            self.rest = b""
            if not self._events():
                return

    def _begin(self) -> None:
        self._server = h11.Connection(h11.SERVER, max_incomplete_event_size=_LARGEST)
        self._fresh = True

    def _events(self) -> bool:
        """Reads to the end of the message; false where there is none yet."""
        try:
            while (event := self._server.next_event()) is not h11.NEED_DATA:
                if isinstance(event, h11.Request):
                    fields = [(bytes(name), bytes(value)) for name, value in event.headers]
                    method, target, version = map(bytes, (event.method, event.target, event.http_version))
                    self.requests.append(Request(method, target, version, fields))
                elif isinstance(event, h11.Data):
                    self.requests[-1].body += bytes(event.data)
                else:
                    self.requests[-1].complete = True
                    self.requests[-1].closes = _closes(self.requests[-1])
                    self.rest = bytes(self._server.trailing_data[0])
                    self._begin()
                    return True
        except h11.RemoteProtocolError:
            self.refused = True
        return False


class StrictReader:
    """A second reader of what reaches the engine: llhttp, which many engines use and which refuses more than h11.

    It does not know every method, so that it reads each request with a method and a target of its own.
    """

    def __init__(self) -> None:
        self.complete = 0
        self.refused: Exception | None = None
        self._bodies: list[bytes] = []
        self._begin()

    def _begin(self) -> None:
        self._start: bytes | None = b""
        self._parser = httptools.HttpRequestParser(self)

    def on_message_begin(self) -> None:
        self._bodies.append(b"")

    def on_body(self, body: bytes) -> None:
        self._bodies[-1] += body

    def on_message_complete(self) -> None:
        self.complete += 1

    def feed(self, data: bytes) -> None:
        """Reads on, to the first byte that is refused."""
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            self.refused = error

    def _feed(self, data: bytes) -> None:
        if self.refused is not None:
            return
        if self._start is not None:
            self._start += data
            line, end, data = self._start.partition(b"\r\n")
            if not end:
                return
            self._start = None
            self._parser.feed_data(b"POST / " + line.rpartition(b" ")[2] + end)
        before = self.complete
        self._parser.feed_data(data)
        if self.complete > before:
            self._begin()

    def check(self, requests: list[Request]) -> None:
        """Both readers have read the same, but that this one may refuse what is never completed."""
        assert self.complete == sum(request.complete for request in requests), f"llhttp says {self.refused}"
        if self.refused is not None:
            return
        bodies = [request.body for request in requests]
        assert self._bodies[: len(bodies)] == bodies
        for request in requests:
            names = [name for name, _ in request.fields]
            assert not (request.version == b"1.0" and b"transfer-encoding" in names), "a coding that 1.0 does not have"


def _closes(request: Request) -> bool:
    # h11 says so by its state, but not while it thinks of an upgrade.
    options = b",".join(value for name, value in request.fields if name == b"connection").lower().split(b",")
    return request.version == b"1.0" or b"close" in {option.strip(b" \t") for option in options}


@dataclass(slots=True)
class Answer:
    """The answer to one request as h11 reads it, from the bytes and then, where it ended, the end of a connection."""

    method: bytes
    status: int = 0
    fields: Fields = field(default_factory=list)
    body: bytes = b""
    interim: list[int] = field(default_factory=list)
    complete: bool = False
    refused: bool = False
    rest: bytes = b""
    """Bytes that follow the complete answer."""

    @property
    def begun(self) -> bool:
        return bool(self.status)


def answer(method: bytes, data: bytes, *, ended: bool) -> Answer:
    """Reads the answer to a request with this method; `ended` where the connection was closed properly after it."""
    read = Answer(method)
    client = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "h")]))
    client.send(h11.EndOfMessage())
    if data:  # nothing would mean the end of the connection
        client.receive_data(data)
    try:
        _read_answer(client, read)
        if ended and not read.complete:
            client.receive_data(b"")
            _read_answer(client, read)
    except h11.RemoteProtocolError:
        read.refused = not ended or read.status == 0
    return read


def _read_answer(client: h11.Connection, read: Answer) -> None:
    while not read.complete:
        event = client.next_event()
        if isinstance(event, h11.InformationalResponse):
            read.interim.append(event.status_code)
        elif isinstance(event, h11.Response):
            read.status = event.status_code
            read.fields = [(bytes(name), bytes(value)) for name, value in event.headers]
        elif isinstance(event, h11.Data):
            read.body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            read.complete = True
            read.rest = bytes(client.trailing_data[0])
        else:
            return
