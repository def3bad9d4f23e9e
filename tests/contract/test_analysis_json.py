"""`analysis.json` is public: its keys change only by adding."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from analyzer.cli import main
from analyzer.shape import ITL_BOUNDS_MS
from exporter.catalog import TIME_PER_TOKEN
from tests.fakes.recordings import row, write

LENGTHS = ("min", "mean", "p50", "p90", "p95", "p99", "p99_9", "max")
QUANTILES = ("p50", "p90", "p95", "p99", "p99_9")

ARRIVALS = (
    "seconds", "mean", "dispersion", "poisson_p95", "negative_binomial_p95", "observed_p50", "observed_p95",
    "observed_p99", "observed_max",
)  # fmt: skip

PUBLISHED: dict[str, tuple[str, ...]] = {
    "": ("schema", "window", "models", "made_from"),
    "made_from": (
        "version", "unreadable_files", "first", "last", "window_from", "models", "settings", "timezone",
        "timezone_from",
    ),
    "window": ("start", "end", "timezone", "days", "requests", "set_aside", "empty_hours", "missing_hours", "outside"),
    "models.m": (
        "requests", "isl", "osl", "total", "joint", "query_patterns", "rate", "clients", "prefix", "hours",
        "anomalies", "regimes", "seasons", "lengths", "latency", "capacity", "evidence", "demand",
    ),
    "models.m.isl": LENGTHS,
    "models.m.osl": LENGTHS,
    "models.m.total": LENGTHS,
    "models.m.joint": ("isl_edges", "osl_edges", "counts"),
    "models.m.query_patterns": (
        "isl_threshold", "osl_threshold", "short_short", "short_long", "long_short", "long_long",
    ),
    "models.m.rate": (
        "mean_rps", "peak_1s", "peak_60s", "busy_p95_1s", "poisson_p95_1s", "negative_binomial_p95_1s",
        "dispersion_1s", "dispersion_60s", "peak_60s_at", "peak_60s_client",
    ),
    "models.m.rate.peak_60s_client": ("client_id", "share"),
    "models.m.clients.0": ("client_id", "share"),
    "models.m.hours.0": ("hour", "requests", "isl_p50", "isl_p99", "osl_p50", "osl_p99"),
    "models.m.lengths": (
        "target_over_share", "confidence", "max_input_len", "max_output_len", "max_seq_len", "isl_bound",
        "osl_bound", "total_bound", "over_share", "over_share_bound", "right_censored", "drift_per_week", "effect",
        "effects", "week_over_week",
    ),
    "models.m.lengths.effects.0": (
        "engine", "setting", "changes", "tokens_held_now", "tokens_held_then", "admitted_now", "admitted_then",
        "sentence",
    ),
    "models.m.prefix": ("blocks", "seen_before_share"),
    "models.m.anomalies.0": ("start", "end", "kind", "what"),
    "models.m.regimes": ("verdict", "reason", "k", "labels", "repeat_p", "windows"),
    "models.m.regimes.repeat_p": ("mix", "isl_p99", "osl_p99", "rate"),
    "models.m.regimes.windows.0": (
        "name", "label", "hours_of_week", "requests", "mean_rps", "isl", "osl", "limits",
    ),
    "models.m.regimes.windows.0.isl": LENGTHS,
    "models.m.regimes.windows.0.limits": ("max_input_len", "max_seq_len"),
    "models.m.seasons": (
        "verdict", "reason", "plan", "saving_share", "saving_from_replicas", "saving_from_profiles", "saving_interval",
        "out_of_sample", "static_replicas",
    ),
    "models.m.demand": ("cells", "window", "busiest", "in_flight"),
    "models.m.demand.window.0": ARRIVALS,
    "models.m.demand.busiest": ("name", "days", "mean_rps", "dispersion_1s", "arrivals"),
    "models.m.demand.busiest.arrivals.0": ARRIVALS,
    "models.m.demand.in_flight": ("mean", "p50", "p95", "p99", "max", "tokens_held"),
    "models.m.latency": ("ttft_ms", "tpot_ms", "e2e_ms", "itl_ms"),
    "models.m.latency.ttft_ms": QUANTILES,
    "models.m.latency.itl_ms": QUANTILES,
    "models.m.capacity": (
        "gpu", "objectives", "source", "source_detail", "confidence", "profile", "rps_per_replica", "peak_rps",
        "replicas", "gpus_per_replica", "gpus", "nodes", "cost_per_hour", "cost_per_million_tokens", "current",
        "change_gpus", "rho_max", "min_replicas", "spare", "pooled", "rps_interval", "replicas_interval",
        "saturation_rps", "closed_form_rps", "lengths", "expected", "memory", "alternatives", "currency", "costs",
        "hybrid", "reach", "fit_error", "correction",
    ),
    "models.m.evidence.0": ("figure", "requests", "days", "interval", "sentence"),
}  # fmt: skip


def traffic() -> Iterator[tuple[float, tuple[int, int]]]:
    """Six days of 210 requests an hour, long ones by day and short ones by night, and one hour with five times that."""
    for hour in range(144):
        long = 8 <= hour % 24 < 20
        for i in range(1050 if hour == 60 else 210):
            yield hour * 3600 + i * 3, (4000 + i % 100 if long else 50 + i % 100, 5 + i % 10)


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("records")
    full = {"client_id": "c", "ttft_us": 9000, "tpot_us": 900, "e2e_us": 90_000, "itl_counts": [5] * 28}
    full["prefix_blocks"] = [1, 2]
    write(folder / "a.parquet", [row(at, *lengths, **full) for at, lengths in traffic()])
    settings = folder / "settings.toml"
    settings.write_text("[capacity]\nrps_per_replica = 2.4\nttft_ms = 500\ncurrent_replicas = 2\n")
    target = folder / "analysis.json"
    files = [str(folder / "a.parquet"), "--all", "--settings", str(settings), "--out", str(target)]
    assert main(["analyze", *files]) == 0
    return json.loads(target.read_text())


@pytest.mark.parametrize("place", PUBLISHED)
def test_every_published_key_is_there_and_no_other(analysis: Any, place: str) -> None:
    found = analysis
    for part in filter(None, place.split(".")):
        found = found[int(part)] if part.isdigit() else found[part]
    assert tuple(found) == PUBLISHED[place]


def test_what_is_not_computed_is_null(analysis: Any) -> None:
    model = analysis["models"]["m"]
    assert model["seasons"]["saving_share"] is None
    assert model["lengths"]["drift_per_week"] is None
    assert (model["capacity"]["fit_error"], model["capacity"]["correction"]) == (None, None)


def test_figures_have_the_types_that_the_contract_names(analysis: Any) -> None:
    model = analysis["models"]["m"]
    assert len(model["hours"]) == 24
    assert isinstance(model["lengths"]["right_censored"], bool)
    shares = [model["query_patterns"][name] for name in ("short_short", "short_long", "long_short", "long_long")]
    assert sum(shares) == pytest.approx(1)
    assert sum(map(sum, model["joint"]["counts"])) == model["requests"] == 144 * 210 + 840
    assert len(model["regimes"]["labels"]) == 168
    assert {type(label) for label in model["regimes"]["labels"]} == {int}
    assert model["anomalies"][0]["start"] == "2025-03-05T12:00:00+00:00"
    assert len(model["joint"]["counts"]) == len(model["joint"]["isl_edges"])
    assert model["capacity"]["source"] == "stated"


def test_the_itl_buckets_are_those_of_the_catalogue() -> None:
    assert tuple(bound / 1000 for bound in ITL_BOUNDS_MS) == TIME_PER_TOKEN
