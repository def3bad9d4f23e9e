"""What clients may send, and what they get for what they may not."""

import asyncio

import pytest

from exporter.proxy.downstream import Downstream
from exporter.proxy.ports import Limits
from tests.fakes.wires import House, MemoryTransport

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def client(house: House) -> MemoryTransport:
    return MemoryTransport(Downstream(house))


def say(transport: MemoryTransport, data: bytes) -> None:
    transport.protocol.data_received(data)  # type: ignore[attr-defined]


def get(path: bytes) -> bytes:
    return b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n" % path


def test_a_head_may_come_byte_by_byte() -> None:
    house = House()
    caller = client(house)
    for byte in get(b"/v1/a"):
        say(caller, bytes([byte]))
    assert house.upstreams[0].sent.startswith(b"GET /v1/a HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "data",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/1.1\n\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"\r\n\r\n\r\n",
        b"\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        b"\r\n\r",
        b"!GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nX: a\nY: b\r\n",
    ],
)
@pytest.mark.parametrize("step", [1, 1000])
def test_what_is_not_http_gets_400_and_a_closed_connection(data: bytes, step: int) -> None:
    house = House()
    caller = client(house)
    for at in range(0, len(data), step):
        if not caller.closed:
            say(caller, data[at : at + step])
    assert caller.sent.startswith(b"HTTP/1.1 400 Bad Request")
    assert caller.closed
    assert house.mailbox.refused == {"malformed_request": 1}
    assert not house.upstreams


@pytest.mark.parametrize("step", [1, 1000])
def test_one_empty_line_before_a_request_is_ignored(step: int) -> None:
    house = House()
    caller = client(house)
    data = b"\r\n" + get(b"/v1/a")
    for at in range(0, len(data), step):
        say(caller, data[at : at + step])
    assert house.upstreams[0].sent.startswith(b"GET /v1/a HTTP/1.1\r\n")


def test_an_empty_line_behind_a_body_is_no_request_that_has_begun() -> None:
    house = House()
    caller = client(house)
    say(caller, b"\r\n")
    [connection] = house.connections
    assert connection.between_requests
    since = connection.since
    say(caller, get(b"/v1/a")[:5])
    assert not connection.between_requests
    assert connection.since > since


@pytest.mark.parametrize("step", [1, 1000])
def test_a_head_as_long_as_the_limit_passes_however_it_is_cut(step: int) -> None:
    data = get(b"/v1/a")
    house = House(limits=Limits(head_bytes=len(data) - 4))
    caller = client(house)
    for at in range(0, len(data), step):
        say(caller, data[at : at + step])
    assert len(house.upstreams) == 1


def test_a_head_without_end_gets_431() -> None:
    caller = client(House())
    say(caller, b"GET / HTTP/1.1\r\n")
    say(caller, b"x: " + b"y" * 70_000)
    assert caller.sent.startswith(b"HTTP/1.1 431")


