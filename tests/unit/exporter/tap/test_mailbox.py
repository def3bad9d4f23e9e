import json

from exporter.tap import frames
from exporter.tap.mailbox import Mailbox
from tests.fakes.wires import MemoryWire


def told(wire: MemoryWire) -> list[tuple[int, bytes]]:
    sent, wire.sent = wire.sent, b""
    return list(frames.FrameReader().feed(sent))


def exchanges(wire: MemoryWire) -> list[tuple[int, list[bytes]]]:
    pieces = [frames.read_pieces(payload) for kind, payload in told(wire) if kind == frames.PIECES]
    return [(number, [blob for _, _, blob in parts]) for number, parts in pieces]


def balanced(mailbox: Mailbox) -> bool:
    return mailbox.forwarded == mailbox.acknowledged + sum(mailbox.dropped.values()) + mailbox.pending


def test_a_new_observer_hears_who_the_relay_is_and_what_it_counted() -> None:
    mailbox, wire = Mailbox("relay-1"), MemoryWire()
    mailbox.refused["malformed_request"] += 2
    mailbox.connected(wire)
    (hello, who), (totals, counted) = told(wire)
    assert (hello, json.loads(who)) == (frames.HELLO, {"relay": "relay-1"})
    assert totals == frames.TOTALS
    assert json.loads(counted) == {
        "forwarded": 0,
        "refused": {"malformed_request": 2},
        "dropped": {},
        "problems": {},
        "added": {},
    }


def test_pieces_are_told_once_and_in_order() -> None:
    mailbox, wire = Mailbox("r"), MemoryWire()
    mailbox.connected(wire)
    trace = mailbox.open()
    trace.add(frames.REQUEST_HEAD, b"a", 1)
    mailbox.flush()
    trace.add(frames.RESPONSE_BODY, b"b", 2)
    trace.add(frames.RESPONSE_BODY, b"c", 3)
    mailbox.flush()
    mailbox.flush()
    assert exchanges(wire) == [(1, [b"a"]), (1, [b"b", b"c"])]


def test_a_flush_may_stop_after_a_few_exchanges_and_says_whether_more_could_go() -> None:
    mailbox, wire = Mailbox("r"), MemoryWire()
    mailbox.connected(wire)
    for _ in range(5):
        mailbox.open().add(frames.REQUEST_HEAD, b"a", 1)
    assert [mailbox.flush(2), mailbox.flush(2)] == [True, True]
    assert [number for number, _ in exchanges(wire)] == [1, 2, 3, 4]
    assert not mailbox.flush(2)
    mailbox.open().add(frames.REQUEST_HEAD, b"a", 1)
    wire.waiting = 8 << 20
    assert not mailbox.flush(2)
    assert mailbox.pending == 6


def test_what_is_acknowledged_is_forgotten() -> None:
    mailbox, wire = Mailbox("r"), MemoryWire()
    mailbox.connected(wire)
    mailbox.open().add(frames.REQUEST_HEAD, b"a" * 1000, 1)
    mailbox.flush()
    assert mailbox.held > 1000
    mailbox.acked(1)
    assert (mailbox.held, mailbox.pending, mailbox.acknowledged) == (0, 0, 1)
    assert balanced(mailbox)


def test_an_observer_that_was_killed_is_told_again_from_the_start() -> None:
    mailbox, first, second = Mailbox("r"), MemoryWire(), MemoryWire()
    mailbox.connected(first)
    trace = mailbox.open()
    trace.add(frames.REQUEST_HEAD, b"a", 1)
    mailbox.flush()
    mailbox.disconnected()
    trace.add(frames.RESPONSE_BODY, b"b", 2)
    mailbox.flush()
    mailbox.connected(second)
    mailbox.flush()
    assert exchanges(second) == [(1, [b"a", b"b"])]
    assert not mailbox.dropped


