"""Events become records, off the data path; every sink gets each record."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from typing import Protocol

from exporter.observe.exchange import Exchange
from exporter.observe.observation import Measurement, Observation, Sink, TokenCounter
from exporter.observe.recorder import Recorder
from exporter.tap.intake import Intake, Key, Totals
from exporter.tap.unpack import Timed
from exporter.wire.events import Aborted, RequestStarted

_log = logging.getLogger(__name__)

_INLINE_CHARACTERS = 16_384
_INLINE_SHARE = 64
"""Text up to this length is counted at once, as handing it to another thread would cost more; and no more than this
part of what a tokenizer counts exactly, which goes by its speed: one or two milliseconds."""

_BYTES_PER_TOKEN = 4

_LARGEST_BACKLOG = 64 << 20
"""Characters that may wait to be counted; beyond, texts are estimated at once, so that memory stays bounded."""

_LARGEST_OPTIONAL = 4 << 20
"""The same for what the engine has counted already; beyond, its word is taken without ours."""


class Records(Protocol):
    """Where records become safe."""

    def accept(self, measurement: Measurement, key: Key) -> None:
        """Takes one finished request."""
        ...

    def known(self, key: Key) -> bool:
        """True when this exchange was spooled before this process started."""
        ...


class Losses(Protocol):
    """Where the relays' counters and the pipeline's own losses are published."""

    def set_relay_totals(
        self, source: str, forwarded: int, refused: Mapping[str, int], dropped: Mapping[str, int]
    ) -> None:
        """Absolute counters of one source."""
        ...

    def set_upstreams(self, source: str, problems: Mapping[str, str | None]) -> None:
        """Which engines a relay reached the last time (None), and which it did not."""
        ...

    def set_added_latency(self, source: str, added: Mapping[str, tuple[list[int], int]]) -> None:
        """A relay's own cost by phase: absolute counts per bucket, and the sum in nanoseconds."""
        ...


@dataclass(slots=True)
class Flight:
    """A request in flight as gauges show it; `context` is its tokens so far, input estimated from bytes."""

    model: str
    operation: str
    stream: bool
    context: int


@dataclass(slots=True)
class _Open:
    exchange: Exchange
    context_before: int
    flight: Flight


