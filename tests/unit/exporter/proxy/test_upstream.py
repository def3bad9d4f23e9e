import asyncio
import os
import socket
import ssl
import struct

import pytest

from exporter.proxy import upstream as upstream_module
from exporter.proxy.relay import address
from exporter.proxy.upstream import Pool, Upstream, all_taken, ask_for_life, reset_on_close, untaken
from tests.fakes.wires import MemoryTransport


class Waiting:
    """Keeps what an upstream connection tells whoever waits for its answer."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def response_bytes(self, data: bytes, at: int) -> None:
        self.heard.append(data)

    def upstream_ended(self, error: Exception | None) -> None:
        self.heard.append(("ended", error))

    def upstream_full(self, *, full: bool) -> None:
        self.heard.append(("full", full))


def a_pool() -> Pool:
    return Pool(address("http://e:1"), keepalive=4.0, connect_timeout=1.0, tls=None)


def connected(pool: Pool) -> tuple[Upstream, MemoryTransport]:
    upstream = Upstream(pool._forget)
    return upstream, MemoryTransport(upstream)


def test_the_connection_used_last_is_used_next() -> None:
    pool = a_pool()
    (first, _), (second, _) = connected(pool), connected(pool)
    pool.give_back(first)
    pool.give_back(second)
    assert pool.take() is second
    assert pool.take() is first
    assert pool.take() is None
    assert first.reused


def test_a_connection_that_the_engine_closed_is_never_given_out() -> None:
    pool = a_pool()
    upstream, transport = connected(pool)
    pool.give_back(upstream)
    transport.lose()
    assert pool.take() is None


def test_old_connections_are_closed_before_the_engine_does(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = a_pool()
    upstream, transport = connected(pool)
    pool.give_back(upstream)
    real = upstream_module.monotonic
    monkeypatch.setattr(upstream_module, "monotonic", lambda: real() + 5)
    pool.sweep()
    assert transport.closed
    other, other_transport = connected(pool)
    pool.give_back(other)
    monkeypatch.setattr(upstream_module, "monotonic", lambda: real() + 50)
    assert pool.take() is None
    assert other_transport.aborted


def test_bytes_that_nobody_asked_for_end_an_idle_connection() -> None:
    pool = a_pool()
    upstream, transport = connected(pool)
    pool.give_back(upstream)
    upstream.data_received(b"HTTP/1.1 408 Too late\r\n\r\n")
    assert transport.aborted
    assert pool.take() is None


def test_whoever_waits_hears_of_bytes_fullness_and_the_end() -> None:
    upstream, transport = connected(a_pool())
    waiting = Waiting()
    upstream.user = waiting
    upstream.data_received(b"x")
    upstream.pause_writing()
    upstream.resume_writing()
    transport.lose()
    assert waiting.heard == [b"x", ("full", True), ("full", False), ("ended", None)]


def test_a_paused_connection_reads_again_when_it_is_given_back() -> None:
    pool = a_pool()
    upstream, transport = connected(pool)
    transport.pause_reading()
    pool.give_back(upstream)
    assert transport.reading


def test_closing_the_pool_closes_what_is_idle() -> None:
    pool = a_pool()
    upstream, transport = connected(pool)
    pool.give_back(upstream)
    pool.close()
    assert transport.closed
    assert pool.take() is None


class RecordingSocket:
    """Keeps the options that are set on it."""

    def __init__(self) -> None:
        self.options: list[tuple[int, int, object]] = []

    def setsockopt(self, level: int, name: int, value: object) -> None:
        self.options.append((level, name, value))


def test_a_reset_throws_away_what_was_not_sent_and_does_not_wait() -> None:
    sock = RecordingSocket()

    class Connected(MemoryTransport):
        def get_extra_info(self, name: str, default: object = None) -> object:
            return sock if name == "socket" else default

    transport = Connected(asyncio.Protocol())
    reset_on_close(transport)
    assert sock.options == [(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))]


class Secured(MemoryTransport):
    """A transport within TLS."""

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if name == "sslcontext" else default


def test_within_tls_an_end_that_the_engine_did_not_say_is_a_break() -> None:
    upstream, waiting = Upstream(a_pool()._forget), Waiting()
    transport = Secured(upstream)
    upstream.user = waiting
    transport.lose()
    assert [type(error) for _, error in waiting.heard] == [ConnectionResetError]  # type: ignore[misc]


def test_within_tls_an_end_that_the_engine_said_is_one() -> None:
    upstream, waiting = Upstream(a_pool()._forget), Waiting()
    transport = Secured(upstream)
    upstream.user = waiting
    upstream.eof_received()
    transport.lose()
    assert waiting.heard == [("ended", None)]


def test_a_host_that_no_resolver_takes_is_an_engine_that_cannot_be_reached() -> None:
    pool = Pool(address("http://engine..svc:8000"), keepalive=4.0, connect_timeout=5.0, tls=None)
    with pytest.raises(OSError, match="no name"):
        asyncio.run(pool.connect())


class Descriptor:
    """Stands for a socket."""

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        return self._number


class Through(MemoryTransport):
    """A transport over a descriptor."""

    sock: Descriptor | None = None

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self.sock if name == "socket" else default


def test_a_peer_has_all_when_neither_the_loop_nor_the_kernel_has_more() -> None:
    transport = Through(asyncio.Protocol())
    assert not all_taken(transport), "nothing is known without a socket"
    (terminal, other), pipe = os.openpty(), os.pipe()
    try:
        transport.sock = Descriptor(terminal)  # a terminal tells what it still has to send as a socket does
        assert all_taken(transport)
        assert untaken(transport) == 0
        transport.buffered = 1
        assert not all_taken(transport)
        transport.buffered = 0
        transport.sock = Descriptor(pipe[0])
        assert not all_taken(transport), "a pipe does not tell"
    finally:
        for descriptor in (terminal, other, *pipe):
            os.close(descriptor)


def test_the_kernel_asks_for_a_sign_of_life_after_a_minute_and_gives_up_after_another() -> None:
    asked: dict[int, int] = {}

    class Options:
        """A socket, as far as it is needed."""

        def setsockopt(self, _level: int, option: int, value: int) -> None:
            asked[option] = value

    ask_for_life(Options())  # type: ignore[arg-type]  # what it does with a socket
    assert asked[socket.SO_KEEPALIVE] == 1
    assert (asked[socket.TCP_KEEPIDLE], asked[socket.TCP_KEEPINTVL] * asked[socket.TCP_KEEPCNT]) == (60, 60)
