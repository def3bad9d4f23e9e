"""The observer's side of the tap: pieces as they were on the wire become events."""

import sys
from dataclasses import dataclass, field
from typing import Final

from exporter.tap import frames
from exporter.wire.chunked import Dechunker
from exporter.wire.events import (
    Aborted,
    Event,
    Headers,
    RequestBody,
    RequestEnded,
    RequestStarted,
    ResponseBody,
    ResponseEnded,
    ResponseRun,
    ResponseStarted,
)
from exporter.wire.http1 import CHUNKED, BadMessage, Field, request_head, response_head

Timed = tuple[Event, int]
"""An event and the monotonic nanosecond at which its bytes arrived."""

_ANY_NUMBER: Final = sys.maxsize
"""Header lines: the relay has checked the head by its own limit and then added some of its own."""

_ENDS: Final[dict[int, Event]] = {frames.REQUEST_END: RequestEnded(), frames.RESPONSE_END: ResponseEnded()}


@dataclass(slots=True)
class _Bodies:
    """How the two bodies of one exchange are framed."""

    method: bytes = b"POST"
    request: Dechunker | None = None
    response: Dechunker | None = None
    broken: set[int] = field(default_factory=set)


class Unpacker:
    """Turns the pieces of every exchange of one relay into events.

    A body whose chunked framing cannot be read ends there; the relay forwarded it all the same.
    """

    def __init__(self) -> None:
        self._open: dict[int, _Bodies] = {}

    def feed(self, payload: bytes) -> tuple[int, list[Timed]]:
        """The exchange number and the events of one PIECES payload. Raises ValueError for what no relay sends."""
        number, pieces = frames.read_pieces(payload)
        bodies = self._open.get(number)
        if bodies is None:
            bodies = self._open[number] = _Bodies()
        events: list[Timed] = []
        run: list[tuple[int, bytes]] = []
        for kind, at, blob in pieces:
            if kind == frames.RESPONSE_BODY:
                run += [(at, data) for data in self._payload(bodies, kind, bodies.response, blob)]
                continue
            if run:
                events.append(_joined(run))
                run = []
            try:
                event = self._event(bodies, kind, blob)
            except BadMessage as error:
                raise ValueError("A head in the tap cannot be read.") from error
            if event is not None:
                events.append((event, at))
            if kind in {frames.RESPONSE_END, frames.ABORTED}:
                self._open.pop(number, None)
        if run:
            events.append(_joined(run))
        return number, events

    def forget(self, number: int) -> None:
        """The relay dropped this exchange."""
        self._open.pop(number, None)

    def _event(self, bodies: _Bodies, kind: int, blob: bytes) -> Event | None:
        if kind == frames.REQUEST_BODY:
            data = b"".join(self._payload(bodies, kind, bodies.request, blob))
            return RequestBody(data) if data else None
        if kind == frames.REQUEST_HEAD:
            return self._request(bodies, blob)
        if kind == frames.RESPONSE_HEAD:
            return self._response(bodies, blob)
        if kind in _ENDS:
            return _ENDS[kind]
        by, _, reason = blob.decode("ascii").partition(" ")
        return Aborted(by, reason)

    def _payload(self, bodies: _Bodies, kind: int, dechunker: Dechunker | None, blob: bytes) -> list[bytes]:
        if dechunker is None:
            return [blob] if blob else []
        if kind in bodies.broken:
            return []
        try:
            return dechunker.pieces(blob)
        except BadMessage:
            bodies.broken.add(kind)
            return []

    def _request(self, bodies: _Bodies, blob: bytes) -> RequestStarted:
        wall_us, concurrency, upstream, raw = frames.read_opening(blob)
        head = request_head(raw.removesuffix(b"\r\n\r\n"), _ANY_NUMBER)
        bodies.method = head.method
        if head.body == CHUNKED:
            bodies.request = Dechunker()
        return RequestStarted(
            head.method.decode("ascii"),
            head.target.decode("latin-1"),
            _headers(head.fields),
            (head.value(b"x-request-id") or b"").decode("latin-1"),
            upstream.decode("latin-1"),
            wall_us,
            concurrency,
        )

    def _response(self, bodies: _Bodies, raw: bytes) -> ResponseStarted:
        head = response_head(raw.removesuffix(b"\r\n\r\n"), bodies.method)
        if head.body == CHUNKED:
            bodies.response = Dechunker()
        return ResponseStarted(head.status, _headers(head.fields))


def _joined(run: list[tuple[int, bytes]]) -> Timed:
    at, data = run[-1]
    return (ResponseBody(data) if len(run) == 1 else ResponseRun(run)), at


def _headers(fields: tuple[Field, ...]) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value, _ in fields)
