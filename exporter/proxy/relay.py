"""What all connections of one relay process share: the way to the engine, the tap, the limits."""

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from exporter.proxy import heads
from exporter.proxy.passage import Passage
from exporter.proxy.ports import Limits
from exporter.proxy.upstream import Address, Pool, Upstream
from exporter.tap.mailbox import Mailbox
from exporter.wire.http1 import RequestHead

if TYPE_CHECKING:
    from exporter.proxy.downstream import Downstream


class Relay:
    """The gate between clients and one engine."""

    def __init__(self, pool: Pool, mailbox: Mailbox, observed: tuple[bytes, ...], limits: Limits) -> None:
        self.mailbox = mailbox
        self.connections: set[Downstream] = set()
        self.in_flight = 0
        self.draining = False
        self._pool = pool
        self._observed = observed
        self.limits = limits
        self._connecting: set[asyncio.Task[None]] = set()

    def connect(self, passage: Passage) -> None:
        """Gives the passage an idle connection at once, or a new one when it is there."""
        upstream = self._pool.take()
        if upstream is not None:
            passage.connected(upstream)
            return
        task = asyncio.get_running_loop().create_task(self._connect(passage))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, passage: Passage) -> None:
        try:
            upstream = await self._pool.connect()
        except OSError as error:  # time-outs, unknown hosts and TLS failures are of this kind too
            passage.unreachable(error)
        else:
            passage.connected(upstream)

    def upstream_head(self, head: RequestHead) -> bytes:
        """The head as the engine gets it."""
        return heads.for_upstream(head, self._pool.address.authority, self._pool.address.prefix)

    def observed(self, target: bytes) -> bool:
        """True for the paths of a dialect; other bodies are not worth carrying to the observer."""
        return target.partition(b"?")[0].rstrip(b"/").endswith(self._observed)

    def give_back(self, upstream: Upstream) -> None:
        """Keeps a connection for the next request."""
        if self.draining:
            upstream.transport.close()
        else:
            self._pool.give_back(upstream)

    def sweep(self) -> None:
        """Ends what has been idle, has not finished its head, or is in flight, for too long."""
        now = monotonic()
        for connection in list(self.connections):
            if connection.passage is not None:
                self._check_passage(connection, connection.passage, now)
            elif connection.between_requests:
                if now - connection.since > self.limits.idle_seconds:
                    connection.transport.close()
            elif now - connection.since > self.limits.head_seconds and connection.waiting_for_head:
                connection.refuse(408, "head_timeout", "The request head did not arrive in time.")
        self._pool.sweep()

    def _check_passage(self, connection: "Downstream", passage: Passage, now: float) -> None:
        age = now - passage.since
        if passage.over:
            if age > self.limits.discard_seconds:
                connection.cut()
        elif self.limits.total_seconds and age > self.limits.total_seconds:
            passage.timed_out()

    async def drain(self, limit: float) -> None:
        """Lets requests in flight finish for up to `limit` seconds, then ends what is left."""
        self.draining = True
        end = monotonic() + limit
        while self.connections and monotonic() < end:
            for connection in list(self.connections):
                if connection.passage is None:
                    connection.transport.close()
            await asyncio.sleep(0.02)
        for connection in list(self.connections):
            if connection.passage is not None:
                connection.passage.drained()
            connection.transport.abort()
        self._pool.close()


def address(url: str) -> Address:
    """The address of an `http://` or `https://` URL. Raises ValueError with a sentence."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - only needed once

    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"The upstream {url!r} is not a URL such as http://127.0.0.1:8000.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("The upstream URL must not hold credentials, a query or a fragment.")
    tls = parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    return Address(parts.hostname, port, parts.netloc.encode("ascii"), parts.path.rstrip("/").encode("ascii"), tls)
