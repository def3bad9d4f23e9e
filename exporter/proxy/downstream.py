"""Connections from clients: heads are read and checked here, one request at a time, in order."""

import asyncio
import socket
from time import monotonic, monotonic_ns
from typing import Final, Protocol

from exporter.proxy import heads
from exporter.proxy.lingering import Lingering
from exporter.proxy.passage import Passage
from exporter.proxy.ports import Gate, Limits
from exporter.proxy.upstream import no_delay, reset_on_close, untaken
from exporter.wire.http1 import CHUNKED, BadMessage, RequestHead, repeated, request_head

WRITE_LIMIT: Final = 64 * 1024
"""Bytes that may wait for a slow client before the engine is no longer read."""

_REASONS: Final = {413: "body_too_large", 431: "head_too_large"}
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_EMPTY_LINE: Final = b"\r\n"
"""What some clients send behind a body: one may stand before a request line (RFC 9112, 2.2)."""
_UPLOAD: Final = 1
_PIPELINE: Final = 2


class House(Gate, Protocol):
    """What the relay provides to each client connection."""

    connections: "set[Downstream]"
    turned_away: "set[Downstream]"
    lingering: Lingering


class Downstream(asyncio.Protocol):
    """One client connection."""

    __slots__ = (
        "_buffer", "_full", "_house", "_known", "_last", "_left", "_moved", "_moved_at", "_received",
        "fresh", "passage", "paused", "since", "transport",
    )  # fmt: skip

    def __init__(self, house: House) -> None:
        self._house = house
        self._buffer = b""
        self._received = 0
        self.paused = 0
        self._full = False
        self._left = 0
        self._moved: int | None = None
        self._moved_at = 0.0
        self._known: RequestHead | None = None
        self._last: socket.socket | None = None
        self.passage: Passage | None = None
        self.since = monotonic()
        self.fresh = True
        self.transport: asyncio.Transport = None  # type: ignore[assignment]  # set by connection_made, before any use

    @property
    def between_requests(self) -> bool:
        """True when nothing of a request has arrived yet, but perhaps an empty line."""
        return self.passage is None and _EMPTY_LINE.startswith(self._buffer)

    @property
    def waiting_for_head(self) -> bool:
        """True when a head has begun, has not ended, and the client is neither held back by us nor let go."""
        begun = self.passage is None and not self.between_requests
        return begun and not self._full and not self.transport.is_closing()

    # --- asyncio's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Prepares the transport: no Nagle delay, bounded writes."""
        self.transport = transport  # type: ignore[assignment]  # stream transports are what create_server gives
        self.transport.set_write_buffer_limits(high=WRITE_LIMIT)
        no_delay(transport)
        if len(self._house.connections) >= self._house.limits.connections:
            self._house.turned_away.add(self)
            self.refuse(503, "too_many_connections", "tokentide-exporter has as many connections as it may have.")
        else:
            self._house.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Body bytes go on; anything else is a head, or waits until its turn."""
        passage = self.passage
        if passage is not None and not passage.request_done:
            self._body(passage, data)
            return
        if _EMPTY_LINE.startswith(self._buffer):
            self._received = monotonic_ns()
            self.since = self._received / 1e9
        self._buffer += data
        if passage is None:
            self._next_head()
        else:
            self._pause_pipeline()

    def eof_received(self) -> bool:
        """A client that stops sending has left: half-open clients would keep the engine working for nobody."""
        self._house.outbox.flush()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone; so is its request."""
        self._house.connections.discard(self)
        self._house.turned_away.discard(self)
        passage, self.passage = self.passage, None
        if passage is not None:
            passage.client_gone("reset" if exc else "closed")
        if self._last is not None:
            self._house.lingering.begin(self._last)

    def pause_writing(self) -> None:
        """The client is slow: stop reading the engine."""
        self._full = True
        if self.passage is not None:
            self.passage.client_full(full=True)

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._full = False
        if self.passage is not None:
            self.passage.client_full(full=False)
        elif self._buffer:
            self._next_head()

    # --- what a passage asks for

    def write(self, data: bytes) -> None:
        """Sends bytes to the client."""
        self._house.outbox.write(self.transport, data)

    def hold(self, *, upload: bool) -> None:
        """Stops or goes on reading the request's body."""
        if upload:
            self._pause(_UPLOAD)
        else:
            self._unpause(_UPLOAD)

    def finished(self, *, keep: bool) -> None:
        """The exchange is over; the next request may already wait."""
        passage, self.passage = self.passage, None
        self.since = monotonic()
        if not keep:
            if passage is not None and not passage.request_done:
                self._last = self._house.lingering.share(self.transport)
            self.close()
            return
        if passage is not None and passage.head.raw:  # of a stream's nothing is kept
            self._known = passage.head
        self._unpause(_UPLOAD)
        if self._buffer:
            # not from here: a long pipeline would recurse
            asyncio.get_running_loop().call_soon(self._next_head)

    def refuse(self, status: int, reason: str, sentence: str) -> None:
        """Answers with an error of our own, unless the request has an answer already, and closes."""
        passage, self.passage = self.passage, None
        self.since = monotonic()
        self._house.mailbox.refused[reason] += 1
        if passage is not None:
            passage.client_gone("refused")
        if self.transport.is_closing():
            return
        if passage is None or passage.answer is None:
            head_only = passage is not None and passage.head.method == b"HEAD"
            self.write(heads.refusal(status, reason, sentence, head_only=head_only))
            if passage is None or not passage.request_done:
                self._last = self._house.lingering.share(self.transport)
        self.close()

    def cut(self, *, reset: bool = False) -> None:
        """Closes without a proper end of the answer; `reset` where a close alone would look like one."""
        self.passage = None
        self.since = monotonic()
        if reset:
            self._house.outbox.flush()
            reset_on_close(self.transport)
            self.transport.abort()
        else:
            self.close()

    def close(self) -> None:
        """Closes once the client has what it was sent."""
        self._house.outbox.flush()
        self.transport.close()

    def stalled_for(self, now: float) -> float:
        """Seconds for which the exchange has waited for its client, who neither sent nor took a byte in that time."""
        passage = self.passage
        moved: int | None = None
        if self._full:
            moved = untaken(self.transport)
        elif passage is not None and not passage.request_done and not self.paused:
            moved = -1 - passage.upload.seen
        if moved is None or moved != self._moved:
            self._moved, self._moved_at = moved, now
        return now - self._moved_at

    def give_up(self) -> None:
        """Ends a connection on which nothing happens, unless its client has fetched something since the last call."""
        left, self._left = self._left, self.transport.get_write_buffer_size()
        if not self._left:
            self.close()
        elif self._left != left:
            self.since = monotonic()
        else:
            self.transport.abort()

    # --- heads and bodies

    def _body(self, passage: Passage, data: bytes) -> None:
        try:
            rest = passage.request_bytes(data)
        except BadMessage as error:
            self._refuse(error)
            return
        if rest:
            self.data_received(rest)

    def _next_head(self) -> None:
        if self.passage is not None or self.transport.is_closing():
            return
        if self._full:
            self._pause(_PIPELINE)
            return
        buffer = self._buffer
        start = len(_EMPTY_LINE) if buffer.startswith(_EMPTY_LINE) else 0
        end = buffer.find(b"\r\n\r\n", start)
        try:
            if end < 0:
                if not _EMPTY_LINE.startswith(buffer):
                    _check_start(buffer[start:], self._house.limits)
                self._unpause(_PIPELINE)
                return
            head = _checked(buffer[start:end], self._house.limits, self._known)
        except BadMessage as error:
            self._refuse(error)
            return
        self._known = None
        self._buffer = b""
        self._unpause(_PIPELINE)
        self._begin(head, buffer[end + 4 :])

    def _begin(self, head: RequestHead, rest: bytes) -> None:
        upgrade = head.value(b"upgrade")
        if upgrade is not None and b"websocket" in upgrade.lower():
            self.refuse(501, "upgrade_refused", "tokentide-exporter does not relay WebSocket connections.")
            return
        self.fresh = False
        self._moved = None
        passage = self.passage = Passage(self._house, self, head, self._received)
        if rest and passage.request_done:
            self._buffer = rest
            self._received = monotonic_ns()
            self._pause_pipeline()
        elif rest:
            self._body(passage, rest)  # before the connection, so that head and body leave in one write
        if self.passage is passage:
            self._house.connect(passage)
        if passage.gathering and not rest and head.minor and (head.value(b"expect") or b"").lower() == b"100-continue":
            self.write(_CONTINUE)  # no engine can say so before its choice, which needs the body

    def _refuse(self, error: BadMessage) -> None:
        self.refuse(error.status, _REASONS.get(error.status, "malformed_request"), str(error))

    def _pause_pipeline(self) -> None:
        """Stops reading where much of later requests waits; up to there we read on, to hear when the client leaves."""
        if len(self._buffer) > self._house.limits.head_bytes:
            self._pause(_PIPELINE)

    def _pause(self, why: int) -> None:
        if not self.paused:
            self.transport.pause_reading()
        self.paused |= why

    def _unpause(self, why: int) -> None:
        if self.paused and not self.paused & ~why and not self.transport.is_closing():
            self.transport.resume_reading()
        self.paused &= ~why


def _checked(raw: bytes, limits: Limits, known: RequestHead | None) -> RequestHead:
    """The head, if it and the body that it announces are within the limits; `known` was the one before.

    Raises BadMessage.
    """
    if len(raw) > limits.head_bytes:
        raise BadMessage(f"The request head is longer than {limits.head_bytes} bytes.", 431)
    head = (known and repeated(raw, known)) or request_head(raw, limits.header_lines)
    if head.body != CHUNKED and head.body > limits.body_bytes:
        raise BadMessage(f"The request body is longer than {limits.body_bytes} bytes.", 413)
    return head


def _check_start(buffer: bytes, limits: Limits) -> None:
    """Refuses at once what can no longer become a head. Raises BadMessage."""
    if len(buffer) > limits.head_bytes + len(b"\r\n\r"):
        raise BadMessage(f"The request head is longer than {limits.head_bytes} bytes.", 431)
    if buffer.count(b"\n") != buffer.count(b"\r\n") or not buffer[:1].isalpha():
        raise BadMessage("This is not an HTTP/1.1 request.")