def test_a_malformed_chunk_ends_the_request_for_the_engine_too() -> None:
    house = House()
    caller = client(house)
    say(caller, b"POST /v1/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
    say(caller, b"zz\r\n")
    assert caller.sent.startswith(b"HTTP/1.1 400")
    assert house.upstreams[0].aborted
    assert house.in_flight == 0


def test_websocket_upgrades_are_refused_clearly_and_others_ignored() -> None:
    house = House()
    caller = client(house)
    say(caller, b"GET /v1/ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert caller.sent.startswith(b"HTTP/1.1 501")
    other = client(house)
    say(other, b"GET /v1/a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    assert b"Upgrade" not in house.upstreams[0].sent


def test_pipelined_requests_are_answered_in_order_one_at_a_time() -> None:
    async def story() -> None:
        house = House()
        caller = client(house)
        say(caller, get(b"/v1/a") + get(b"/v1/b") + get(b"/v1/c"))
        engine = house.upstreams[0]
        for path in (b"/v1/a", b"/v1/b", b"/v1/c"):
            assert engine.take().startswith(b"GET " + path)
            say(engine, OK)
            await asyncio.sleep(0)
        assert caller.sent == OK * 3
        assert caller.reading

    asyncio.run(story())


def test_a_pipelining_client_is_not_read_further_while_much_of_it_waits() -> None:
    house = House(limits=Limits(head_bytes=1024))
    caller = client(house)
    say(caller, get(b"/v1/a") + get(b"/v1/b"))
    assert caller.reading
    say(caller, get(b"/v1/c") * 40)
    assert not caller.reading


@pytest.mark.parametrize("behind", [b"\r\n", get(b"/v1/b")])
@pytest.mark.parametrize("together", [True, False])
def test_a_client_that_leaves_is_noticed_though_more_of_it_waits(behind: bytes, together: bool) -> None:
    house = House()
    caller = client(house)
    for part in (get(b"/v1/a") + behind,) if together else (get(b"/v1/a"), behind):
        say(caller, part)
    assert caller.reading
    caller.lose()
    assert house.upstreams[0].aborted


def test_a_client_that_does_not_read_gets_no_further_answer_until_it_does() -> None:
    async def story() -> None:
        house = House()
        caller = client(house)
        say(caller, get(b"/v1/a") + get(b"/v1/b"))
        caller.protocol.pause_writing()
        say(house.upstreams[0], OK)
        await asyncio.sleep(0)
        assert house.mailbox.forwarded == 1
        caller.protocol.resume_writing()
        assert house.mailbox.forwarded == 2

    asyncio.run(story())


def test_a_client_that_does_not_read_its_answer_cannot_make_us_hold_more_and_more_requests() -> None:
    async def story() -> None:
        house = House()
        caller = client(house)
        say(caller, get(b"/v1/a"))
        caller.protocol.pause_writing()
        say(house.upstreams[0], OK)
        say(caller, get(b"/v1/b"))
        assert not caller.reading
        caller.protocol.resume_writing()
        assert caller.reading
        assert house.mailbox.forwarded == 2

    asyncio.run(story())


def test_a_request_that_has_its_answer_gets_no_second_one_for_a_malformed_rest() -> None:
    house = House()
    caller = client(house)
    say(caller, b"POST /v1/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
    say(house.upstreams[0], OK)
    say(caller, b"zz\r\n")
    assert caller.sent == OK
    assert caller.closed
    assert house.mailbox.refused == {"malformed_request": 1}


def test_no_refusal_is_written_into_an_answer_that_has_begun() -> None:
    house = House()
    caller = client(house)
    say(caller, b"POST /v1/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
    say(house.upstreams[0], OK[:-1])
    say(caller, b"zz\r\n")
    assert caller.sent == OK[:-1]
    assert caller.closed
    assert house.upstreams[0].aborted


def test_a_refusal_of_a_head_request_has_no_body() -> None:
    house = House()
    caller = client(house)
    say(caller, get(b"/v1/a").replace(b"GET", b"HEAD"))
    house.upstreams[0].lose(ConnectionResetError())
    assert caller.sent.startswith(b"HTTP/1.1 502")
    assert caller.sent.endswith(b"\r\n\r\n")


def test_the_connection_closes_when_the_client_said_so() -> None:
    house = House()
    caller = client(house)
    say(caller, b"GET /v1/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    say(house.upstreams[0], OK)
    assert b"Connection: close" in caller.sent
    assert caller.closed


def test_the_house_knows_its_connections() -> None:
    house = House()
    caller = client(house)
    assert len(house.connections) == 1
    caller.lose()
    assert not house.connections


@pytest.mark.parametrize(
    ("limits", "data", "status", "reason"),
    [
        (Limits(head_bytes=50), get(b"/" + b"x" * 50), b"431", "head_too_large"),
        (Limits(header_lines=1), b"GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\n\r\n", b"431", "head_too_large"),
        (
            Limits(body_bytes=5),
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n",
            b"413",
            "body_too_large",
        ),
        (
            Limits(body_bytes=5),
            b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n",
            b"413",
            "body_too_large",
        ),
    ],
)
def test_each_limit_has_its_status_and_its_counter(limits: Limits, data: bytes, status: bytes, reason: str) -> None:
    house = House(limits=limits)
    caller = client(house)
    say(caller, data)
    assert caller.sent.startswith(b"HTTP/1.1 " + status)
    assert caller.closed
    assert house.mailbox.refused == {reason: 1}
    assert house.in_flight == 0


def test_connections_beyond_the_limit_are_answered_and_closed() -> None:
    house = House(limits=Limits(connections=1))
    first, second = client(house), client(house)
    assert second.sent.startswith(b"HTTP/1.1 503")
    assert second.closed
    assert not first.closed
    first.lose()
    assert not client(house).closed


def test_a_client_that_waits_for_the_word_gets_it_from_us_where_the_engine_depends_on_the_body() -> None:
    house = House(by_body=True)
    caller = client(house)
    say(caller, b"POST /v1/a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert caller.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert not house.upstreams
    say(caller, b"{}")
    assert house.upstreams[0].sent.endswith(b"\r\n\r\n{}")
    say(house.upstreams[0], OK)
    assert caller.take() == OK


def test_each_request_of_a_connection_has_its_own_length_whatever_else_its_head_repeats() -> None:
    house = House()
    caller = client(house)
    for body in (b"a", b"bcd", b"bcd", b"", b"e" * 100):
        say(caller, b"POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\nX: y\r\n\r\n" % len(body) + body)
        [engine] = house.upstreams
        sent = engine.take()
        assert b"\r\nContent-Length: %d\r\nX: y\r\n" % len(body) in sent
        assert sent.endswith(b"\r\n\r\n" + body)
        say(engine, OK)
        assert caller.take() == OK


def test_a_longer_body_is_refused_even_where_the_rest_of_the_head_has_passed_before() -> None:
    house = House(limits=Limits(body_bytes=5))
    caller = client(house)
    say(caller, b"POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
    say(house.upstreams[0], OK)
    caller.take()
    say(caller, b"POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nhello!")
    assert caller.sent.startswith(b"HTTP/1.1 413 ")
