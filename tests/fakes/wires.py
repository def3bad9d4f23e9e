"""In-memory stand-ins for sockets and for what the relay provides, so that protocol tests open no socket."""

import asyncio

from exporter.proxy import heads
from exporter.proxy.downstream import Downstream
from exporter.proxy.lingering import Lingering
from exporter.proxy.meter import Meter
from exporter.proxy.outbox import Outbox
from exporter.proxy.passage import Passage
from exporter.proxy.ports import Limits
from exporter.proxy.upstream import Upstream
from exporter.proxy.usage import UsageAsking
from exporter.tap.mailbox import Mailbox
from exporter.wire.http1 import RequestHead


class MemoryTransport(asyncio.Transport):
    """Keeps what is written; `lose` ends the connection as the peer or the network would.

    With `room` the peer takes no more than so many bytes.
    """

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.protocol = protocol
        self.sent = b""
        self.closed = False
        self.aborted = False
        self.reading = True
        self.buffered = 0
        self.room: int | None = None
        protocol.connection_made(self)

    def write(self, data) -> None:
        assert not self.closed, "written after close"
        self.sent += bytes(data)
        if self.room is not None and len(self.sent) > self.room:  # as uvloop does, from within the write
            self.buffered = len(self.sent) - self.room
            self.protocol.pause_writing()

    def close(self) -> None:
        self.lose()

    def abort(self) -> None:
        self.aborted = True
        self.lose()

    def lose(self, error: Exception | None = None) -> None:
        if not self.closed:
            self.closed = True
            self.protocol.connection_lost(error)

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def set_write_buffer_limits(self, high=None, low=None) -> None:
        self.limit = high

    def get_write_buffer_size(self) -> int:
        return self.buffered

    def get_extra_info(self, name, default=None):
        return default

    def take(self) -> bytes:
        """What was written since the last call."""
        sent, self.sent = self.sent, b""
        return sent


class House:
    """A relay without an event loop: each request gets a connection at once, or when `let_through` is called.

    With `by_body` it wants the whole body before it chooses a connection; with `usage` it asks for usage of streams.
    """

    def __init__(
        self,
        *,
        connect_at_once: bool = True,
        by_body: bool = False,
        limits: Limits | None = None,
        usage: UsageAsking | None = None,
    ) -> None:
        self.usage = usage
        self.limits = limits or Limits()
        self.meter = Meter(lambda *_: None)
        self.outbox = Outbox(lambda end: end())
        self.mailbox = Mailbox("relay-under-test")
        self.connections: set[Downstream] = set()
        self.turned_away: set[Downstream] = set()
        self.lingering = Lingering(self.limits.discard_seconds)
        self.in_flight = 0
        self.draining = False
        self.upstreams: list[MemoryTransport] = []
        self.idle: list[Upstream] = []
        self.waiting: list[Passage] = []
        self._at_once = connect_at_once
        self.by_body = by_body

    def connect(self, passage: Passage) -> None:
        if self.usage is not None and self.usage.waits(passage):
            return
        if self.by_body and not passage.request_done:
            passage.gathering = 64 << 20
            return
        if self.usage is not None:
            self.usage.amend(passage, "engine", self)
        self._send(passage)

    def gathered_enough(self, passage: Passage) -> None:
        if not passage.request_done:
            passage.gathering = 0
            self._send(passage)

    def _send(self, passage: Passage) -> None:
        if self.idle:
            upstream = self.idle.pop()
            upstream.reused = True
            passage.connected(upstream)
            return
        self.waiting.append(passage)
        if self._at_once:
            self.let_through()

    def let_through(self) -> None:
        waiting, self.waiting = self.waiting, []
        for passage in waiting:
            upstream = Upstream(self.forget)
            self.upstreams.append(MemoryTransport(upstream))
            passage.connected(upstream)

    def refuse_connection(self, error: Exception) -> None:
        waiting, self.waiting = self.waiting, []
        for passage in waiting:
            passage.unreachable(error)

    def upstream_head(self, head: RequestHead, upstream: Upstream) -> bytes:
        return heads.for_upstream(head, b"engine:8000", head.target)

    def upstream_name(self, upstream: Upstream) -> bytes:
        return b"engine:8000"

    def observed(self, method: bytes, target: bytes) -> bool:
        return target.startswith(b"/v1/")

    def give_back(self, upstream: Upstream) -> None:
        upstream.user = None
        self.idle.append(upstream)

    def forget(self, upstream: Upstream) -> None:
        if upstream in self.idle:
            self.idle.remove(upstream)


class MemoryWire:
    """The connection to an observer, kept as bytes."""

    def __init__(self, buffered: int = 0) -> None:
        self.sent = b""
        self.waiting = buffered

    def write(self, data: bytes) -> None:
        self.sent += data

    def buffered(self) -> int:
        return self.waiting
