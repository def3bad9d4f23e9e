import asyncio
import os
from collections.abc import Callable

import pytest

from exporter.proxy import relay as relay_module
from exporter.proxy.downstream import Downstream
from exporter.proxy.meter import Meter
from exporter.proxy.outbox import Outbox
from exporter.proxy.ports import Limits
from exporter.proxy.relay import Relay, address
from exporter.proxy.routes import Route, Routes, Rule
from exporter.proxy.upstream import Pool, Upstream
from exporter.tap.mailbox import Mailbox
from tests.fakes.wires import MemoryTransport


def a_relay(limits: Limits | None = None, url: str = "http://engine:8000") -> Relay:
    pool = Pool(address(url), keepalive=4.0, connect_timeout=1.0, tls=None)
    routes = Routes((Route("engine", Rule(), pool),))
    paths = (b"/chat/completions", b"/")
    return Relay(routes, Mailbox("r"), paths, limits or Limits(), Meter(lambda *_: None), Outbox(lambda end: end()))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the relay's clock."""
    real, shift = relay_module.monotonic, [0.0]
    monkeypatch.setattr(relay_module, "monotonic", lambda: real() + shift[0])

    def move(seconds: float) -> None:
        shift[0] += seconds

    return move


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "prefix", "tls"),
    [
        ("http://engine:8000", "engine", 8000, b"engine:8000", b"", False),
        ("http://engine", "engine", 80, b"engine", b"", False),
        ("https://engine/pre/", "engine", 443, b"engine", b"/pre", True),
        ("http://[::1]:80", "::1", 80, b"[::1]:80", b"", False),
    ],
)
def test_an_engine_is_given_as_a_url(
    url: str, host: str, port: int, authority: bytes, prefix: bytes, tls: bool
) -> None:
    found = address(url)
    assert (found.host, found.port, found.authority, found.prefix, found.tls) == (host, port, authority, prefix, tls)


@pytest.mark.parametrize("url", ["engine:8000", "ftp://e", "http://u@e", "http://e?x"])
def test_what_is_not_such_a_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="upstream"):
        address(url)


def test_only_paths_of_a_dialect_are_observed() -> None:
    relay = a_relay()
    assert relay.observed(b"POST", b"/v1/chat/completions")
    assert relay.observed(b"POST", b"/openai/v1/chat/completions/?beta=1")
    assert not relay.observed(b"GET", b"/v1/chat/completions")
    assert not relay.observed(b"POST", b"/v1/files")
    assert not relay.observed(b"POST", b"/v1/files?next=/chat/completions")


def test_the_root_is_one_path_and_not_the_end_of_all() -> None:
    relay = a_relay()
    assert relay.observed(b"POST", b"/")
    assert relay.observed(b"POST", b"/?a=/b")
    assert not relay.observed(b"GET", b"/")
    assert not relay.observed(b"POST", b"/v1/")


def test_idle_connections_are_closed_after_a_while(later: Callable[[float], None]) -> None:
    relay = a_relay()
    caller = MemoryTransport(Downstream(relay))
    relay.sweep()
    assert not caller.closed
    later(76)
    relay.sweep()
    assert caller.closed


def test_a_client_that_never_reads_its_answer_is_forgotten_after_a_while(later: Callable[[float], None]) -> None:
    relay = a_relay()
    connection = Downstream(relay)
    caller = MemoryTransport(connection)
    connection.pause_writing()
    caller.protocol.data_received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    caller.buffered = 70_000
    later(76)
    relay.sweep()
    caller.buffered = 69_000
    later(76)
    relay.sweep()
    assert not caller.closed
    later(76)
    relay.sweep()
    assert caller.aborted
    assert relay.mailbox.refused == {}


def test_a_head_that_does_not_end_is_given_up(later: Callable[[float], None]) -> None:
    relay = a_relay()
    caller = MemoryTransport(Downstream(relay))
    caller.protocol.data_received(b"GET / HTTP/1.1\r\nHost:")
    later(9)
    relay.sweep()
    assert not caller.closed
    later(2)
    relay.sweep()
    assert caller.sent.startswith(b"HTTP/1.1 408")
    assert caller.closed
    assert relay.mailbox.refused == {"head_timeout": 1}


def test_a_drain_closes_idle_connections_and_takes_no_longer_than_allowed() -> None:
    async def story() -> None:
        relay = a_relay()
        idle = MemoryTransport(Downstream(relay))
        await relay.drain(0.0)
        assert idle.closed
        assert relay.draining
        assert not relay.connections

    asyncio.run(story())


class Unanswered(MemoryTransport):
    """A connection within TLS whose client does not answer the end, over a descriptor that has nothing to send."""

    number = -1

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True
        self.protocol.connection_lost(None)

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self if name == "socket" and self.number >= 0 else default

    def fileno(self) -> int:
        return self.number

    def setsockopt(self, *_: object) -> None:
        raise AssertionError("no option is due")

    @property
    def family(self) -> int:
        return 0


