"""The one accumulator of all metrics: measurements go in, snapshots come out."""

import threading
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from exporter.catalog import DROP_REASONS, METRICS, REFUSAL_REASONS, Kind
from exporter.observe.observation import Measurement
from exporter.sinks.facts import NANOSECONDS, Clients, Lengths, Requests, Streams, streamed, succeeded
from exporter.sinks.families import Histogram, Mark, catalogued, checked
from exporter.sinks.genai import GenAi
from exporter.sinks.labels import UNKNOWN, Bounded, operation
from exporter.sinks.limits import KnownLimits, Limits
from exporter.sinks.prefixes import Prefixes
from exporter.sinks.sampling import Sampling
from exporter.sinks.snapshot import Distribution, Family, Labels, Snapshot

IN_FLIGHT = (
    "tokentide_requests_in_flight",
    "tokentide_streams_in_flight",
    "tokentide_context_tokens_in_flight",
)
ADDED = "tokentide_added_latency_seconds"
_NO_NUMBERS: Mapping[Labels, float] = MappingProxyType({})
_NO_DISTRIBUTIONS: Mapping[Labels, Distribution] = MappingProxyType({})


class Flight(Protocol):
    """A request in flight."""

    @property
    def model(self) -> str:
        """As asked for; empty where it is not known yet."""
        ...

    @property
    def operation(self) -> str:
        """What is asked for."""
        ...

    @property
    def stream(self) -> bool:
        """Whether the answer is asked for as a stream."""
        ...

    @property
    def context(self) -> int:
        """Tokens of its input and of its output so far."""
        ...


@dataclass(frozen=True, slots=True)
class _Relayed:
    """Absolute totals of one relay process."""

    forwarded: int
    refused: Mapping[str, int]
    dropped: Mapping[str, int]


