"""What is handed over is counted, and an outage is told once."""

import logging
import threading

import pytest

from exporter.sinks.courier import Courier


class Delivery:
    """Succeeds, fails, or has nothing (None) as the script says, then succeeds; `closed` says that it was closed."""

    def __init__(self, *script: bool | None) -> None:
        self.script = list(script)
        self.calls = 0
        self.closed = False
        self.called = threading.Event()

    def __call__(self) -> bool | None:
        self.calls += 1
        self.called.set()
        return self.script.pop(0) if self.script else True

    def close(self) -> None:
        self.closed = True


def courier(delivery: Delivery, interval: float = 3600) -> Courier:
    return Courier("metrics", interval, delivery, lambda: "nobody answers", delivery.close)


def test_every_attempt_is_counted_and_an_outage_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tokentide")
    sender = courier(Delivery(False, False, False, True, True, False))
    for _ in range(6):
        sender.attempt()
    assert (sender.exported, sender.failed) == (2, 4)
    told = [record.getMessage() for record in caplog.records]
    again = "It is tried again every 3600 s; further failures are counted only."
    assert told == [
        f"OTLP: metrics cannot be delivered: nobody answers. {again}",
        "OTLP: metrics are delivered again.",
        f"OTLP: metrics cannot be delivered: nobody answers. {again}",
    ]


def test_where_there_is_nothing_to_deliver_nothing_is_counted_and_an_outage_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "tokentide")
    sender = courier(Delivery(None, False, None, False))
    for _ in range(4):
        sender.attempt()
    assert (sender.exported, sender.failed, len(caplog.records)) == (0, 2, 1)


def test_the_end_delivers_a_last_time_and_frees_what_was_held() -> None:
    delivery = Delivery()
    sender = courier(delivery)
    sender.start()
    sender.stop(10)
    assert (delivery.calls, delivery.closed, sender.exported) == (1, True, 1)


def test_it_goes_on_by_itself() -> None:
    delivery = Delivery()
    sender = courier(delivery, interval=0.001)
    sender.start()
    assert delivery.called.wait(10)
    sender.stop(10)
    assert delivery.calls == sender.exported >= 2


def test_the_end_does_not_wait_for_a_delivery_that_hangs() -> None:
    release = threading.Event()
    closed: list[bool] = []
    sender = Courier("metrics", 3600, lambda: release.wait(30), lambda: "", lambda: closed.append(True))
    sender.start()
    sender.stop(0.01)
    assert closed
    release.set()
