"""The Prometheus page and the OTLP export tell the same: every series, every count, sum and bucket."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from exporter.catalog import BY_NAME, LOSS_REASONS, OTLP_RESULTS, Kind
from exporter.observe.observation import Measurement
from exporter.observe.trace import Trace
from exporter.sinks.otlp import Endpoint, MetricsExport, metric_exporter, resource
from exporter.sinks.prometheus import Page
from exporter.sinks.store import Store
from tests.fakes.receivers import Receiver, plain
from tests.unit.exporter.sinks.measurements import streamed, unread, whole

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
TRACE = Trace("ab" * 16, "cd" * 8, sampled=True)

Series = frozenset[tuple[str, str]]
Point = tuple[str, Series]
"""A sample of either output: the name in the page, and its labels."""


def traffic() -> Iterator[Measurement]:
    """Requests that touch every fact that a request can have."""
    for i, model in enumerate(("llama", 'a "quoted" \\ name', "mistral")):
        yield replace(streamed(model=model, input_tokens=10**i * 7), trace=TRACE, duration_us=110_000)
        yield streamed(model=model, system_tokens=3, history_tokens=4, user_tokens=5, tool_tokens=6, client_id="c1")
        yield whole(model=model, operation="text_completion", outcome="client_disconnect")
        yield whole(model=model, operation="embeddings", output_tokens=None, upstream="unix:/run/engine.sock")
        yield whole(model=model, http_status=429, outcome="refused", error_type="rate_limit_error")
    yield unread("upstream_error", None)


def busy() -> Store:
    """A store in which every family that has a source by now has a series."""
    store = Store(clients=5)
    for measurement in traffic():
        store.accept(measurement)
    store.set_relay_totals("w0", 21, {"malformed_request": 1}, {"tap_full": 3})
    store.set_added_latency("w0", {"chunk": ([1, 2, 3, *[0] * 14], 70_000)})
    store.set_upstreams("w0", {"engine": None, "other": "timeout"})
    store.tokenizer_took("o200k_base", 1_500_000)
    store.set_numbers("tokentide_build_info", {("1.0", "3.11"): 1})
    store.set_numbers("tokentide_config_info", {("here", "http://engine:8000", "1024", "256"): 1})
    store.set_numbers("tokentide_tokenizer_backlog_bytes", {("o200k_base",): 17})
    store.read_numbers("tokentide_records_written", lambda: {(): 16})
    store.read_numbers("tokentide_records_lost", lambda: {(reason,): 2 for reason in LOSS_REASONS})
    store.read_numbers("tokentide_recorder_lag_seconds", lambda: {(): 0.25})
    store.read_numbers("tokentide_otlp_exports", lambda: {("metrics", result): 4 for result in OTLP_RESULTS})
    return store


def on_the_page(store: Store) -> tuple[dict[Point, float], dict[Point, tuple[float, dict[str, str]]]]:
    """Every sample of the page, and the exemplars, as a parser reads them."""
    text = Page(store.snapshot).render(OPENMETRICS)[0].decode()
    samples, exemplars = {}, {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            point = sample.name, series(sample.labels)
            assert point not in samples
            samples[point] = sample.value
            if sample.exemplar is not None:
                exemplars[point] = sample.exemplar.value, dict(sample.exemplar.labels)
    return samples, exemplars


def series(labels: dict[str, Any]) -> Series:
    """Labels as both outputs have them: what is empty is not there."""
    return frozenset((name.replace(".", "_"), str(value)) for name, value in labels.items() if value != "")


def received(receiver: Receiver) -> tuple[dict[Point, float], dict[Point, tuple[float, dict[str, str]]]]:
    """Every point that the receiver got, under the names of the page."""
    samples: dict[Point, float] = {}
    exemplars: dict[Point, tuple[float, dict[str, str]]] = {}
    for metric in receiver.metrics():
        told = BY_NAME[metric.name]
        kind = metric.WhichOneof("data")
        suffix = {Kind.COUNTER: "_total"}.get(told.kind, "")
        for point in getattr(metric, kind).data_points:
            labels = series(plain(point.attributes))
            if kind != "histogram":
                number = point.as_int if point.WhichOneof("value") == "as_int" else point.as_double
                samples[told.prometheus + suffix, labels] = number
                continue
            assert tuple(point.explicit_bounds) == told.buckets
            so_far = 0
            edges = [*point.explicit_bounds, float("inf")]
            for edge, count in zip(edges, point.bucket_counts, strict=True):
                so_far += count
                le = "+Inf" if edge == float("inf") else str(edge)
                samples[f"{told.prometheus}_bucket", labels | {("le", le)}] = so_far
            samples[f"{told.prometheus}_count", labels] = point.count
            samples[f"{told.prometheus}_sum", labels] = point.sum
            for each in point.exemplars:
                le = next((str(edge) for edge in point.explicit_bounds if each.as_double <= edge), "+Inf")
                ids = {"trace_id": each.trace_id.hex(), "span_id": each.span_id.hex()}
                number = each.as_double if each.WhichOneof("value") == "as_double" else each.as_int
                exemplars[f"{told.prometheus}_bucket", labels | {("le", le)}] = number, ids
    return samples, exemplars


def with_plain_edges(samples: dict[Point, Any]) -> dict[Point, Any]:
    """The same with edges as Python writes numbers: the page writes large ones with an exponent."""

    def edge(le: str) -> str:
        return le if le == "+Inf" else str(float(le))

    return {
        (name, frozenset((label, edge(value) if label == "le" else value) for label, value in labels)): number
        for (name, labels), number in samples.items()
    }


@pytest.fixture(params=["http", "grpc"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def receiver(protocol: str) -> Iterator[Receiver]:
    running = Receiver(protocol)
    yield running
    running.stop()


def export(store: Store, receiver: Receiver, protocol: str, *, times: int = 1, delta: bool = False) -> MetricsExport:
    exporter = metric_exporter(Endpoint(receiver.url, protocol, 10.0, {"x-token": "secret"}))
    call = MetricsExport(exporter, store.snapshot, resource("here", "1.2.3"), "1.2.3", delta=delta)
    for _ in range(times):
        assert call()
    exporter.shutdown()
    return call


def test_both_outputs_hold_the_same_series_with_the_same_values(receiver: Receiver, protocol: str) -> None:
    store = busy()
    export(store, receiver, protocol)
    page, page_exemplars = on_the_page(store)
    otlp, otlp_exemplars = received(receiver)
    assert with_plain_edges(page) == otlp
    assert len(otlp) > 2000
    assert with_plain_edges(page_exemplars) == otlp_exemplars
    assert len(otlp_exemplars) > 15
    assert {ids["trace_id"] for _, ids in otlp_exemplars.values()} == {TRACE.trace_id}


def test_every_family_that_has_a_source_was_compared() -> None:
    without = {
        family.metric.name for family in busy().snapshot().families if not (family.numbers or family.distributions)
    }
    assert without == {
        # other tests hold these: they need a request in flight, a broken answer, spans, uploads or an engine's limit
        "tokentide_requests_in_flight", "tokentide_streams_in_flight", "tokentide_context_tokens_in_flight",
        "tokentide_unreadable_exchanges", "tokentide_otlp_spans_dropped", "tokentide_prefix_blocks",
        "tokentide_engine_limit_tokens", "tokentide_requests_over_limit", "tokentide_limit_exceeded",
        "tokentide_engine_requests_running", "tokentide_engine_requests_waiting", "tokentide_engine_questions",
        "tokentide_engine_kv_cache_usage_ratio", "tokentide_engine_kv_cache_tokens",
            "tokentide_record_uploads", "tokentide_upload_backlog_bytes",
    }  # fmt: skip


def test_an_export_says_who_sends_it_and_since_when_it_counts(receiver: Receiver, protocol: str) -> None:
    export(busy(), receiver, protocol)
    [sender] = receiver.resources()
    assert sender["service.name"] == "tokentide"
    assert (sender["service.instance.id"], sender["service.version"]) == ("here", "1.2.3")
    assert [each.headers["x-token"] for each in receiver.kept.metrics] == ["secret"]
    for metric in receiver.metrics():
        data = getattr(metric, metric.WhichOneof("data"))
        if metric.WhichOneof("data") != "gauge":
            assert data.aggregation_temporality == 2, "cumulative"
            assert all(0 < point.start_time_unix_nano < point.time_unix_nano for point in data.data_points)
        if metric.WhichOneof("data") == "sum":
            assert data.is_monotonic


def test_deltas_add_up_to_the_totals(receiver: Receiver, protocol: str) -> None:
    store = busy()
    exporter = metric_exporter(Endpoint(receiver.url, protocol, 10.0, {}))
    call = MetricsExport(exporter, store.snapshot, resource("here", "1"), "1", delta=True)
    assert call()
    for measurement in traffic():
        store.accept(measurement)
    assert call()
    exporter.shutdown()
    found: dict[tuple[str, Series], list[Any]] = {}
    for metric in receiver.metrics():
        if metric.WhichOneof("data") == "histogram":
            assert metric.histogram.aggregation_temporality == 1, "delta"
            for point in metric.histogram.data_points:
                found.setdefault((metric.name, series(plain(point.attributes))), []).append(point)
    totals = {
        (family.metric.name, series(dict(zip(family.metric.labels, labels, strict=True)))): distribution
        for family in store.snapshot().families
        for labels, distribution in family.distributions.items()
    }
    assert found.keys() == totals.keys()
    for key, (first, second) in found.items():
        assert totals[key].count == first.count + second.count
        assert totals[key].sum == pytest.approx(first.sum + second.sum)
        assert first.time_unix_nano == second.start_time_unix_nano
