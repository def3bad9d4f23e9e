"""The metrics page says in Prometheus' words what the snapshot holds."""

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.catalog import Kind
from exporter.observe.trace import Trace
from exporter.sinks.prometheus import Page, SnapshotCollector
from exporter.sinks.store import Store
from tests.unit.exporter.sinks.measurements import streamed, whole

OPENMETRICS = "application/openmetrics-text; version=1.0.0,text/plain;version=0.0.4;q=0.5"


def busy_store() -> Store:
    store = Store(provider="openai")
    store.accept(streamed())
    store.accept(whole(model="other model", outcome="client_disconnect"))
    store.set_relay_totals("w0", 2, {"bad_request": 1}, {"tap_full": 3})
    store.set_numbers("tokentide_build_info", {("1.0", "3.11"): 1})
    store.set_numbers("tokentide_recorder_lag_seconds", {(): 1.5})
    store.tokenizer_took("bytes", 1000)
    return store


def page(store: Store, accept: str = "") -> str:
    return Page(store.snapshot).render(accept)[0].decode()


def lines(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith((start, f"# HELP {start}", f"# TYPE {start}"))]


def test_a_counter_is_written_with_its_help_type_and_total() -> None:
    assert lines(page(busy_store()), "tokentide_requests_total") == [
        "# HELP tokentide_requests_total requests by how they ended",
        "# TYPE tokentide_requests_total counter",
        *(
            f'tokentide_requests_total{{http_status="2xx",model="{model}",operation="chat",{rest}}} 1.0'
            for model, rest in (
                ("llama", 'outcome="completed",stream="true"'),
                ("other model", 'outcome="client_disconnect",stream="false"'),
            )
        ),
    ]


def test_a_histogram_is_written_cumulatively_with_count_and_sum() -> None:
    labels = 'model="llama",operation="chat"'
    buckets = [
        ("1.0", 3),
        ("2.0", 4),
        ("3.0", 4),
        ("4.0", 4),
        ("6.0", 4),
        ("8.0", 4),
        ("12.0", 4),
        ("16.0", 4),
        ("32.0", 4),
        ("64.0", 4),
        ("+Inf", 4),
    ]
    assert lines(page(busy_store()), "tokentide_tokens_per_chunk") == [
        "# HELP tokentide_tokens_per_chunk output tokens in one content event",
        "# TYPE tokentide_tokens_per_chunk histogram",
        *(f'tokentide_tokens_per_chunk_bucket{{le="{le}",{labels}}} {count}.0' for le, count in buckets),
        f"tokentide_tokens_per_chunk_count{{{labels}}} 4.0",
        f"tokentide_tokens_per_chunk_sum{{{labels}}} 5.0",
    ]


def test_the_matrix_is_written_with_whole_numbers_as_edges() -> None:
    assert (
        'tokentide_isl_osl_requests_total{isl_le="1024",model="llama",operation="chat",osl_le="8"} 1.0'
        in page(busy_store()).splitlines()
    )


def test_gauges_infos_and_plain_counters_have_the_names_of_the_catalogue() -> None:
    written = page(busy_store()).splitlines()
    for line in (
        "tokentide_recorder_lag_seconds 1.5",
        'tokentide_build_info{python="3.11",version="1.0"} 1.0',
        "tokentide_forwarded_requests_total 2.0",
        'tokentide_refused_requests_total{reason="bad_request"} 1.0',
        'tokentide_dropped_observations_total{reason="tap_full"} 3.0',
    ):
        assert line in written


def test_genai_names_and_labels_are_those_of_the_conventions() -> None:
    written = page(busy_store())
    assert (
        'gen_ai_server_time_to_first_token_seconds_bucket{error_type="",gen_ai_operation_name="chat",'
        'gen_ai_provider_name="openai",gen_ai_request_model="llama",gen_ai_response_model="llama-3",le="0.04",'
        'server_address="engine",server_port="8000"} 1.0'
    ) in written.splitlines()
    for name in ("gen_ai_client_token_usage_sum", "gen_ai_client_operation_duration_seconds_count"):
        assert f"\n{name}{{" in written


