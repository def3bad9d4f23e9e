"""From events to records: each exchange once, none forgotten, and faults cost one record only."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from exporter.dialect import table
from exporter.dialect.base import Delta, Dialect, Prompt
from exporter.observe.exchange import Exchange
from exporter.observe.recorder import Recorder
from exporter.pipeline import Pipeline
from exporter.tap.intake import Totals
from exporter.tap.unpack import Timed
from exporter.tokens.estimate import ByteEstimate
from exporter.wire.events import (
    Aborted,
    Event,
    RequestBody,
    RequestEnded,
    RequestStarted,
    ResponseBody,
    ResponseEnded,
    ResponseStarted,
)
from tests.fakes.observing import Acknowledged, Later, Spool, Tally, Words

MS = 1_000_000
STREAM = (("content-type", "text/event-stream"),)


@dataclass
class Bench:
    """A pipeline and everything around it."""

    spool: Spool = field(default_factory=Spool)
    tally: Tally = field(default_factory=Tally)
    later: Later = field(default_factory=Later)
    relay: Acknowledged = field(default_factory=Acknowledged)
    counter: Words = field(default_factory=Words)
    find: Callable[[str, str], tuple[Dialect, ...]] = table.find
    own_counts: float = 0.0

    def __post_init__(self) -> None:
        self.pipeline = Pipeline(
            lambda: Exchange(self.find),
            Recorder("here", "summary"),
            lambda model, _size: self.counter if model is not None else ByteEstimate(),
            self.spool,
            (self.tally,),
            self.tally,
            self.later,
            lambda call: call(),
            self.own_counts,
        )
        self.pipeline.joined("r", self.relay)  # type: ignore[arg-type]


def timed(*events: Event, start: int = 0) -> list[Timed]:
    return [(event, start + number * MS) for number, event in enumerate(events)]


def started(request_id: str = "id") -> RequestStarted:
    return RequestStarted("POST", "/v1/chat/completions", (), request_id, "e:1", 5, 1)


def asking(text: str, *, stream: bool = True) -> RequestBody:
    messages = [{"role": "user", "content": text}]
    return RequestBody(json.dumps({"model": "m", "stream": stream, "messages": messages}).encode())


def chunk(text: str) -> ResponseBody:
    delta = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    return ResponseBody(b"data: " + json.dumps(delta).encode() + b"\n\n")


def answered(text: str = "one two three") -> list[Timed]:
    return timed(
        started(), asking(text), RequestEnded(), ResponseStarted(200, STREAM), chunk("a b"), chunk(" c"),
        ResponseBody(b"data: [DONE]\n\n"), ResponseEnded(),
    )  # fmt: skip


def test_a_finished_exchange_reaches_every_sink_and_is_acknowledged() -> None:
    bench = Bench()
    bench.pipeline.received(("r", 1), answered())
    [measurement] = bench.tally.accepted
    assert bench.spool.kept == {("r", 1): measurement}
    assert bench.relay.numbers == [1]
    record = measurement.record
    assert (record.input_tokens, record.output_tokens, record.ttft_us) == (3, 3, 2000)


def test_an_exchange_may_come_in_any_number_of_batches() -> None:
    bench = Bench()
    for event in answered():
        bench.pipeline.received(("r", 1), [event])
    assert bench.tally.accepted[0].record.output_tokens == 3
    assert bench.relay.numbers == [1]


def test_requests_in_flight_show_their_context_as_it_grows() -> None:
    bench = Bench()
    events = answered("x" * 400)
    bench.pipeline.received(("r", 1), events[:1])
    assert bench.pipeline.in_flight() == ()
    bench.pipeline.received(("r", 1), events[1:3])
    [flight] = bench.pipeline.in_flight()
    assert (flight.model, flight.operation, flight.stream, flight.context) == ("m", "chat", True, 100)
    bench.pipeline.received(("r", 1), events[3:5])
    assert bench.pipeline.in_flight()[0].context == 101
    bench.pipeline.received(("r", 2), answered())
    assert bench.tally.accepted[0].record.context_tokens_in_flight == 101
    bench.pipeline.received(("r", 1), events[5:])
    assert bench.pipeline.in_flight() == ()
    bench.pipeline.received(("r", 3), answered())
    assert bench.tally.accepted[-1].record.context_tokens_in_flight == 0


def test_requests_of_other_relays_count_as_concurrent() -> None:
    bench = Bench()
    bench.pipeline.joined("other", Acknowledged())  # type: ignore[arg-type]
    bench.pipeline.received(("other", 1), answered()[:3])
    bench.pipeline.received(("r", 1), answered())
    assert bench.tally.accepted[0].record.concurrency == 2


def test_what_was_spooled_by_an_observer_before_us_is_known() -> None:
    bench = Bench(spool=Spool({("r", 9)}))
    assert bench.pipeline.known(("r", 9))
    assert not bench.pipeline.known(("r", 10))


def test_long_texts_are_counted_elsewhere_and_acknowledged_only_then() -> None:
    bench = Bench()
    bench.pipeline.received(("r", 1), answered("word " * 10_000))
    assert bench.pipeline.busy
    assert bench.pipeline.known(("r", 1))
    assert bench.pipeline.backlog == {"words": 50_005}
    assert bench.relay.numbers == []
    bench.later.work()
    assert not bench.pipeline.busy
    assert bench.pipeline.backlog == {"words": 0}
    assert bench.relay.numbers == [1]
    assert bench.tally.accepted[0].record.input_tokens == 10_000


def test_more_may_come_until_every_relay_has_left() -> None:
    bench = Bench()
    assert bench.pipeline.attended
    bench.pipeline.left("r")
    assert not bench.pipeline.attended


def test_a_broken_tokenizer_costs_one_record_which_is_counted(caplog: object) -> None:
    bench = Bench(counter=Words(broken=True))
    bench.pipeline.received(("r", 1), answered("secretword"))
    bench.pipeline.received(("r", 2), answered("secretword " * 5000))
    bench.later.work()
    assert bench.tally.accepted == []
    assert bench.relay.failed == [(1, "observer_error"), (2, "observer_error")]
    assert bench.relay.numbers == []
    assert not bench.pipeline.busy
    assert "RuntimeError" in caplog.text  # type: ignore[attr-defined]
    assert "secretword" not in caplog.text  # type: ignore[attr-defined]
    bench.counter = Words()
    bench.pipeline.received(("r", 3), answered())
    assert len(bench.tally.accepted) == 1


def test_a_dialect_that_raises_costs_one_record_which_is_counted_by_its_name(caplog: object) -> None:
    class Faulty:
        name = "openai_chat"
        operation = "chat"
        open_ended = False

        def prompt(self, body: bytes, target: str) -> Prompt:
            raise RuntimeError(f"secretword {body!r} {target}")

        def delta(self, data: bytes) -> Delta:
            raise RuntimeError(data)

        def answer(self, body: bytes) -> tuple[Delta, ...]:
            raise RuntimeError(body)

    bench = Bench(find=lambda _method, _target: (Faulty(),))
    bench.pipeline.received(("r", 1), answered("secretword"))
    bench.pipeline.received(("r", 1), answered("secretword")[3:])
    assert bench.tally.accepted == []
    assert bench.relay.failed == [(1, "openai_chat")]
    assert bench.relay.numbers == []
    assert "RuntimeError" in caplog.text  # type: ignore[attr-defined]
    assert "secretword" not in caplog.text  # type: ignore[attr-defined]


def test_what_cannot_be_observed_after_its_relay_has_left_is_counted_here() -> None:
    bench = Bench(counter=Words(broken=True))
    bench.pipeline.received(("r", 1), answered()[:5])
    bench.pipeline.left("r")
    assert bench.tally.totals["observer"] == (0, {}, {"observer_error": 1})


def test_a_dropped_exchange_is_forgotten() -> None:
    bench = Bench()
    bench.pipeline.received(("r", 1), answered()[:4])
    bench.pipeline.forget(("r", 1))
    bench.pipeline.received(("r", 1), answered()[4:])
    assert bench.tally.accepted == []
    assert bench.pipeline.in_flight() == ()


def test_open_exchanges_of_a_relay_that_died_are_recorded_as_broken() -> None:
    bench = Bench()
    bench.pipeline.received(("r", 1), answered()[:5])
    bench.pipeline.left("r")
    record = bench.tally.accepted[0].record
    assert (record.outcome, record.error_type) == ("mid_stream_error", "relay_lost")
    assert record.output_tokens == 2


def test_counters_of_each_relay_are_published() -> None:
    bench = Bench()
    bench.pipeline.totals("r", Totals(3, {"malformed_request": 1}, {"tap_full": 2}))
    assert bench.tally.totals["r"] == (3, {"malformed_request": 1}, {"tap_full": 2})


def test_a_client_that_left_is_recorded() -> None:
    bench = Bench()
    bench.pipeline.received(("r", 1), [*answered()[:5], (Aborted("client", "closed"), 9 * MS)])
    assert bench.tally.accepted[0].record.outcome == "client_disconnect"


def test_the_first_drop_for_each_reason_is_logged_and_later_ones_are_counted_only(caplog: object) -> None:
    bench = Bench()
    bench.pipeline.totals("r", Totals(3, {}, {"tap_full": 1}))
    bench.pipeline.totals("r", Totals(4, {}, {"tap_full": 2, "observer_lost": 1}))
    assert caplog.text.count("tap_full") == 1  # type: ignore[attr-defined]
    assert caplog.text.count("observer_lost") == 1  # type: ignore[attr-defined]


def counted_by_the_engine(text: str) -> list[Timed]:
    usage = b'data: {"choices": [], "usage": {"prompt_tokens": 90, "completion_tokens": 3}}\n\n'
    return [*answered(text)[:-2], (ResponseBody(usage), 7 * MS), (ResponseEnded(), 8 * MS)]


def test_of_what_the_engine_has_counted_the_asked_for_share_is_counted_by_us() -> None:
    bench = Bench(own_counts=0.4)
    for number in range(10):
        bench.pipeline.received(("r", number), counted_by_the_engine("a b"))
    own = [measurement.own_input_tokens for measurement in bench.tally.accepted]
    assert own == [None, None, 2, None, 2, None, None, 2, None, 2]
    assert {measurement.record.input_tokens for measurement in bench.tally.accepted} == {90}


def test_our_own_counts_give_way_when_the_tokenizer_is_behind() -> None:
    bench = Bench(own_counts=1.0)
    bench.pipeline.received(("r", 1), counted_by_the_engine("word " * 500_000))
    bench.pipeline.received(("r", 2), counted_by_the_engine("word " * 500_000))
    bench.later.work()
    assert [measurement.own_input_tokens for measurement in bench.tally.accepted] == [500_000, None]
    assert bench.tally.accepted[1].record.user_tokens == 90


def test_a_slow_tokenizer_counts_less_at_once() -> None:
    bench = Bench()
    bench.counter.exact_up_to = 64 * 100
    bench.pipeline.received(("r", 1), answered("w" * 95))
    assert not bench.pipeline.busy
    bench.pipeline.received(("r", 2), answered("w" * 96))
    assert bench.pipeline.busy


def test_beyond_the_largest_backlog_texts_are_estimated_at_once_and_nothing_piles_up() -> None:
    bench = Bench()
    text = "w " * 11_000_000
    for number in range(4):
        bench.pipeline.received(("r", number), answered(text))
    assert len(bench.later.waiting) == 3
    assert bench.pipeline.backlog == {"words": 3 * (len(text) + 5)}
    assert bench.relay.numbers == [3]
    record = bench.tally.accepted[0].record
    assert (record.input_tokens, record.input_source) == (5_500_000, "estimate")
