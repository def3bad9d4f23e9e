"""Connections to the engine: opened on demand, reused last-in first-out, never trusted after an error."""

import asyncio
import contextlib
import fcntl
import os
import select
import socket
import ssl
import struct
import sys
import termios
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, monotonic_ns
from typing import Protocol

_READ = 64 * 1024
WRITE_LIMIT = 256 * 1024
"""Bytes that may wait for a slow engine before the client is no longer read."""


_CERTAIN_SECONDS = 0.25
"""A connection that was in use so recently is not asked whether the engine has closed it: engines wait for seconds."""

_FAREWELL_SECONDS = 1.0
"""How long an engine may take to answer the end of TLS on a connection that is idle, so that nothing is lost by it."""

_KEEP_ALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))
"""Seconds without a byte, seconds between questions, and how many stay without an answer."""

_OLDEST_SECONDS = 300.0
"""A connection this old is not used again, so that a name that resolves anew is noticed under steady traffic too."""


class Answered(Protocol):
    """Whoever waits for the answer on an upstream connection."""

    def response_bytes(self, data: bytes, at: int) -> None:
        """Bytes of the answer arrived at the monotonic nanosecond `at`."""
        ...

    def upstream_ended(self, error: Exception | None) -> None:
        """The connection is gone; `error` is None after a clean end."""
        ...

    def upstream_full(self, *, full: bool) -> None:
        """The engine takes bytes slower than they come, or has caught up."""
        ...


@dataclass(frozen=True, slots=True)
class Address:
    """Where the engine is: host and port or the path of a unix socket, the Host header, the prefix of its paths."""

    host: str
    port: int
    authority: bytes
    prefix: bytes
    tls: bool
    socket: str = ""

    def __str__(self) -> str:
        return self.socket or f"{self.host}:{self.port}"


class Upstream(asyncio.Protocol):
    """One connection to the engine; it serves one request at a time."""

    __slots__ = ("_forget", "_said_end", "born", "idle_since", "pool", "reused", "transport", "user")

    def __init__(self, forget: Callable[["Upstream"], None], pool: "Pool | None" = None) -> None:
        self.pool = pool
        self.born = monotonic()
        self.user: Answered | None = None
        self.reused = False
        self.idle_since = 0.0
        self.transport: asyncio.Transport = None  # type: ignore[assignment]  # set by connection_made, before any use
        self._forget = forget
        self._said_end = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Prepares the transport: no Nagle delay, bounded writes."""
        self.transport = transport  # type: ignore[assignment]  # stream transports are what create_connection gives
        self.transport.set_write_buffer_limits(high=WRITE_LIMIT)
        no_delay(self.transport)

    def data_received(self, data: bytes) -> None:
        """Hands bytes to whoever waits; bytes that nobody asked for end the connection."""
        if self.user is not None:
            self.user.response_bytes(data, monotonic_ns())
        else:
            self.transport.abort()

    def eof_received(self) -> None:
        """The engine ends what it says; under TLS this is its close_notify, and no word of the loop for a cut."""
        self._said_end = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells whoever waits, and the pool. Under TLS an end that the engine did not say is none (RFC 9112, 9.8)."""
        self._forget(self)
        if exc is None and not self._said_end and self.transport.get_extra_info("sslcontext") is not None:
            exc = ConnectionResetError("The connection was cut without TLS's close_notify.")
        if exc is not None and self.user is not None:
            self._read_rest(self.user)
        user, self.user = self.user, None
        if user is not None:
            user.upstream_ended(exc)

    def pause_writing(self) -> None:
        """The engine is slow: stop reading the client."""
        if self.user is not None:
            self.user.upstream_full(full=True)

    def resume_writing(self) -> None:
        """The engine has caught up."""
        if self.user is not None:
            self.user.upstream_full(full=False)

    def _read_rest(self, user: Answered) -> None:
        """Hands over what the engine said before it closed.

        An engine that refuses an upload and closes makes our next write fail, and the loop then reads no more; its
        answer is still in the socket.
        """
        sock = self.transport.get_extra_info("socket")
        if sock is None or self.transport.get_extra_info("sslcontext") is not None:
            return
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(sock.fileno())) as rest:
            while self.user is user and (data := rest.recv(_READ)):
                user.response_bytes(data, monotonic_ns())

    def ready(self) -> bool:
        """True while the engine has neither closed an idle connection nor said anything on it."""
        if self.transport.is_closing():
            return False
        if monotonic() - self.idle_since < _CERTAIN_SECONDS:
            return True
        sock = self.transport.get_extra_info("socket")
        if sock is None:
            return True
        waiting = select.poll()
        waiting.register(sock.fileno(), select.POLLIN | select.POLLHUP)
        return not waiting.poll(0)


