import asyncio

from exporter.tap import frames
from exporter.tap.link import Link, hand_over
from exporter.tap.mailbox import Mailbox
from tests.fakes.wires import MemoryTransport


def test_a_link_carries_pieces_one_way_and_acknowledgements_the_other() -> None:
    mailbox = Mailbox("r")
    link = Link(mailbox)
    transport = MemoryTransport(link)
    mailbox.open().add(frames.REQUEST_HEAD, b"a", 1)
    mailbox.flush()
    kinds = [kind for kind, _ in frames.FrameReader().feed(transport.take())]
    assert kinds == [frames.HELLO, frames.TOTALS, frames.PIECES]
    link.data_received(frames.numbers(frames.ACK, [1]))
    assert mailbox.pending == 0


def test_a_new_observer_is_told_all_at_once_but_the_relay_does_its_other_work_in_between() -> None:
    mailbox = Mailbox("r")
    for _ in range(20):
        mailbox.open().add(frames.REQUEST_HEAD, b"a", 1)
    transport = MemoryTransport(Link(mailbox))
    told: list[int] = []

    async def other_work() -> None:
        while len(told) < 3:
            kinds = [kind for kind, _ in frames.FrameReader().feed(transport.take())]
            told.append(kinds.count(frames.PIECES))
            await asyncio.sleep(0)

    async def both() -> None:
        await asyncio.gather(hand_over(mailbox), other_work())

    asyncio.run(both())
    assert told == [8, 8, 4]


def test_a_link_carries_what_the_observer_knows_nothing_of() -> None:
    mailbox = Mailbox("r", share=1)
    trace = mailbox.open()
    trace.add(frames.RESPONSE_END, b"", 1)
    link = Link(mailbox)
    MemoryTransport(link)
    mailbox.flush()
    link.data_received(frames.numbers(frames.UNKNOWN, [1]))
    assert dict(mailbox.dropped) == {"observer_lost": 1}


def test_a_link_carries_what_the_observer_could_not_observe_and_why() -> None:
    mailbox = Mailbox("r")
    mailbox.open().add(frames.REQUEST_HEAD, b"", 1)
    link = Link(mailbox)
    MemoryTransport(link)
    link.data_received(frames.failure(1, "openai_chat"))
    assert dict(mailbox.dropped) == {"openai_chat": 1}


def test_a_broken_link_is_known_and_nothing_is_written_to_it() -> None:
    mailbox = Mailbox("r")
    link = Link(mailbox)
    transport = MemoryTransport(link)
    transport.lose()
    assert link.lost.is_set()
    assert link.buffered() == 0
    mailbox.open().add(frames.REQUEST_HEAD, b"a", 1)
    mailbox.flush()
    assert mailbox.pending == 1


def test_a_link_tells_how_much_the_kernel_has_not_taken() -> None:
    link = Link(Mailbox("r"))
    transport = MemoryTransport(link)
    transport.buffered = 77
    assert link.buffered() == 77
