"""What is going on now, in figures that a person can read, taken from a snapshot of the metrics."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from exporter.catalog import Metric

NOTE = "quantiles are estimated from histogram buckets, by linear interpolation; exact ones are in the records"


class Distribution(Protocol):
    """One histogram series: observations per bucket, the last one open."""

    @property
    def counts(self) -> Sequence[int]:
        """Not cumulative."""
        ...


class Family(Protocol):
    """All series of one metric, by label values in the order of its labels."""

    @property
    def metric(self) -> Metric:
        """Its entry in the catalogue."""
        ...

    @property
    def numbers(self) -> Mapping[tuple[str, ...], float]:
        """Series of counters and gauges."""
        ...

    @property
    def distributions(self) -> Mapping[tuple[str, ...], Distribution]:
        """Series of histograms."""
        ...


class Snapshot(Protocol):
    """All metrics at one moment."""

    def family(self, name: str) -> Family:
        """The family of a catalogue name."""
        ...


@dataclass(frozen=True, slots=True)
class About:
    """Which sidecar this is."""

    version: str
    instance: str


@dataclass(frozen=True, slots=True)
class InFlight:
    """Requests forwarded and not yet finished, those that stream, and the tokens of all their contexts."""

    requests: int
    streams: int
    context_tokens: int


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Estimated quantiles, in the unit that the field's name says."""

    p50: float
    p90: float
    p99: float


@dataclass(frozen=True, slots=True)
class Model:
    """One model's figures so far; None where nothing was observed yet. Lengths are in tokens."""

    requests: int
    isl: Quantiles | None
    osl: Quantiles | None
    ttft_seconds: Quantiles | None
    itl_seconds: Quantiles | None


@dataclass(frozen=True, slots=True)
class Written:
    """Records on disk; the lag is the age of the oldest one that is not yet in Parquet."""

    written: int
    lost: Mapping[str, int]
    lag_seconds: float


@dataclass(frozen=True, slots=True)
class Live:
    """Everything that `/live` says."""

    version: str
    instance: str
    in_flight: InFlight
    requests: Mapping[str, int]
    forwarded: int
    refused_by_sidecar: Mapping[str, int]
    dropped: Mapping[str, int]
    unreadable: Mapping[str, int]
    records: Written
    models: Mapping[str, Model]
    note: str = NOTE


def live(snapshot: Snapshot, about: About) -> Live:
    """The figures of a snapshot."""
    return Live(
        about.version,
        about.instance,
        InFlight(
            *(_total(snapshot, f"tokentide_{what}_in_flight") for what in ("requests", "streams", "context_tokens"))
        ),
        _by(snapshot, "tokentide_requests", "outcome"),
        _total(snapshot, "tokentide_forwarded_requests"),
        _by(snapshot, "tokentide_refused_requests", "reason"),
        _by(snapshot, "tokentide_dropped_observations", "reason"),
        _by(snapshot, "tokentide_unreadable_exchanges", "reason"),
        Written(
            _total(snapshot, "tokentide_records_written"),
            _by(snapshot, "tokentide_records_lost", "reason"),
            round(max(snapshot.family("tokentide_recorder_lag_seconds").numbers.values(), default=0.0), 3),
        ),
        _models(snapshot),
    )


def quantile(bounds: Sequence[float], counts: Sequence[int], share: float) -> float:
    """The value below which `share` of the observations lie, interpolated within its bucket.

    The open bucket has no upper bound: there the last bound is given, which is too low. As Prometheus'
    `histogram_quantile` does it. `counts` must have one entry more than `bounds` and not be all zero.
    """
    cumulative = list(accumulate(counts))
    rank = share * cumulative[-1]
    i = bisect_left(cumulative, rank)
    if i == len(bounds):
        return bounds[-1]
    lower = bounds[i - 1] if i else 0.0
    below = cumulative[i - 1] if i else 0
    return lower + (bounds[i] - lower) * (rank - below) / counts[i] if counts[i] else lower


def _models(snapshot: Snapshot) -> dict[str, Model]:
    isl = _quantiles(snapshot, "tokentide_request_input_tokens", "model")
    osl = _quantiles(snapshot, "tokentide_request_output_tokens", "model")
    ttft = _quantiles(snapshot, "tokentide_time_to_first_token_by_input_seconds", "model")
    itl = _quantiles(snapshot, "tokentide_inter_token_latency_seconds", "model")
    return {
        model: Model(requests, isl.get(model), osl.get(model), ttft.get(model), itl.get(model))
        for model, requests in _by(snapshot, "tokentide_requests", "model").items()
    }


def _quantiles(snapshot: Snapshot, name: str, label: str) -> dict[str, Quantiles]:
    """Quantiles of a histogram for each value of one label, over all values of the others."""
    family = snapshot.family(name)
    bounds = family.metric.buckets
    return {
        value: Quantiles(*(round(quantile(bounds, counts, share), 6) for share in (0.5, 0.9, 0.99)))
        for value, counts in _merged(family, label)
        if any(counts)
    }


def _merged(family: Family, label: str) -> Iterator[tuple[str, list[int]]]:
    at = family.metric.labels.index(label)
    merged: dict[str, list[int]] = {}
    for labels, distribution in family.distributions.items():
        counts = merged.setdefault(labels[at], [0] * len(distribution.counts))
        for i, count in enumerate(distribution.counts):
            counts[i] += count
    yield from merged.items()


def _total(snapshot: Snapshot, name: str) -> int:
    return int(sum(snapshot.family(name).numbers.values()))


def _by(snapshot: Snapshot, name: str, label: str) -> dict[str, int]:
    family = snapshot.family(name)
    at = family.metric.labels.index(label)
    sums: dict[str, int] = defaultdict(int)
    for labels, number in family.numbers.items():
        sums[labels[at]] += int(number)
    return {value: number for value, number in sums.items() if number}
