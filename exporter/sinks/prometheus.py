"""The metrics page: a snapshot as Prometheus text or OpenMetrics."""

import re
from collections.abc import Callable, Iterator
from itertools import accumulate

from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Exposed
from prometheus_client.samples import Exemplar as Named
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from exporter.catalog import Kind
from exporter.sinks.buckets import lines
from exporter.sinks.snapshot import Exemplar, Family, Snapshot

_TYPES = {Kind.COUNTER: "counter", Kind.GAUGE: "gauge", Kind.HISTOGRAM: "histogram", Kind.INFO: "info"}
_OPENMETRICS = "application/openmetrics-text"
_ESCAPING = re.compile(r";\s*escaping=[\w-]+")
"""How a scraper wants names written that are no plain ones; we have none, and two of the ways would double each `_`."""
_SUFFIXES = {Kind.COUNTER: "_total", Kind.GAUGE: "", Kind.INFO: "_info"}


def exposed(family: Family) -> Exposed:
    """One family as prometheus_client writes it; families without series are left out by the collector."""
    metric = family.metric
    name = metric.prometheus.removesuffix("_info") if metric.kind is Kind.INFO else metric.prometheus
    page = Exposed(name, metric.meaning, _TYPES[metric.kind])
    if metric.kind is Kind.HISTOGRAM:
        page.samples = list(_buckets(family))
    else:
        sample_name = name + _SUFFIXES[metric.kind]
        page.samples = [
            Sample(sample_name, dict(zip(metric.labels, labels, strict=True)), number)
            for labels, number in family.numbers.items()
        ]
    return page


def _buckets(family: Family) -> Iterator[Sample]:
    metric = family.metric
    bounds = [*map(floatToGoString, metric.buckets), "+Inf"]
    bucket, count, total = (f"{metric.prometheus}_{suffix}" for suffix in ("bucket", "count", "sum"))
    for labels, distribution in family.distributions.items():
        named = dict(zip(metric.labels, labels, strict=True))
        exemplars = distribution.exemplars
        for i, cumulative in enumerate(accumulate(distribution.counts)):
            exemplar = _exemplar(exemplars[i]) if i in exemplars else None
            yield Sample(bucket, {**named, "le": bounds[i]}, cumulative, None, exemplar)
        yield Sample(count, named, distribution.count)
        yield Sample(total, named, distribution.sum)


def _exemplar(exemplar: Exemplar) -> Named:
    labels = {"trace_id": exemplar.trace_id, "span_id": exemplar.span_id}
    return Named(labels, exemplar.value, exemplar.at_us / 1e6)


class SnapshotCollector:
    """A prometheus_client collector that takes one snapshot for each collection, for any registry."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Exposed]:
        """All families that have a series."""
        for family in self._snapshot().families:
            if family.numbers or family.distributions:
                yield exposed(family)

    def describe(self) -> list[Exposed]:
        """Nothing: names are unique by the catalogue, so registering need not collect."""
        return []


class Page:
    """Renders the metrics page: prometheus_client writes the plain series, and what is much, the histograms, is
    written as it would write them.
    """

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot

    def render(self, accept: str) -> tuple[bytes, str]:
        """Body and content type for an `Accept` header; plain text where it asks for nothing that we know."""
        try:
            encode, content_type = choose_encoder(_ESCAPING.sub("", accept))
        except TypeError:  # the library compares a version that is no number with one
            encode, content_type = choose_encoder("")
        snapshot = self._snapshot()
        numbers = Snapshot(tuple(family for family in snapshot.families if family.numbers))
        histograms = [family for family in snapshot.families if family.distributions]
        openmetrics = content_type.startswith(_OPENMETRICS)
        written = "".join(line for family in histograms for line in lines(family, exemplars=openmetrics))
        # OpenMetrics ends with a mark, so what the library writes comes last.
        return written.encode() + encode(SnapshotCollector(lambda: numbers)), content_type
