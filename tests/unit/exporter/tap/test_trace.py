from exporter.tap import frames
from exporter.tap.mailbox import Mailbox


def test_pieces_are_kept_in_order_and_each_costs_more_than_its_bytes() -> None:
    mailbox = Mailbox("r")
    trace = mailbox.open()
    trace.add(frames.REQUEST_HEAD, b"a", 1)
    trace.add(frames.REQUEST_END, b"", 2)
    assert (bytes(trace.kinds), list(trace.stamps), trace.blobs) == (
        bytes([frames.REQUEST_HEAD, frames.REQUEST_END]), [1, 2], [b"a", b""]
    )  # fmt: skip
    assert trace.held == mailbox.held == 1 + 2 * 64
    assert list(mailbox.dirty) == [trace]


def test_nothing_is_kept_of_an_exchange_that_was_dropped_or_forgotten() -> None:
    mailbox = Mailbox("r")
    trace = mailbox.open()
    trace.add(frames.REQUEST_HEAD, b"a", 1)
    trace.forget()
    assert (trace.held, trace.blobs) == (0, [])
    trace.dropped = True
    trace.add(frames.REQUEST_END, b"", 2)
    assert trace.blobs == []