@pytest.mark.parametrize(("accept", "parse"), [("", parse_text), (OPENMETRICS, parse_openmetrics)])
def test_what_a_parser_reads_is_what_the_snapshot_holds(accept: str, parse: object) -> None:
    store = busy_store()
    families = {family.name: family for family in parse(page(store, accept))}  # type: ignore[operator] # two parsers
    for family in store.snapshot().families:
        metric = family.metric
        name = metric.prometheus.removesuffix("_info") if metric.kind is Kind.INFO and accept else metric.prometheus
        if not family.numbers and not family.distributions:
            assert name not in families
            continue
        suffix = {Kind.COUNTER: "_total", Kind.INFO: "_info" if accept else ""}.get(metric.kind, "")
        samples = families[name].samples
        for labels, number in family.numbers.items():
            expected = dict(zip(metric.labels, labels, strict=True))
            assert [s.value for s in samples if s.name == name + suffix and s.labels == expected] == [number]
        for labels, series in family.distributions.items():
            expected = dict(zip(metric.labels, labels, strict=True))
            assert [s.value for s in samples if s.name == f"{name}_sum" and s.labels == expected] == [series.sum]
            assert [s.value for s in samples if s.name == f"{name}_count" and s.labels == expected] == [series.count]


@pytest.mark.parametrize("escaping", ["underscores", "allow-utf-8", "dots", "values"])
def test_whatever_escaping_of_names_a_scraper_asks_for_the_page_is_the_same(escaping: str) -> None:
    store = busy_store()
    accept = f"{OPENMETRICS.partition(',')[0]}; escaping={escaping};q=0.6"
    body, content_type = Page(store.snapshot).render(accept)
    assert body.decode() == page(store, OPENMETRICS)
    assert content_type.endswith("escaping=underscores")


def test_an_exemplar_is_in_openmetrics_behind_its_bucket() -> None:
    store = Store()
    trace = Trace("ab" * 16, "cd" * 8, sampled=True)
    store.accept(replace(streamed(), trace=trace, duration_us=250_000))
    at = streamed().record.timestamp / 1e6 + 0.25
    line = (
        'tokentide_request_output_tokens_bucket{le="8.0",model="llama",operation="chat"} 1.0'
        f' # {{span_id="{"cd" * 8}",trace_id="{"ab" * 16}"}} 5.0 {at}'
    )
    assert line in page(store, OPENMETRICS).splitlines()
    assert "trace_id" not in page(store)


def test_the_page_negotiates_its_format() -> None:
    render = Page(busy_store().snapshot).render
    assert render("*/*")[1] == "text/plain; version=0.0.4; charset=utf-8"
    body, content_type = render(OPENMETRICS)
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert body.endswith(b"# EOF\n")


@pytest.mark.parametrize(
    "accept", ["text/plain; version=abc", "application/openmetrics-text; version=z", ",;,", "\xff"]
)
def test_a_nonsensical_accept_header_gets_plain_text(accept: str) -> None:
    assert Page(busy_store().snapshot).render(accept)[1].startswith("text/plain; version=0.0.4")


def test_label_values_of_strangers_are_escaped() -> None:
    store = Store()
    store.accept(whole(model='a"b\\c\nd'))
    assert r'model="a\"b\\c\nd"' in page(store)


def test_a_registry_may_hold_our_collector_and_other_metrics_too() -> None:
    registry = CollectorRegistry()
    Gauge("neighbour", "another metric", registry=registry).set(4)
    registry.register(SnapshotCollector(busy_store().snapshot))
    body = generate_latest(registry).decode()
    assert "\ntokentide_request_input_tokens_count{" in body
    assert "\nneighbour 4.0\n" in body
    assert "\ntokentide_forwarded_requests_total 2.0\n" in body