def test_an_exchange_too_large_to_keep_is_lost_with_the_observer_and_counted() -> None:
    mailbox, wire = Mailbox("r", budget=1000, share=1000), MemoryWire()
    mailbox.connected(wire)
    large, small = mailbox.open(), mailbox.open()
    large.add(frames.REQUEST_BODY, b"x" * 2000, 1)
    small.add(frames.REQUEST_BODY, b"y", 1)
    mailbox.flush()
    assert exchanges(wire) == [(1, [b"x" * 2000]), (2, [b"y"])]
    mailbox.disconnected()
    assert mailbox.dropped == {"observer_lost": 1}
    again = MemoryWire()
    mailbox.connected(again)
    mailbox.flush()
    assert exchanges(again) == [(2, [b"y"])]
    assert balanced(mailbox)


def test_a_new_observer_is_told_again_little_by_little_so_that_traffic_does_not_wait() -> None:
    mailbox, wire = Mailbox("r"), MemoryWire()
    for _ in range(10):
        mailbox.open().add(frames.REQUEST_BODY, b"y", 1)
    mailbox.connected(wire)
    assert exchanges(wire) == []
    assert mailbox.flush(8)
    assert len(exchanges(wire)) == 8
    assert not mailbox.flush(8)
    assert len(exchanges(wire)) == 2


def test_an_exchange_that_was_told_to_its_end_is_asked_about_before_it_counts_as_lost() -> None:
    mailbox, wire = Mailbox("r", budget=1000, share=100), MemoryWire()
    mailbox.connected(wire)
    for _ in range(2):
        trace = mailbox.open()
        trace.add(frames.RESPONSE_BODY, b"x" * 200, 1)
        trace.add(frames.RESPONSE_END, b"", 2)
    mailbox.flush()
    mailbox.disconnected()
    assert (mailbox.pending, dict(mailbox.dropped)) == (2, {})
    again = MemoryWire()
    mailbox.connected(again)
    mailbox.flush()
    asked = [frames.read_numbers(payload) for kind, payload in told(again) if kind == frames.ASK]
    assert asked == [[1, 2]]
    mailbox.acked(1)
    mailbox.lost(2)
    mailbox.lost(1)
    assert (mailbox.acknowledged, dict(mailbox.dropped)) == (1, {"observer_lost": 1})
    assert balanced(mailbox)
    assert mailbox.held == 0


def test_a_large_body_does_not_put_other_exchanges_at_risk() -> None:
    mailbox, wire = Mailbox("r", budget=16_000), MemoryWire()
    mailbox.connected(wire)
    small = [mailbox.open() for _ in range(10)]
    for trace in small:
        trace.add(frames.REQUEST_BODY, b"y" * 500, 1)
    large = mailbox.open()
    for at in range(50):
        large.add(frames.REQUEST_BODY, b"x" * 800, at)
        mailbox.flush()
    mailbox.disconnected()
    assert mailbox.dropped == {"observer_lost": 1}
    again = MemoryWire()
    mailbox.connected(again)
    mailbox.flush()
    assert [number for number, _ in exchanges(again)] == list(range(1, 11))
    assert balanced(mailbox)


def test_a_fast_body_is_handed_over_before_megabytes_of_it_wait() -> None:
    mailbox, wire = Mailbox("r"), MemoryWire()
    mailbox.connected(wire)
    trace = mailbox.open()
    for at in range(100):
        trace.add(frames.REQUEST_BODY, b"x" * 65_536, at)
    assert len(exchanges(wire)) == 25
    assert mailbox.held < 600_000


def test_what_comes_after_an_acknowledgement_is_neither_told_nor_kept() -> None:
    mailbox, wire = Mailbox("r"), MemoryWire()
    mailbox.connected(wire)
    trace = mailbox.open()
    trace.add(frames.REQUEST_HEAD, b"a", 1)
    mailbox.flush()
    mailbox.acked(1)
    told(wire)
    trace.add(frames.RESPONSE_BODY, b"b", 2)
    mailbox.flush()
    assert exchanges(wire) == []
    assert mailbox.held == 0


def test_what_an_observer_could_not_observe_is_dropped_for_its_reason_and_stays_counted_when_it_dies() -> None:
    mailbox, wire = Mailbox("r"), MemoryWire()
    mailbox.connected(wire)
    trace = mailbox.open()
    trace.add(frames.REQUEST_HEAD, b"a", 1)
    mailbox.flush()
    mailbox.failed(1, "observer_error")
    mailbox.failed(1, "observer_error")
    trace.add(frames.RESPONSE_END, b"", 2)
    mailbox.disconnected()
    assert dict(mailbox.dropped) == {"observer_error": 1}
    assert (mailbox.held, mailbox.pending) == (0, 0)
    assert balanced(mailbox)


