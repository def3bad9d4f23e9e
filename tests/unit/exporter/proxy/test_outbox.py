"""When the bytes of one turn of the loop leave, and in which order."""

import asyncio
from collections.abc import Callable

from exporter.proxy.downstream import Downstream
from exporter.proxy.outbox import Outbox
from tests.fakes.wires import House, MemoryTransport

CLOSING = b"GET /v1/y HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Turns:
    """An event loop that begins its next turn when it is told to."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []

    def soon(self, call: Callable[[], None]) -> None:
        self.due.append(call)

    def next(self) -> None:
        due, self.due = self.due, []
        for call in due:
            call()


def lines(outbox: Outbox, count: int) -> list[MemoryTransport]:
    """Connections, after one to another peer has been the first that was written to."""
    outbox.write(MemoryTransport(asyncio.Protocol()), b"first")
    return [MemoryTransport(asyncio.Protocol()) for _ in range(count)]


def test_the_first_bytes_of_a_turn_leave_at_once_and_all_others_at_its_end() -> None:
    turns = Turns()
    outbox = Outbox(turns.soon)
    first, second = (MemoryTransport(asyncio.Protocol()) for _ in range(2))
    outbox.write(first, b"a")
    outbox.write(second, b"b")
    outbox.write(first, b"c")
    assert (first.sent, second.sent) == (b"a", b"")
    turns.next()
    assert (first.sent, second.sent) == (b"ac", b"b")
    outbox.write(second, b"d")
    assert second.sent == b"bd"


def test_where_turns_have_one_write_each_the_loop_is_asked_for_their_end_only_now_and_then() -> None:
    turns = Turns()
    outbox = Outbox(turns.soon)
    first, second = (MemoryTransport(asyncio.Protocol()) for _ in range(2))
    asked = 0
    for _ in range(64):
        outbox.write(first, b"a")
        asked += len(turns.due)
        turns.next()
    assert first.sent == b"a" * 64
    assert asked == 4
    while not turns.due:  # it becomes busy: after a few turns writes are gathered again
        outbox.write(first, b"b")
    outbox.write(second, b"c")
    assert second.sent == b""
    turns.next()
    outbox.write(first, b"d")
    outbox.write(second, b"e")
    assert second.sent == b"c"
    turns.next()
    assert second.sent == b"ce"


def test_much_does_not_wait_and_neither_does_what_waits_before_it() -> None:
    turns = Turns()
    outbox = Outbox(turns.soon)
    slow, fast = lines(outbox, 2)
    outbox.write(slow, b"a")
    outbox.write(fast, b"x" * 70_000)
    assert (slow.sent, len(fast.sent)) == (b"a", 70_000)
    outbox.write(slow, b"b")
    assert slow.sent == b"a"
    turns.next()
    assert slow.sent == b"ab"


def test_what_is_for_a_connection_that_has_closed_is_forgotten() -> None:
    turns = Turns()
    outbox = Outbox(turns.soon)
    gone, there = lines(outbox, 2)
    outbox.write(gone, b"a")
    outbox.write(there, b"b")
    gone.lose()
    turns.next()
    assert (gone.sent, there.sent) == (b"", b"b")


def test_a_write_that_leads_to_another_one_or_to_a_flush_keeps_the_order() -> None:
    turns = Turns()
    outbox = Outbox(turns.soon)

    class Answering(MemoryTransport):
        def write(self, data) -> None:
            super().write(data)
            if data == b"a":
                outbox.write(last, b"c")
                outbox.flush()

    answering, last = Answering(asyncio.Protocol()), MemoryTransport(asyncio.Protocol())
    lines(outbox, 0)
    outbox.write(answering, b"a")
    outbox.write(last, b"b")
    turns.next()
    assert last.sent == b"bc"


def test_a_client_has_its_whole_answer_before_its_connection_closes() -> None:
    house = House()
    turns = Turns()
    house.outbox = Outbox(turns.soon)
    caller = MemoryTransport(Downstream(house))
    caller.protocol.data_received(CLOSING)  # type: ignore[attr-defined]
    [engine] = house.upstreams
    engine.protocol.data_received(ANSWER)  # type: ignore[attr-defined]
    assert caller.sent.endswith(b"Connection: close\r\n\r\nok")
    assert caller.closed


def test_a_client_that_stops_sending_has_been_sent_what_was_its_own() -> None:
    house = House()
    turns = Turns()
    house.outbox = Outbox(turns.soon)
    caller = MemoryTransport(Downstream(house))
    caller.protocol.data_received(CLOSING)  # type: ignore[attr-defined]
    [engine] = house.upstreams
    engine.protocol.data_received(ANSWER[:-1])  # type: ignore[attr-defined]
    caller.protocol.eof_received()  # type: ignore[attr-defined]
    assert caller.sent.endswith(b"o")


def test_an_engine_has_the_head_of_what_counts_as_forwarded_even_if_the_client_leaves_in_the_same_turn() -> None:
    house = House()
    turns = Turns()
    house.outbox = Outbox(turns.soon)
    lines(house.outbox, 0)
    caller = MemoryTransport(Downstream(house))
    caller.protocol.data_received(CLOSING)  # type: ignore[attr-defined]
    caller.lose()
    [engine] = house.upstreams
    assert engine.aborted
    assert engine.sent.startswith(b"GET /v1/y ")
