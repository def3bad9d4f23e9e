"""The OTLP form of metrics: a snapshot as the OpenTelemetry SDK's metrics data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from opentelemetry.sdk.metrics import Exemplar as OtelExemplar
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from exporter.catalog import Kind
from exporter.sinks.snapshot import Distribution, Exemplar, Family, Labels, Snapshot

_UNITS: Final = {"s": "s", "bytes": "By", "": ""}
"""UCUM units; all others are counts of things, which UCUM writes in braces and Prometheus adds to no name."""
_GEN_AI: Final = "gen_ai_"
_NOTHING: Final = Distribution((), 0.0)


@dataclass(frozen=True, slots=True)
class Since:
    """What was told before, for counts since then; times in nanoseconds since the epoch."""

    snapshot: Snapshot
    at_ns: int


def metrics_data(
    snapshot: Snapshot, resource: Resource, version: str, times: tuple[int, int], since: Since | None = None
) -> MetricsData:
    """All families that have a series, as the SDK's exporters take them.

    `times` are when counting began and now, in nanoseconds since the epoch. With `since` counters and histograms hold
    what came after it (delta temporality), else everything since the beginning (cumulative). `min` and `max` are not
    known and left out.
    """
    began, now = times
    translation = _Translation(began, now, since)
    families = [family for family in snapshot.families if family.numbers or family.distributions]
    metrics = [translation.metric(family) for family in families]
    scope = InstrumentationScope("tokentide", version)
    return MetricsData([ResourceMetrics(resource, [ScopeMetrics(scope, metrics, "")], "")])


def unit(name: str) -> str:
    """The unit of a catalogue entry in UCUM, such as `By`, `s` or `{requests}`."""
    return _UNITS.get(name, name if name.startswith("{") else f"{{{name}}}")


def attributes(names: tuple[str, ...], labels: Labels) -> dict[str, str | int]:
    """Labels as attributes of the conventions: dots instead of `_`, the port as a number, what is empty left out.

    Our own labels keep their names.
    """
    if not any(name.startswith(_GEN_AI) for name in names):
        return dict(zip(names, labels, strict=True))
    found: dict[str, str | int] = {}
    for name, value in zip(names, labels, strict=True):
        if value:
            dotted = f"gen_ai.{name.removeprefix(_GEN_AI).replace('_', '.')}"
            key = dotted if name.startswith(_GEN_AI) else name.replace("_", ".")
            found[key] = int(value) if key == "server.port" else value
    return found


class _Translation:
    """One snapshot's families to metrics, between two moments."""

    def __init__(self, began: int, now: int, since: Since | None) -> None:
        self._start = began if since is None else since.at_ns
        self._now = now
        self._before = {family.metric.name: family for family in since.snapshot.families} if since is not None else {}
        self._temporality = AggregationTemporality.CUMULATIVE if since is None else AggregationTemporality.DELTA

    def metric(self, family: Family) -> Metric:
        told = family.metric
        data: Histogram | Sum | Gauge
        if told.kind is Kind.HISTOGRAM:
            data = Histogram(list(self._histogram(family)), self._temporality)
        elif told.kind is Kind.COUNTER:
            data = Sum(list(self._numbers(family, self._earlier(family).numbers)), self._temporality, is_monotonic=True)
        else:
            data = Gauge(list(self._numbers(family, {})))
        return Metric(told.name, told.meaning, unit(told.unit), data)

    def _earlier(self, family: Family) -> Family:
        return self._before.get(family.metric.name) or Family(family.metric, {}, {})

    def _numbers(self, family: Family, earlier: Mapping[Labels, float]) -> Iterator[NumberDataPoint]:
        names = family.metric.labels
        for labels, number in family.numbers.items():
            value = number - earlier.get(labels, 0)
            yield NumberDataPoint(attributes(names, labels), self._start, self._now, value)

    def _histogram(self, family: Family) -> Iterator[HistogramDataPoint]:
        names, bounds = family.metric.labels, family.metric.buckets
        earlier = self._earlier(family).distributions
        for labels, distribution in family.distributions.items():
            before = earlier.get(labels, _NOTHING)
            counts = distribution.counts
            if before.counts:
                counts = tuple(now - then for now, then in zip(counts, before.counts, strict=True))
            yield HistogramDataPoint(
                attributes(names, labels),
                self._start,
                self._now,
                sum(counts),
                distribution.sum - before.sum,
                counts,
                bounds,
                min=None,  # type: ignore[arg-type]  # the encoder leaves out what is None, as the protocol allows
                max=None,  # type: ignore[arg-type]  # the same
                exemplars=[_exemplar(each) for each in distribution.exemplars.values()],
            )


def _exemplar(exemplar: Exemplar) -> OtelExemplar:
    trace, span = int(exemplar.trace_id, 16), int(exemplar.span_id, 16)
    return OtelExemplar({}, float(exemplar.value), exemplar.at_us * 1000, span, trace)
