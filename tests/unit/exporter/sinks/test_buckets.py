"""Histograms are written byte for byte as prometheus_client writes them."""

from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.catalog import METRICS, Kind, Metric
from exporter.sinks.buckets import lines
from exporter.sinks.prometheus import SnapshotCollector
from exporter.sinks.snapshot import Distribution, Exemplar, Family, Snapshot

HISTOGRAMS = [metric for metric in METRICS if metric.kind is Kind.HISTOGRAM]


def theirs(family: Family, *, exemplars: bool) -> str:
    """The same histogram, written by the library."""
    collector = SnapshotCollector(lambda: Snapshot((family,)))
    written = generate_openmetrics(collector) if exemplars else generate_latest(collector)
    return written.decode().removesuffix("# EOF\n")


@st.composite
def families(draw: st.DrawFn) -> Family:
    """A histogram of the catalogue with series of any labels, counts, sums and exemplars."""
    metric = draw(st.sampled_from(HISTOGRAMS))
    labels = st.tuples(*(st.text(max_size=6) | st.sampled_from(['a"b', "a\\b", "a\nb"]) for _ in metric.labels))
    counts = st.lists(st.integers(0, 10**9), min_size=len(metric.buckets) + 1, max_size=len(metric.buckets) + 1)
    amounts = st.floats(0, 1e12) | st.integers(0, 10**12)
    ids = st.text("0123456789abcdef", min_size=16, max_size=32)
    exemplar = st.builds(Exemplar, amounts, ids, ids, st.integers(0, 2 * 10**15))
    marks = st.dictionaries(st.integers(0, len(metric.buckets)), exemplar, max_size=3)
    series = st.builds(lambda c, s, m: Distribution(tuple(c), s, MappingProxyType(m)), counts, amounts, marks)
    return Family(metric, {}, draw(st.dictionaries(labels, series, min_size=1, max_size=3)))


@settings(max_examples=40)
@given(families(), st.booleans())
def test_any_histogram_is_written_as_the_library_writes_it(family: Family, exemplars: bool) -> None:
    assert "".join(lines(family, exemplars=exemplars)) == theirs(family, exemplars=exemplars)


@pytest.mark.parametrize("exemplars", [True, False])
def test_a_histogram_without_labels_has_no_braces_but_those_of_its_edges(exemplars: bool) -> None:
    metric = Metric("x", "x", Kind.HISTOGRAM, "s", (), "a meaning with \\ and\na second line", (1.0, 2.5))
    family = Family(metric, {}, {(): Distribution((1, 2, 3), 4.5)})
    written = "".join(lines(family, exemplars=exemplars))
    assert 'x_bucket{le="2.5"} 3.0\n' in written
    assert "x_count 6.0\nx_sum 4.5\n" in written
    assert written == theirs(family, exemplars=exemplars)
