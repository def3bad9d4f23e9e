"""What all connections of one relay process share: the way to the engine, the tap, the limits."""

import asyncio
import contextlib
from collections.abc import Coroutine
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from exporter.proxy import heads
from exporter.proxy.lingering import Lingering
from exporter.proxy.meter import Meter
from exporter.proxy.outbox import Outbox
from exporter.proxy.passage import Passage
from exporter.proxy.ports import Limits
from exporter.proxy.routes import Route, Routes
from exporter.proxy.tls import trouble
from exporter.proxy.upstream import Address, Upstream, all_taken, has_left
from exporter.tap.mailbox import Mailbox
from exporter.wire.http1 import BadMessage, RequestHead

if TYPE_CHECKING:
    from exporter.proxy.downstream import Downstream
    from exporter.proxy.usage import UsageAsking


_LARGEST_GATHERED = 64 << 20
"""Bytes of a body that may wait for an engine to be chosen by it."""
_IDLE_GRACE = 0.2
_FRESH_GRACE = 2.0
"""Seconds that a connection may stay idle while draining: a request may be on the way, the first one most likely."""


class Relay:
    """The gate between clients and one engine."""

    def __init__(
        self,
        routes: Routes,
        mailbox: Mailbox,
        observed: tuple[bytes, ...],
        limits: Limits,
        meter: Meter,
        outbox: Outbox,
        usage: "UsageAsking | None" = None,
    ) -> None:
        self.mailbox = mailbox
        self.connections: set[Downstream] = set()
        self.turned_away: set[Downstream] = set()
        self.arriving: dict[asyncio.Task[None], float] = {}
        self.in_flight = 0
        self.draining = False
        self.limits = limits
        self.lingering = Lingering(limits.discard_seconds)
        self.meter = meter
        self.outbox = outbox
        mailbox.added = meter.told
        self._routes = routes
        self._by_pool = {route.pool: route for route in routes.all}
        self._observed = tuple(end for end in observed if end != b"/")
        self._observes_root = b"/" in observed
        self._usage = usage
        self._connecting: set[asyncio.Task[None]] = set()
        self._parted: set[Downstream] = set()

    def connect(self, passage: Passage) -> None:
        """Gives the passage an idle connection at once, or a new one when it is there."""
        if self._usage is not None and self._usage.waits(passage):
            return
        route = self._routes.for_head(passage.head)
        if route is None and self._routes.needs_body(passage.head):
            if not passage.request_done:
                passage.gathering = _LARGEST_GATHERED
                return
            route = self._routes.for_body(passage.head, passage.upload.gathered())
        if route is None:
            passage.unroutable()
            return
        if self._usage is not None:
            self._usage.amend(passage, route.name, self)
        self._send(passage, route)

    def gathered_enough(self, passage: Passage) -> None:
        """A body is too long to be held: it passes as it is, unless the engine depends on it. Raises BadMessage."""
        route = self._routes.for_head(passage.head)
        if route is not None:
            if not passage.request_done:
                passage.gathering = 0
                self._send(passage, route)
        elif passage.upload.waiting > _LARGEST_GATHERED:
            raise BadMessage("The request body is too long to choose an engine by its model.", 413)
        else:
            passage.gathering = _LARGEST_GATHERED

    def _send(self, passage: Passage, route: Route) -> None:
        upstream = None if passage.final else route.pool.take()
        if upstream is not None:
            passage.connected(upstream)
            return
        self._soon(self._connect(passage, route))

    async def _connect(self, passage: Passage, route: Route) -> None:
        try:
            upstream = await self._reach(route)
        except OSError as error:
            passage.unreachable(error)
        else:
            passage.connected(upstream)

    async def _reach(self, route: Route) -> Upstream:
        """A new connection, and what came of it for all to see. Raises OSError, which time-outs and TLS are too."""
        try:
            upstream = await route.pool.connect()
        except OSError as error:
            self.mailbox.problems[route.name] = trouble(error)
            raise
        self.mailbox.problems[route.name] = None
        return upstream

    async def _try_again(self, route: Route) -> None:
        """Connects to an engine that was away: without traffic nobody else would find out that it is back."""
        with contextlib.suppress(OSError):
            self.give_back(await self._reach(route))

    def _soon(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    def upstream_head(self, head: RequestHead, upstream: Upstream) -> bytes:
        """The head as the engine at the other end of `upstream` gets it."""
        route = self._route(upstream)
        return heads.for_upstream(head, route.address.authority, route.target(head.target))

    def upstream_name(self, upstream: Upstream) -> bytes:
        """The engine's address, for records."""
        return self._route(upstream).pool.name

    def _route(self, upstream: Upstream) -> Route:
        if upstream.pool is None:
            raise ValueError("A connection without a pool belongs to no engine.")
        return self._by_pool[upstream.pool]

    def observed(self, method: bytes, target: bytes) -> bool:
        """True for what is posted to the paths of a dialect; other bodies are not worth carrying to the observer."""
        if method != b"POST":
            return False
        path = target.partition(b"?")[0].rstrip(b"/")
        return path.endswith(self._observed) if path else self._observes_root

    def give_back(self, upstream: Upstream) -> None:
        """Keeps a connection for the next request."""
        if self.draining or upstream.pool is None:
            upstream.transport.close()
        else:
            upstream.pool.give_back(upstream)

    def sweep(self) -> None:
        """Ends what has been idle, has not finished its head, or is in flight, for too long."""
        now = monotonic()
        for connection in list(self.connections):
            age = now - connection.since
            if connection.passage is not None:
                self._check_passage(connection, connection.passage, now)
            elif connection.waiting_for_head:
                if age > self.limits.head_seconds:
                    connection.refuse(408, "head_timeout", "The request head did not arrive in time.")
            elif age > self.limits.idle_seconds:
                connection.give_up()
        self._let_go()
        for route in self._routes.all:
            route.pool.sweep()
            if self.mailbox.problems.get(route.name) is not None and not self.draining:
                self._soon(self._try_again(route))

    def _check_passage(self, connection: "Downstream", passage: Passage, now: float) -> None:
        age = now - passage.since
        if connection.paused and has_left(connection.transport):
            connection.transport.abort()
        elif passage.over:
            if age > self.limits.discard_seconds:
                connection.cut()
        elif self.limits.total_seconds and age > self.limits.total_seconds:
            passage.timed_out()
        elif self.limits.stall_seconds and connection.stalled_for(now) > self.limits.stall_seconds:
            passage.stalled()

    def _let_go(self) -> None:
        """Ends closed connections that have no more to say: an idle client would not answer TLS's close_notify.

        They must have looked so the last time as well, because what the loop itself holds is not seen: it refills the
        socket in between.
        """
        known = (*self.connections, *self.turned_away)
        parted = {each for each in known if each.transport.is_closing() and all_taken(each.transport)}
        for connection in parted & self._parted:
            connection.transport.abort()
        self._parted = parted

    async def drain(self, limit: float) -> None:
        """Lets requests in flight finish for up to `limit` seconds, then ends what is left."""
        self.draining = True
        end = monotonic() + limit
        while (self.connections or self.arriving or self.lingering) and monotonic() < end:
            for connection in list(self.connections):
                grace = _FRESH_GRACE if connection.fresh else _IDLE_GRACE
                if connection.passage is None and monotonic() - connection.since > grace:
                    connection.close()
            for arriving, since in self.arriving.items():
                if monotonic() - since > _FRESH_GRACE:
                    arriving.cancel()
            self._let_go()
            await asyncio.sleep(0.02)
        for arriving in self.arriving:
            arriving.cancel()
        for connection in (*self.connections, *self.turned_away):
            if connection.passage is not None:
                connection.passage.drained()
            connection.transport.abort()
        for route in self._routes.all:
            route.pool.close()


def address(url: str) -> Address:
    """The address of an `http://`, `https://` or `unix:` URL. Raises ValueError with a sentence."""
    parts = urlsplit(url)
    if parts.scheme == "unix" and parts.path:
        return Address("localhost", 0, b"localhost", b"", tls=False, socket=parts.path)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"The upstream {url!r} is not a URL such as http://127.0.0.1:8000 or unix:/run/engine.sock.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("The upstream URL must not hold credentials, a query or a fragment.")
    tls = parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    return Address(parts.hostname, port, parts.netloc.encode("ascii"), parts.path.rstrip("/").encode("ascii"), tls)
