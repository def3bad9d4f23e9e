import os
from array import array
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from exporter.tap import frames
from exporter.tap import intake as intake_module
from exporter.tap.intake import Intake, Key, Totals
from exporter.tap.unpack import Timed
from tests.fakes.wires import MemoryTransport

OPENING = frames.opening(0, 1, b"engine:1", b"GET / HTTP/1.1\r\nHost: e\r\n\r\n")


class Listener:
    """Keeps what an intake reports."""

    def __init__(self, known: set[Key] | None = None) -> None:
        self.heard: list[object] = []
        self._known = known or set()

    def known(self, key: Key) -> bool:
        return key in self._known

    def received(self, key: Key, events: list[Timed]) -> None:
        self.heard.append(("events", key, len(events)))

    def forget(self, key: Key) -> None:
        self.heard.append(("forget", key))

    def totals(self, relay: str, totals: Totals) -> None:
        self.heard.append(("totals", relay, totals))

    def joined(self, relay: str, intake: Intake) -> None:
        self.heard.append(("joined", relay))

    def left(self, relay: str) -> None:
        self.heard.append(("left", relay))


def hello() -> bytes:
    return frames.frame(frames.HELLO, b'{"relay": "r"}')


def ended(number: int) -> bytes:
    return frames.pieces(number, bytes([frames.ABORTED]), array("q", [2]).tobytes(), [b"client reset"])


def large(number: int) -> bytes:
    return frames.pieces(number, bytes([frames.RESPONSE_BODY]), array("q", [1]).tobytes(), [bytes(20_000)])


def opened(number: int) -> bytes:
    return frames.pieces(number, bytes([frames.REQUEST_HEAD]), array("q", [1]).tobytes(), [OPENING])


def test_others_may_run_after_each_frame_and_within_those_that_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = Listener()

    @contextmanager
    def giving_way() -> Iterator[None]:
        listener.heard.append("from here")
        yield
        listener.heard.append("to here")

    monkeypatch.setattr(intake_module, "giving_way", giving_way)
    monkeypatch.setattr(os, "sched_yield", lambda: listener.heard.append("now"))
    Intake(listener).data_received(hello() + opened(1) + large(1) + ended(1))
    assert listener.heard == [
        *("from here", ("joined", "r"), "to here", "now"),
        *(("events", ("r", 1), 1), "now"),
        *("from here", ("events", ("r", 1), 1), "to here", "now"),
        *("from here", ("events", ("r", 1), 1), "to here", "now"),
    ]


def test_a_relay_is_heard_from_hello_to_goodbye() -> None:
    listener = Listener()
    intake = Intake(listener)
    transport = MemoryTransport(intake)
    intake.data_received(hello() + opened(1) + frames.numbers(frames.DROP, [1]))
    intake.data_received(frames.frame(frames.TOTALS, b'{"forwarded": 1, "refused": {"x": 2}, "dropped": {}}'))
    transport.lose()
    assert listener.heard == [
        ("joined", "r"),
        ("events", ("r", 1), 1),
        ("forget", ("r", 1)),
        ("totals", "r", Totals(1, {"x": 2}, {})),
        ("left", "r"),
    ]


def test_an_exchange_that_is_already_safe_is_acknowledged_and_not_observed_twice() -> None:
    listener = Listener({("r", 4)})
    intake = Intake(listener)
    transport = MemoryTransport(intake)
    intake.data_received(hello() + opened(4))
    assert listener.heard == [("joined", "r")]
    assert list(frames.FrameReader().feed(transport.sent)) == [(frames.ACK, array("Q", [4]).tobytes())]


def test_a_relay_hears_what_could_not_be_observed_as_long_as_it_is_there() -> None:
    intake = Intake(Listener())
    transport = MemoryTransport(intake)
    intake.fail(3, "observer_error")
    assert transport.take() == frames.failure(3, "observer_error")
    transport.lose()
    intake.fail(4, "observer_error")
    assert transport.take() == b""


def test_whoever_does_not_say_who_it_is_is_cut_off() -> None:
    intake = Intake(Listener())
    transport = MemoryTransport(intake)
    intake.data_received(opened(1))
    assert transport.aborted


def test_a_relay_hears_which_exchanges_of_a_dead_observer_are_on_record() -> None:
    intake = Intake(Listener(known={("r", 2)}))
    transport = MemoryTransport(intake)
    intake.data_received(hello() + frames.numbers(frames.ASK, [1, 2, 3]))
    told = {kind: frames.read_numbers(payload) for kind, payload in frames.FrameReader().feed(transport.take())}
    assert told == {frames.ACK: [2], frames.UNKNOWN: [1, 3]}