def test_relief_is_told_once_after_megabytes_have_passed_and_are_gone() -> None:
    mailbox, wire = Mailbox("r"), MemoryWire()
    mailbox.connected(wire)
    wire.waiting = 8 << 20
    mailbox.open().add(frames.REQUEST_BODY, b"x" * 2_000_000, 1)
    assert not mailbox.relieved()
    wire.waiting = 0
    mailbox.flush()
    assert mailbox.relieved()
    assert not mailbox.relieved()


def test_memory_is_not_worth_giving_back_while_megabytes_wait_for_the_observer() -> None:
    mailbox, wire = Mailbox("r", share=0), MemoryWire()
    mailbox.connected(wire)
    mailbox.open().add(frames.REQUEST_BODY, b"x" * 2_000_000, 1)
    mailbox.flush()
    wire.waiting = 2_000_000
    assert mailbox.held == 0
    assert not mailbox.relieved()
    wire.waiting = 0
    assert mailbox.relieved()


def test_what_small_pieces_held_at_once_is_worth_giving_back_too() -> None:
    mailbox, wire = Mailbox("r"), MemoryWire()
    mailbox.connected(wire)
    trace = mailbox.open()
    for i in range(2000):
        trace.add(frames.RESPONSE_BODY, b"x" * 1000, i)
    assert mailbox.held > 2_000_000
    mailbox.flush()
    assert mailbox.held == 0, "so much of one exchange is not kept for another observer"
    assert mailbox.relieved()
    mailbox.flush()
    assert not mailbox.relieved()


def test_a_long_stream_goes_on_being_told_after_its_start_was_given_up() -> None:
    mailbox, wire = Mailbox("r", budget=1000), MemoryWire()
    mailbox.connected(wire)
    trace = mailbox.open()
    for i in range(50):
        trace.add(frames.RESPONSE_BODY, b"%100d" % i, i)
        mailbox.flush()
        assert mailbox.held <= 1000 + 164
    assert len(exchanges(wire)) == 50
    mailbox.acked(1)
    assert mailbox.held == 0


def test_a_slow_observer_costs_whole_exchanges_and_each_is_counted() -> None:
    mailbox, wire = Mailbox("r", budget=1000, outbox=1000), MemoryWire()
    mailbox.connected(wire)
    wire.waiting = 1001
    traces = [mailbox.open() for _ in range(5)]
    for trace in traces:
        trace.add(frames.REQUEST_BODY, b"x" * 300, 1)
    mailbox.flush()
    assert mailbox.dropped == {"tap_full": 3}
    assert mailbox.held <= 1000
    wire.waiting = 0
    told(wire)
    traces[4].add(frames.RESPONSE_BODY, b"late", 2)
    mailbox.flush()
    assert [number for number, _ in exchanges(wire)] == [1, 2]
    assert balanced(mailbox)


def test_while_there_is_no_room_new_exchanges_are_dropped_at_once_and_counted() -> None:
    mailbox, wire = Mailbox("r", budget=1000, outbox=10), MemoryWire()
    mailbox.connected(wire)
    wire.waiting = 11
    mailbox.open().add(frames.REQUEST_BODY, b"x" * 2000, 1)
    mailbox.flush()
    late = mailbox.open()
    late.add(frames.REQUEST_BODY, b"y", 2)
    assert mailbox.dropped == {"tap_full": 2}
    assert mailbox.held == 0
    wire.waiting = 0
    mailbox.flush()
    told(wire)
    mailbox.open().add(frames.REQUEST_BODY, b"z", 3)
    mailbox.flush()
    assert exchanges(wire) == [(3, [b"z"])]
    assert balanced(mailbox)