class Store:
    """Keeps every metric of the catalogue; safe to use from several threads.

    `provider` is the value of `gen_ai.provider.name`; long means strictly above the thresholds in tokens; at most
    `models` model names become labels, later ones are `other`; `prefix_blocks` blocks of prompts are remembered.
    `models` model names and `clients` clients become labels, later ones are `other`. Observations of the traces that
    `sampling` keeps become exemplars. Requests are counted against `limits`.
    """

    def __init__(
        self,
        *,
        provider: str = "openai",
        isl_threshold: int = 1024,
        osl_threshold: int = 256,
        models: int = 50,
        prefix_blocks: int = 262_144,
        clients: int = 0,
        sampling: Sampling | None = None,
        limits: KnownLimits | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._models = Bounded(models)
        self._sampling = sampling or Sampling()
        self._requests = Requests()
        self._clients = Clients(clients)
        self._lengths = Lengths(isl_threshold, osl_threshold)
        self._limits = Limits(limits or KnownLimits())
        self._streams = Streams()
        self._prefixes = Prefixes(prefix_blocks)
        self._gen_ai = GenAi(provider, models)
        self._tokenizer = Histogram("tokentide_tokenizer_seconds")
        self._relays: dict[str, _Relayed] = {}
        self._added: dict[str, dict[Labels, tuple[tuple[int, ...], int]]] = {}
        self._problems: dict[str, dict[str, str | None]] = {}
        self._given: dict[str, dict[Labels, float]] = {}
        self._readers: dict[str, Callable[[], Mapping[Labels, float]]] = {}

    def accept(self, measurement: Measurement) -> None:
        """Takes one finished request."""
        record = measurement.record
        with self._lock:
            model = self._model(record.model, proven=succeeded(record))
            labels = (model or UNKNOWN, operation(record.operation))
            mark = self._mark(measurement)
            self._requests.add(measurement, labels)
            self._clients.add(record, labels)
            self._lengths.add(measurement, labels, mark)
            self._prefixes.add(measurement, labels)
            self._limits.add(record, labels)
            if streamed(record):
                self._streams.add(measurement, labels, mark)
            self._gen_ai.add(measurement, model, mark)

    def tokenizer_took(self, tokenizer: str, nanoseconds: int) -> None:
        """Takes how long one count took."""
        with self._lock:
            self._tokenizer.observe((tokenizer,), nanoseconds / NANOSECONDS)

    def set_in_flight(self, flights: Iterable[Flight]) -> None:
        """Takes all requests in flight; a model and operation that has none any more becomes 0."""
        requests: Tally[Labels] = Tally()
        streams: Tally[Labels] = Tally()
        tokens: Tally[Labels] = Tally()
        with self._lock:
            for flight in flights:
                labels = (self._model(flight.model, proven=False) or UNKNOWN, operation(flight.operation))
                requests[labels] += 1
                streams[labels] += flight.stream
                tokens[labels] += flight.context
            for gauge, sums in zip(IN_FLIGHT, (requests, streams, tokens), strict=True):
                self._given[gauge] = {**dict.fromkeys(self._given.get(gauge, {}), 0.0), **sums}

    def set_relay_totals(
        self, source: str, forwarded: int, refused: Mapping[str, int], dropped: Mapping[str, int]
    ) -> None:
        """Takes the absolute totals of one relay process (worker and incarnation); all sources are summed."""
        with self._lock:
            self._relays[source] = _Relayed(forwarded, dict(refused), dict(dropped))

    def set_upstreams(self, source: str, problems: Mapping[str, str | None]) -> None:
        """Takes which engines one relay process reached the last time; an engine is up when none failed to."""
        with self._lock:
            self._problems[source] = dict(problems)
            said = [(name, problem) for each in self._problems.values() for name, problem in each.items()]
            up: dict[Labels, float] = {(name,): 1.0 for name, _ in said}
            down: dict[Labels, float] = {(name,): 0.0 for name, problem in said if problem}
            self._given["tokentide_upstream_up"] = up | down

    def set_added_latency(self, source: str, added: Mapping[str, tuple[list[int], int]]) -> None:
        """Takes one relay process's own cost by phase: counts per bucket so far, and their sum in nanoseconds."""
        with self._lock:
            self._added[source] = {(phase,): (tuple(counts), total) for phase, (counts, total) in added.items()}

    def set_numbers(self, name: str, numbers: Mapping[Labels, float]) -> None:
        """Replaces all series of a gauge or an info (whose number is 1); ValueError for a wrong name or label."""
        metric = catalogued(name, Kind.GAUGE, Kind.INFO)
        with self._lock:
            self._given[name] = {checked(metric, labels): number for labels, number in numbers.items()}

    def read_numbers(self, name: str, read: Callable[[], Mapping[Labels, float]]) -> None:
        """Lets somebody else keep a counter or gauge.

        `read` is called at every snapshot, on the thread that takes it. ValueError for a wrong name.
        """
        catalogued(name, Kind.COUNTER, Kind.GAUGE)
        self._readers[name] = read

    def snapshot(self) -> Snapshot:
        """All metrics as they are now."""
        numbers = {name: dict(read()) for name, read in self._readers.items()}
        with self._lock:
            counted = (self._requests, self._lengths, self._limits, self._clients, self._prefixes)
            for counter in (counter for part in counted for counter in part.counters):
                numbers[counter.metric.name] = counter.numbers()
            numbers.update({name: dict(given) for name, given in self._given.items()})
            numbers.update(self._relayed())
            distributions = {
                histogram.metric.name: histogram.distributions()
                for histogram in (
                    *self._lengths.histograms,
                    *self._streams.histograms,
                    *self._gen_ai.histograms,
                    self._tokenizer,
                )
            }
            distributions[ADDED] = self._added_latency()
        return Snapshot(
            tuple(
                Family(
                    metric,
                    MappingProxyType(numbers[metric.name]) if metric.name in numbers else _NO_NUMBERS,
                    MappingProxyType(distributions[metric.name]) if metric.name in distributions else _NO_DISTRIBUTIONS,
                )
                for metric in METRICS
            )
        )

    def _mark(self, measurement: Measurement) -> Mark | None:
        trace = measurement.trace
        if trace is None or not self._sampling.keeps(trace):
            return None
        return trace.trace_id, trace.span_id, measurement.record.timestamp + measurement.duration_us

    def _model(self, name: str | None, *, proven: bool) -> str:
        return self._models.label(name, proven=proven) if name else ""

    def _added_latency(self) -> dict[Labels, Distribution]:
        sums: dict[Labels, Distribution] = {}
        for phases in self._added.values():
            for labels, (counts, total) in phases.items():
                before = sums.get(labels, Distribution((0,) * len(counts), 0.0))
                added = tuple(a + b for a, b in zip(before.counts, counts, strict=True))
                sums[labels] = Distribution(added, before.sum + total / NANOSECONDS)
        return sums

    def _relayed(self) -> dict[str, dict[Labels, float]]:
        refused: dict[Labels, float] = {(reason,): 0 for reason in REFUSAL_REASONS}
        dropped: dict[Labels, float] = {(reason,): 0 for reason in DROP_REASONS}
        for relayed in self._relays.values():
            for reasons, sums in ((relayed.refused, refused), (relayed.dropped, dropped)):
                for reason, total in reasons.items():
                    sums[(reason,)] = sums.get((reason,), 0) + total
        return {
            "tokentide_forwarded_requests": {(): sum(relayed.forwarded for relayed in self._relays.values())},
            "tokentide_refused_requests": refused,
            "tokentide_dropped_observations": dropped,
        }
