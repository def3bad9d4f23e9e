"""One exchange at a time through the relay, on in-memory transports."""

import pytest

from exporter.proxy.downstream import Downstream
from exporter.proxy.upstream import Upstream
from exporter.tap import frames
from exporter.tap.trace import Trace
from tests.fakes.wires import House, MemoryTransport

POST = b"POST /v1/x HTTP/1.1\r\nHost: h\r\nx-request-id: i\r\ntraceparent: t\r\nContent-Length: 5\r\n\r\nhello"
GET = b"GET /v1/y HTTP/1.1\r\nHost: h\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def client(house: House) -> MemoryTransport:
    return MemoryTransport(Downstream(house))


def say(transport: MemoryTransport, data: bytes) -> None:
    transport.protocol.data_received(data)  # type: ignore[attr-defined]


def seen(house: House, number: int = 1) -> list[tuple[int, bytes]]:
    trace: Trace = house.mailbox._live[number]
    return list(zip(trace.kinds, trace.blobs, strict=True))


def kinds(house: House, number: int = 1) -> list[int]:
    return [kind for kind, _ in seen(house, number)]


def test_a_request_and_its_answer_pass_through_byte_for_byte() -> None:
    house = House()
    caller = client(house)
    say(caller, POST)
    [engine] = house.upstreams
    assert engine.take() == POST.replace(b"Host: h", b"Host: engine:8000")
    say(engine, b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nan")
    say(engine, b"swer!")
    assert caller.take() == b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nanswer!"
    assert not caller.closed
    assert house.in_flight == 0
    assert kinds(house) == [
        frames.REQUEST_HEAD, frames.REQUEST_BODY, frames.REQUEST_END,
        frames.RESPONSE_HEAD, frames.RESPONSE_BODY, frames.RESPONSE_BODY, frames.RESPONSE_END,
    ]  # fmt: skip


def test_a_stream_is_passed_on_piece_by_piece_as_it_comes() -> None:
    house = House()
    caller = client(house)
    say(caller, POST)
    [engine] = house.upstreams
    say(engine, CHUNKED)
    caller.take()
    for piece in (b"3\r\nab\n\r\n", b"1\r\n", b"c\r\n0\r", b"\n\r\n"):
        say(engine, piece)
        assert caller.take() == piece
    assert kinds(house)[-1] == frames.RESPONSE_END
    assert [upstream.transport for upstream in house.idle] == [engine]


def test_the_engines_connection_is_used_again_for_the_next_request() -> None:
    house = House()
    caller = client(house)
    for _ in range(3):
        say(caller, POST)
        say(house.upstreams[0], b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert len(house.upstreams) == 1
    assert house.mailbox.forwarded == 3


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
        b"HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_a_connection_that_cannot_be_trusted_is_not_used_again(answer: bytes) -> None:
    house = House()
    caller = client(house)
    say(caller, POST)
    say(house.upstreams[0], answer)
    assert house.upstreams[0].closed
    assert not house.idle
    assert b"HTTP/1.1 200 OK\r\n\r\n" not in caller.sent.partition(b"\r\n\r\n")[2]


def test_an_answer_without_length_ends_with_its_connection() -> None:
    house = House()
    caller = client(house)
    say(caller, POST)
    say(house.upstreams[0], b"HTTP/1.0 200 OK\r\n\r\nall of it")
    house.upstreams[0].lose()
    assert caller.sent == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it"
    assert caller.closed
    assert kinds(house)[-1] == frames.RESPONSE_END


def test_interim_answers_pass_through_before_the_final_one() -> None:
    house = House()
    caller = client(house)
    say(caller, POST.replace(b"Content-Length: 5\r\n\r\nhello", b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"))
    [engine] = house.upstreams
    assert b"Expect: 100-continue" in engine.take()
    say(engine, b"HTTP/1.1 100 Continue\r\n\r\n")
    assert caller.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
    say(caller, b"hello")
    assert engine.take() == b"hello"
    say(engine, b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert caller.take().endswith(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert frames.RESPONSE_HEAD in kinds(house)


def test_any_number_of_interim_answers_may_come_in_one_read() -> None:
    house = House()
    caller = client(house)
    say(caller, GET)
    interim = b"HTTP/1.1 102 Processing\r\n\r\n"
    say(house.upstreams[0], interim * 2000 + b"HTTP/1.1 204 No Content\r\n\r\n")
    assert caller.sent == interim * 2000 + b"HTTP/1.1 204 No Content\r\n\r\n"
    assert not caller.closed


def test_a_client_that_leaves_cancels_the_engine_at_once_and_is_still_recorded() -> None:
    house = House()
    caller = client(house)
    say(caller, POST)
    say(house.upstreams[0], CHUNKED + b"1\r\na\r\n")
    caller.lose()
    assert house.upstreams[0].aborted
    assert seen(house)[-1] == (frames.ABORTED, b"client closed")
    assert house.in_flight == 0


def test_a_client_that_leaves_before_a_connection_is_there_was_never_forwarded() -> None:
    house = House(connect_at_once=False)
    caller = client(house)
    say(caller, POST)
    caller.lose()
    house.let_through()
    assert house.mailbox.forwarded == 0
    assert len(house.idle) == 1


def test_an_engine_that_cannot_be_reached_is_answered_by_us_and_not_recorded() -> None:
    house = House(connect_at_once=False)
    caller = client(house)
    say(caller, POST)
    house.refuse_connection(ConnectionRefusedError())
    assert caller.sent.startswith(b"HTTP/1.1 502 Bad Gateway")
    assert b"tokentide-exporter" in caller.sent
    assert caller.closed
    assert house.mailbox.forwarded == 0
    assert house.mailbox.refused == {"upstream_unreachable": 1}


def test_an_engine_that_breaks_before_its_head_gives_502_and_a_record() -> None:
    house = House()
    caller = client(house)
    say(caller, POST)
    house.upstreams[0].lose(ConnectionResetError())
    assert caller.sent.startswith(b"HTTP/1.1 502")
    assert seen(house)[-1] == (frames.ABORTED, b"upstream reset")


def test_an_engine_that_breaks_in_the_middle_leaves_the_answer_visibly_broken() -> None:
    house = House()
    caller = client(house)
    say(caller, POST)
    say(house.upstreams[0], CHUNKED + b"1\r\na\r\n")
    house.upstreams[0].lose()
    assert caller.sent == CHUNKED + b"1\r\na\r\n"
    assert caller.closed
    assert seen(house)[-1] == (frames.ABORTED, b"upstream closed")


def test_an_answer_without_length_that_breaks_does_not_look_complete() -> None:
    house = House()
    caller = client(house)
    say(caller, POST)
    say(house.upstreams[0], b"HTTP/1.0 200 OK\r\n\r\nhalf of i")
    house.upstreams[0].lose(ConnectionResetError())
    assert caller.aborted


def test_malformed_answers_are_cut_rather_than_repaired() -> None:
    for answer in (b"NONSENSE\r\n\r\n", b"HTTP/1.1 101 Switching\r\n\r\n", b"x" * 70_000):
        house = House()
        caller = client(house)
        say(caller, POST)
        say(house.upstreams[0], answer)
        assert caller.sent.startswith(b"HTTP/1.1 502")
        assert house.upstreams[0].aborted


def test_a_safe_request_on_a_stale_connection_is_tried_once_more() -> None:
    house = House()
    caller = client(house)
    say(caller, GET)
    say(house.upstreams[0], b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    say(caller, GET)
    house.upstreams[0].lose()
    assert len(house.upstreams) == 2
    say(house.upstreams[1], b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert caller.sent.count(b"200 OK") == 2
    assert house.mailbox.forwarded == 2
    assert house.in_flight == 0


def test_a_post_is_never_sent_twice() -> None:
    house = House()
    caller = client(house)
    say(caller, POST)
    say(house.upstreams[0], b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    say(caller, POST)
    house.upstreams[0].lose()
    assert len(house.upstreams) == 1
    assert b"502" in caller.sent


def test_a_body_waits_for_its_connection_and_the_client_is_held_back() -> None:
    house = House(connect_at_once=False)
    caller = client(house)
    say(caller, b"POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n")
    say(caller, b"x" * 2_000_000)
    assert not caller.reading
    house.let_through()
    assert caller.reading
    assert house.upstreams[0].take().endswith(b"x" * 2_000_000)


def test_back_pressure_reaches_the_other_side_both_ways() -> None:
    house = House()
    caller = client(house)
    say(caller, POST[:-1])
    [engine] = house.upstreams
    engine.protocol.pause_writing()
    assert not caller.reading
    engine.protocol.resume_writing()
    assert caller.reading
    caller.protocol.pause_writing()
    assert not engine.reading
    caller.protocol.resume_writing()
    assert engine.reading


def test_an_answer_that_comes_before_the_upload_ends_is_delivered_and_the_rest_discarded() -> None:
    house = House()
    caller = client(house)
    say(caller, POST[:-2])
    [engine] = house.upstreams
    say(engine, b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
    assert caller.take().endswith(b"no")
    assert engine.closed
    say(caller, b"lo" + GET)
    assert len(house.upstreams) == 2
    assert house.upstreams[1].take().startswith(b"GET /v1/y")


def test_bodies_that_no_dialect_reads_are_not_carried_to_the_observer() -> None:
    house = House()
    caller = client(house)
    say(caller, POST.replace(b"/v1/x", b"/files"))
    say(house.upstreams[0], b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert kinds(house) == [frames.REQUEST_HEAD, frames.REQUEST_END, frames.RESPONSE_HEAD, frames.RESPONSE_END]


def test_while_draining_the_client_is_told_to_connect_anew() -> None:
    house = House()
    caller = client(house)
    say(caller, POST)
    house.draining = True
    say(house.upstreams[0], b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert b"Connection: close" in caller.sent
    assert caller.closed


def test_what_is_still_open_when_the_drain_ends_is_recorded_as_such() -> None:
    house = House()
    caller = client(house)
    say(caller, POST)
    say(house.upstreams[0], CHUNKED)
    downstream: Downstream = caller.protocol  # type: ignore[assignment]
    assert downstream.passage is not None
    downstream.passage.drained()
    assert caller.closed
    assert seen(house)[-1] == (frames.ABORTED, b"upstream drained")


LONG = b"POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n"


def test_an_engine_that_takes_little_of_a_body_that_waited_holds_the_client_back() -> None:
    house = House(connect_at_once=False)
    caller = client(house)
    say(caller, LONG + b"x" * 1_500_000)
    [passage] = house.waiting
    house.waiting.clear()
    upstream = Upstream(house.forget)
    engine = MemoryTransport(upstream)
    engine.room = 100_000
    passage.connected(upstream)
    assert not caller.reading
    engine.protocol.resume_writing()
    assert caller.reading


def test_a_connection_with_the_rest_of_an_upload_in_it_is_not_used_again() -> None:
    for unsent in (0, 200_000):
        house = House()
        caller = client(house)
        say(caller, LONG + b"x" * 3_000_000)
        [engine] = house.upstreams
        engine.buffered = unsent
        say(engine, b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
        assert engine.aborted == bool(unsent)
        assert len(house.idle) == (not unsent)
        assert caller.sent.startswith(b"HTTP/1.1 401")


def test_an_answer_that_ends_with_its_connection_does_not_wait_for_the_rest_of_the_upload() -> None:
    house = House()
    caller = client(house)
    say(caller, LONG + b"x" * 1000)
    [engine] = house.upstreams
    say(engine, b"HTTP/1.1 413 Too long\r\nConnection: close\r\n\r\nno")
    engine.lose()
    assert caller.sent.endswith(b"\r\n\r\nno")
    assert caller.closed


def test_a_head_with_a_broken_body_in_the_same_read_is_answered_by_us() -> None:
    house = House()
    caller = client(house)
    say(caller, POST)
    say(house.upstreams[0], CHUNKED + b"zz\r\n")
    assert caller.sent.startswith(b"HTTP/1.1 502 ")
    assert caller.closed
    assert kinds(house)[-1] == frames.ABORTED


def test_a_second_attempt_does_not_begin_the_engines_time_anew() -> None:
    house = House()
    caller = client(house)
    say(caller, GET)
    say(house.upstreams[0], b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    say(caller, GET)
    house.upstreams[0].lose()
    assert len(house.upstreams) == 2
    assert kinds(house, 2).count(frames.REQUEST_END) == 1