def test_the_observer_is_asked_to_forget_what_was_dropped() -> None:
    mailbox, wire = Mailbox("r", budget=1000, outbox=10), MemoryWire()
    mailbox.connected(wire)
    trace = mailbox.open()
    trace.add(frames.REQUEST_HEAD, b"a", 1)
    mailbox.flush()
    wire.waiting = 11
    trace.add(frames.RESPONSE_BODY, b"x" * 2000, 2)
    mailbox.flush()
    assert (frames.DROP, [1]) in [(kind, frames.read_numbers(p)) for kind, p in told(wire) if kind == frames.DROP]


def test_what_waits_for_an_observer_that_has_stopped_reading_does_not_grow_with_what_is_dropped() -> None:
    mailbox, wire = Mailbox("r", budget=1000, outbox=10), MemoryWire()
    mailbox.connected(wire)
    wire.waiting = 11
    sent = len(wire.sent)
    for at in range(100):
        mailbox.open().add(frames.REQUEST_HEAD, b"x" * 2000, at)
        mailbox.flush()
        mailbox.tell_totals()
    assert mailbox.dropped["tap_full"] == 100
    assert len(wire.sent) == sent
    wire.waiting = 0
    mailbox.tell_totals()
    assert [kind for kind, _ in told(wire)][-1] == frames.TOTALS
    assert balanced(mailbox)


def test_without_an_observer_memory_stays_within_the_budget() -> None:
    mailbox = Mailbox("r", budget=10_000)
    for _ in range(100):
        mailbox.open().add(frames.REQUEST_BODY, b"x" * 1000, 1)
        mailbox.flush()
    assert mailbox.held <= 10_000
    assert mailbox.dropped["tap_full"] == 100 - mailbox.pending
    assert balanced(mailbox)


def test_what_five_observers_died_with_is_not_told_to_a_sixth() -> None:
    mailbox = Mailbox("r")
    trace = mailbox.open()
    trace.add(frames.REQUEST_HEAD, b"a", 1)
    for _ in range(5):
        wire = MemoryWire()
        mailbox.connected(wire)
        mailbox.flush()
        assert exchanges(wire) == [(1, [b"a"])]
        mailbox.disconnected()
    other = mailbox.open()
    other.add(frames.REQUEST_HEAD, b"b", 2)
    trace.add(frames.RESPONSE_END, b"", 3)
    sixth = MemoryWire()
    mailbox.connected(sixth)
    mailbox.flush()
    assert exchanges(sixth) == [(2, [b"b"])]
    assert (mailbox.dropped, mailbox.pending) == ({"observer_lost": 1}, 1)
    assert balanced(mailbox)


def test_what_an_earlier_observer_heard_to_its_end_is_asked_about_where_no_room_is_left_to_tell_it_again() -> None:
    mailbox, wire = Mailbox("r", budget=1000, share=1000), MemoryWire()
    mailbox.connected(wire)
    other = mailbox.open()
    other.add(frames.REQUEST_HEAD, b"y", 1)
    for _ in range(2):
        trace = mailbox.open()
        trace.add(frames.REQUEST_HEAD, b"x" * 100, 1)
        trace.add(frames.RESPONSE_END, b"", 2)
    mailbox.flush()
    mailbox.disconnected()
    other.add(frames.REQUEST_BODY, b"y" * 3000, 3)
    mailbox.flush()
    assert (mailbox.pending, dict(mailbox.dropped)) == (2, {"tap_full": 1})
    again = MemoryWire()
    mailbox.connected(again)
    mailbox.flush()
    asked = [frames.read_numbers(payload) for kind, payload in told(again) if kind == frames.ASK]
    assert asked == [[2, 3]]
    mailbox.acked(2)
    mailbox.lost(3)
    assert (mailbox.acknowledged, dict(mailbox.dropped)) == (1, {"tap_full": 1, "observer_lost": 1})
    assert balanced(mailbox)
    assert mailbox.held == 0


def test_observers_that_lived_for_a_minute_did_not_die_of_an_exchange() -> None:
    now = [0.0]
    mailbox = Mailbox("r", clock=lambda: now[0])
    trace = mailbox.open()
    trace.add(frames.REQUEST_HEAD, b"a", 1)
    for _ in range(20):
        mailbox.connected(MemoryWire())
        now[0] += 61
        mailbox.disconnected()
    assert (mailbox.pending, dict(mailbox.dropped)) == (1, {})