class Pool:
    """Connections to one engine; the one used last is reused first, so that spare ones grow old and close."""

    def __init__(self, address: Address, keepalive: float, connect_timeout: float, tls: ssl.SSLContext | None) -> None:
        self.address = address
        self.name = str(address).encode()
        self._keepalive = keepalive
        self._timeout = connect_timeout
        self._tls = tls
        self._idle: list[Upstream] = []

    def take(self) -> Upstream | None:
        """An idle connection that is still good, or None."""
        while self._idle:
            upstream = self._idle.pop()
            if monotonic() - upstream.idle_since < self._keepalive and upstream.ready():
                upstream.reused = True
                return upstream
            upstream.transport.abort()
        return None

    async def connect(self) -> Upstream:
        """A new connection. Raises OSError or TimeoutError."""
        async with asyncio.timeout(self._timeout):
            try:
                return await self._open()
            except UnicodeError as error:  # what the resolver makes of a host with an empty or endless label
                raise OSError("the host is no name") from error

    async def _open(self) -> Upstream:
        loop, address = asyncio.get_running_loop(), self.address
        if address.socket:
            _, upstream = await loop.create_unix_connection(self._new, address.socket)
        else:
            last = _FAREWELL_SECONDS if self._tls else None
            _, upstream = await loop.create_connection(
                self._new, address.host, address.port, ssl=self._tls, ssl_shutdown_timeout=last
            )
            ask_for_life(upstream.transport.get_extra_info("socket"))
        return upstream

    def _new(self) -> Upstream:
        return Upstream(self._forget, self)

    def give_back(self, upstream: Upstream) -> None:
        """Keeps a connection whose answer is complete, unless it is so old that the engine's name may have moved on."""
        upstream.user = None
        if monotonic() - upstream.born > _OLDEST_SECONDS:
            upstream.transport.close()
            return
        upstream.idle_since = monotonic()
        upstream.transport.resume_reading()
        self._idle.append(upstream)

    def sweep(self) -> None:
        """Closes connections that have been idle for too long."""
        oldest = monotonic() - self._keepalive
        for upstream in [each for each in self._idle if each.idle_since < oldest]:
            self._idle.remove(upstream)
            upstream.transport.close()

    def close(self) -> None:
        """Closes every idle connection."""
        idle, self._idle = self._idle, []
        for upstream in idle:
            upstream.transport.close()

    def _forget(self, upstream: Upstream) -> None:
        if upstream.user is None and upstream in self._idle:
            self._idle.remove(upstream)


def no_delay(transport: asyncio.BaseTransport) -> None:
    """Sends small writes at once: a router without this lost 40 ms of TTFT."""
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.family in {socket.AF_INET, socket.AF_INET6}:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def ask_for_life(sock: socket.socket) -> None:
    """Has the kernel find out within two minutes that the other side has vanished without a word."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEP_ALIVE:
        if (number := getattr(socket, option, None)) is not None:
            sock.setsockopt(socket.IPPROTO_TCP, number, value)


def reset_on_close(transport: asyncio.BaseTransport) -> None:
    """Lets the coming close reach the peer as a reset rather than as an end."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def has_left(transport: asyncio.BaseTransport) -> bool:
    """Whether the peer has ended or broken off a connection that is not read, as far as that is known."""
    sock = transport.get_extra_info("socket")
    if sock is None or sock.fileno() < 0:
        return False
    looking = select.poll()
    looking.register(sock.fileno(), getattr(select, "POLLRDHUP", 0))  # a reset shows in any case, an end on Linux
    return bool(looking.poll(0))


def untaken(transport: asyncio.BaseTransport) -> int:
    """Bytes that the peer's system has not acknowledged, as far as they are known: ours, and those in the kernel."""
    ours: int = transport.get_write_buffer_size()  # type: ignore[attr-defined]  # stream transports only
    return ours + (_in_kernel(transport) or 0)


def all_taken(transport: asyncio.BaseTransport) -> bool:
    """Whether the peer's system has acknowledged everything; no where that is not known."""
    return _in_kernel(transport) == 0 and untaken(transport) == 0


def _in_kernel(transport: asyncio.BaseTransport) -> int | None:
    sock = transport.get_extra_info("socket")
    if sock is None:
        return None
    try:
        return int.from_bytes(fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)
    except OSError:
        return None