class Pipeline:
    """Receives what the relays report, measures each finished exchange and hands it to the sinks."""

    def __init__(
        self,
        new_exchange: Callable[[], Exchange],
        recorder: Recorder,
        counter_for: Callable[[str | None, int], TokenCounter],
        records: Records,
        sinks: tuple[Sink, ...],
        losses: Losses,
        workers: Executor,
        post: Callable[[Callable[[], None]], object],
        own_counts: float = 0.0,
    ) -> None:
        self._new_exchange = new_exchange
        self._recorder = recorder
        self._counter_for = counter_for
        self._records = records
        self._sinks = sinks
        self._losses = losses
        self._workers = workers
        self._post = post
        self._own_counts = own_counts
        self._due = 0.0
        self._open: dict[Key, _Open] = {}
        self._relays: dict[str, Intake] = {}
        self._measuring: set[Key] = set()
        self._context = 0
        self._failed: Counter[str] = Counter()
        self._told: set[str] = set()
        self._backlog: Counter[str] = Counter()

    # --- what relays report

    def known(self, key: Key) -> bool:
        """True when the record of this exchange is safe, or about to be."""
        return key in self._measuring or self._records.known(key)

    def joined(self, relay: str, intake: Intake) -> None:
        """A relay has connected."""
        self._relays[relay] = intake

    def left(self, relay: str) -> None:
        """A relay's connection is gone: its open exchanges ended with it."""
        self._relays.pop(relay, None)
        self._losses.set_upstreams(relay, {})
        for key in [key for key in self._open if key[0] == relay]:
            self.received(key, [(Aborted("upstream", "relay_lost"), self._open[key].exchange.last_at)])

    def totals(self, relay: str, totals: Totals) -> None:
        """A relay's counters."""
        self._losses.set_relay_totals(relay, totals.forwarded, totals.refused, totals.dropped)
        for reason in set(totals.dropped) - self._told:
            self._told.add(reason)
            _log.warning("Exchanges are relayed but not observed: %s. Further ones are counted only.", reason)
        self._losses.set_upstreams(relay, totals.problems)
        self._losses.set_added_latency(relay, totals.added)

    def forget(self, key: Key) -> None:
        """The relay dropped this exchange."""
        self._close(key)

    def received(self, key: Key, events: list[Timed]) -> None:
        """Events of one exchange; a fault in one of them costs that exchange's record and nothing else."""
        try:
            self._receive(key, events)
        except Exception as error:  # noqa: BLE001 - nothing below the tap may stop the observer
            opened = self._open.get(key)
            self._fail(key, error, (opened and opened.exchange.dialect) or "observer_error")

    def _receive(self, key: Key, events: list[Timed]) -> None:
        opened = self._open.get(key)
        for event, at in events:
            if opened is None:
                if not isinstance(event, RequestStarted):
                    return
                elsewhere = self._elsewhere(key[0])
                opened = self._begin(key)
                if elsewhere:
                    event = replace(event, concurrency=event.concurrency + elsewhere)  # noqa: PLW2901 - the same, corrected
                opened.exchange.receive(event, at)
                continue
            observation = opened.exchange.receive(event, at)
            if observation is not None:
                self._close(key)
                self._measure(key, observation, opened.context_before)
                return
        if opened is not None:
            self._follow(opened)

    # --- requests in flight

    @property
    def backlog(self) -> Mapping[str, int]:
        """Characters that wait to be counted, by tokenizer."""
        return dict(self._backlog)

    @property
    def busy(self) -> bool:
        """True while finished requests are not yet with the sinks."""
        return bool(self._measuring)

    @property
    def attended(self) -> bool:
        """True while a relay is connected, so that more may come."""
        return bool(self._relays)

    def in_flight(self) -> tuple[Flight, ...]:
        """The requests in flight whose model is known by now."""
        known = (each for each in self._open.values() if each.exchange.prompt or each.exchange.operation == "other")
        return tuple(opened.flight for opened in known)

    def _begin(self, key: Key) -> _Open:
        opened = _Open(self._new_exchange(), self._context, Flight("", "other", stream=False, context=0))
        self._open[key] = opened
        return opened

    def _elsewhere(self, relay: str) -> int:
        if len(self._relays) < 2:
            return 0
        return sum(1 for key in self._open if key[0] != relay)

    def _follow(self, opened: _Open) -> None:
        exchange, flight = opened.exchange, opened.flight
        prompt = exchange.prompt
        if prompt is None:
            return
        if not flight.context:
            flight.model, flight.operation, flight.stream = prompt.model or "", exchange.operation, prompt.stream
            size = sum(len(text) for _, text in prompt.texts)
            opened.flight.context = prompt.token_ids + -(-size // _BYTES_PER_TOKEN)
            self._context += flight.context
        grown = exchange.content_events - exchange.counted_events
        exchange.counted_events += grown
        flight.context += grown
        self._context += grown

    def _close(self, key: Key) -> None:
        opened = self._open.pop(key, None)
        if opened is not None:
            self._context -= opened.flight.context

    # --- finished requests

    def _measure(self, key: Key, observation: Observation, context_before: int) -> None:
        size = sum([len(content.text) for content in observation.contents])
        if observation.prompt is not None:
            size += sum(len(text) for _, text in observation.prompt.texts)
        counter = self._counter_for(observation.prompt.model if observation.prompt else None, size)
        backlog = size + self._backlog.total()
        beside = self._is_sampled() and backlog <= _LARGEST_OPTIONAL
        self._measuring.add(key)
        if backlog > _LARGEST_BACKLOG:
            counter = self._counter_for(None, 0)
        elif size > _inline(counter):
            self._backlog[counter.name] += size
            future = self._workers.submit(self._recorder.measure, observation, counter, context_before, beside=beside)
            future.add_done_callback(lambda done: self._post(lambda: self._measured(key, done, counter.name, size)))
            return
        self._deliver(key, self._recorder.measure(observation, counter, context_before, beside=beside))

    def _is_sampled(self) -> bool:
        """Evenly: of a share of a quarter each fourth request."""
        self._due += self._own_counts
        if self._due < 1.0:
            return False
        self._due -= 1.0
        return True

    def _measured(self, key: Key, done: "Future[Measurement]", counter: str, size: int) -> None:
        self._backlog[counter] -= size
        try:
            self._deliver(key, done.result())
        except Exception as error:  # noqa: BLE001 - nothing below the tap may stop the observer
            self._fail(key, error, "observer_error")

    def _deliver(self, key: Key, measurement: Measurement) -> None:
        self._records.accept(measurement, key)
        for sink in self._sinks:
            sink.accept(measurement)
        self._acknowledge(key)

    def _fail(self, key: Key, error: Exception, reason: str) -> None:
        """Has the relay count an exchange that could not be observed; the log gets the error's type, never its text.

        `reason` is the name of the dialect in which it was read, or `observer_error`.
        """
        _log.error("An exchange could not be observed: %s in %s.", type(error).__name__, reason)
        self._close(key)
        self._measuring.discard(key)
        intake = self._relays.get(key[0])
        if intake is not None:
            intake.fail(key[1], reason)
        else:  # the relay is gone, and so is its account
            self._failed[reason] += 1
            self._losses.set_relay_totals("observer", 0, {}, self._failed)

    def _acknowledge(self, key: Key) -> None:
        self._measuring.discard(key)
        intake = self._relays.get(key[0])
        if intake is not None:
            intake.acknowledge([key[1]])


def _inline(counter: TokenCounter) -> int:
    """Characters that are counted at once."""
    share = counter.exact_up_to // _INLINE_SHARE
    return min(_INLINE_CHARACTERS, share) if share else _INLINE_CHARACTERS