def test_a_client_that_has_all_and_does_not_answer_the_end_of_tls_is_not_waited_for() -> None:
    relay = a_relay()
    terminals = os.openpty()
    try:
        prompt, slow = (Unanswered(Downstream(relay)) for _ in range(2))
        for client in (prompt, slow):
            client.number = terminals[0]
            client.close()
        slow.buffered = 100
        relay.sweep()
        assert not prompt.aborted, "what the loop held may only now be in the socket"
        relay.sweep()
        relay.sweep()
        assert prompt.aborted
        assert not slow.aborted
        assert len(relay.connections) == 1
    finally:
        for terminal in terminals:
            os.close(terminal)


def test_a_drain_lets_young_handshakes_be_and_ends_old_ones(later: Callable[[float], None]) -> None:
    async def never() -> None:
        await asyncio.get_running_loop().create_future()

    async def story() -> None:
        relay = a_relay()
        old, young = (asyncio.create_task(never()) for _ in range(2))
        now = relay_module.monotonic()
        for task, since in ((old, now - 2.1), (young, now)):
            relay.arriving[task] = since
            task.add_done_callback(relay.arriving.pop)
        drained = asyncio.create_task(relay.drain(1000.0))
        for _ in range(3):
            await asyncio.sleep(0)
        assert old.cancelled()
        assert not young.done()
        assert not drained.done()
        later(1000.0)
        await drained
        await asyncio.wait([young])
        assert young.cancelled()

    asyncio.run(story())


def test_a_host_that_no_resolver_takes_is_answered_as_an_engine_that_is_not_there() -> None:
    async def story() -> None:
        relay = a_relay(url="http://engine..svc:8000")
        caller = MemoryTransport(Downstream(relay))
        caller.protocol.data_received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.wait(relay._connecting)
        assert caller.sent.startswith(b"HTTP/1.1 502")
        assert relay.mailbox.problems == {"engine": "the host is no name"}

    asyncio.run(story())


def test_an_exchange_that_takes_too_long_is_ended_and_recorded_when_that_is_set(later: Callable[[float], None]) -> None:
    relay = a_relay(Limits(total_seconds=5))
    upstream = Upstream(lambda _: None, relay._routes.all[0].pool)
    engine = MemoryTransport(upstream)
    relay.give_back(upstream)
    caller = MemoryTransport(Downstream(relay))
    caller.protocol.data_received(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    later(4)
    relay.sweep()
    assert not caller.closed
    later(2)
    relay.sweep()
    assert caller.sent.startswith(b"HTTP/1.1 504")
    assert engine.aborted
    assert relay.mailbox.refused == {"timeout": 1}
    assert relay.in_flight == 0


def exchange(relay: Relay, request: bytes) -> tuple[MemoryTransport, MemoryTransport]:
    """A client that has sent `request`, and the engine that has it."""
    upstream = Upstream(lambda _: None, relay._routes.all[0].pool)
    engine = MemoryTransport(upstream)
    relay.give_back(upstream)
    caller = MemoryTransport(Downstream(relay))
    caller.protocol.data_received(request)
    return caller, engine


UPLOAD = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n1"


def test_an_upload_that_stops_is_ended_in_time_and_one_that_goes_on_is_not(later: Callable[[float], None]) -> None:
    relay = a_relay(Limits(stall_seconds=60))
    caller, engine = exchange(relay, UPLOAD)
    for _ in range(3):
        relay.sweep()
        later(50)
        caller.protocol.data_received(b"2")
    relay.sweep()
    later(61)
    assert not caller.closed
    relay.sweep()
    assert caller.sent.startswith(b"HTTP/1.1 408")
    assert engine.aborted
    assert relay.mailbox.refused == {"body_timeout": 1}
    assert relay.in_flight == 0


def test_a_client_that_stops_reading_its_answer_is_ended_in_time(later: Callable[[float], None]) -> None:
    relay = a_relay(Limits(stall_seconds=60))
    caller, engine = exchange(relay, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    engine.protocol.data_received(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    caller.protocol.pause_writing()
    for left in (90_000, 80_000, 70_000):
        caller.buffered = left
        relay.sweep()
        later(50)
    relay.sweep()
    assert not caller.closed
    later(61)
    relay.sweep()
    assert caller.aborted
    assert engine.aborted
    assert relay.in_flight == 0


def test_an_engine_may_take_its_time_for_the_upload_and_for_the_answer(later: Callable[[float], None]) -> None:
    relay = a_relay(Limits(stall_seconds=60))
    caller, engine = exchange(relay, UPLOAD)
    engine.protocol.pause_writing()
    relay.sweep()
    later(3600)
    relay.sweep()
    engine.protocol.resume_writing()
    caller.protocol.data_received(b"23456789")
    later(3600)
    relay.sweep()
    later(3600)
    relay.sweep()
    assert not caller.closed


def test_the_time_of_one_request_is_not_counted_against_the_next(later: Callable[[float], None]) -> None:
    relay = a_relay(Limits(stall_seconds=60))
    caller, engine = exchange(relay, UPLOAD)
    for _ in range(4):
        relay.sweep()
        caller.protocol.data_received(b"23456789")
        engine.protocol.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        later(50)
        caller.protocol.data_received(UPLOAD)
        relay.sweep()
    assert not caller.closed
    assert relay.mailbox.refused == {}
