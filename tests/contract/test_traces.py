"""The public traces, analysed by the command, equal figures counted from the rows with other tools."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from analyzer.cli import main

TRACES = Path(__file__).parents[3] / "shared" / "traces"
NAMES = ("azure_code", "azure_conv", "week_chat")
ALL = (*NAMES, "mooncake_conversation", "planted_dev")
SIDES = {"isl": "isl", "osl": "osl", "total": "isl_plus_osl"}
PATTERNS = {
    "short_short": "short_in_short_out",
    "short_long": "short_in_long_out",
    "long_short": "long_in_short_out",
    "long_long": "long_in_long_out",
}

pytestmark = pytest.mark.skipif(
    not TRACES.is_dir(), reason="the public traces are not beside this checkout, in ../shared/traces"
)


def truth(name: str) -> Any:
    return json.loads((TRACES / "truth" / f"{name}.truth.json").read_text())


def analysed(name: str, folder: Path, settings: str = "", *options: str) -> Any:
    """The analysis of everything in one trace, on its own clock."""
    file, target = folder / "settings.toml", folder / "analysis.json"
    file.write_text(settings)
    trace, zone = str(TRACES / f"{name}.parquet"), truth(name)["local_timezone"]
    given = ["--all", "--timezone", zone, "--settings", str(file), "--out", str(target), *options]
    assert main(["analyze", trace, *given]) == 0
    return json.loads(target.read_text())


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """The analysis of a trace by its name, made once; for the planted weeks a capacity is stated."""
    made: dict[str, Any] = {}

    def once(name: str) -> Any:
        if name not in made:
            settings = "[capacity]\nrps_per_replica = 1\n" if name == "planted_dev" else ""
            made[name] = analysed(name, tmp_path_factory.mktemp(name), settings)
        return made[name]

    return once


@pytest.fixture(scope="module", params=ALL)
def pair(request: pytest.FixtureRequest, traced: Callable[[str], Any]) -> tuple[Any, Any]:
    """The analysis of a trace, and the truth about it."""
    return traced(request.param), truth(request.param)


@pytest.fixture
def planted(traced: Callable[[str], Any]) -> Any:
    return only_model(traced("planted_dev"))


@pytest.fixture
def chat(traced: Callable[[str], Any]) -> Any:
    return only_model(traced("week_chat"))


def only_model(analysis: Any) -> Any:
    (model,) = analysis["models"].values()
    return model


def test_every_row_is_counted(pair: tuple[Any, Any]) -> None:
    analysis, true = pair
    assert list(analysis["models"]) == true["models"]
    assert analysis["window"]["requests"] == only_model(analysis)["requests"] == true["rows"]
    assert (analysis["window"]["set_aside"], analysis["window"]["empty_hours"]) == ({}, 0)
    assert analysis["window"]["missing_hours"] == 0


@pytest.mark.parametrize("side", SIDES)
def test_lengths_are_exact(pair: tuple[Any, Any], side: str) -> None:
    found, true = only_model(pair[0])[side], pair[1][SIDES[side]]
    assert {name: found[name] for name in ("min", "max", "mean")} == {n: true[n] for n in ("min", "max", "mean")}
    for name in ("p50", "p90", "p95", "p99", "p99_9"):
        assert found[name] == true["nearest_rank"][name.replace("_", ".")], name


def test_shares_of_the_four_patterns_are_exact(pair: tuple[Any, Any]) -> None:
    assert shares(only_model(pair[0])) == true_shares(pair[1], "fixed_1024_256")


@pytest.mark.parametrize("name", NAMES)
def test_shares_are_exact_with_the_medians_as_thresholds(name: str, tmp_path: Path) -> None:
    thresholds = truth(name)["quadrants"]["median"]
    isl, osl = thresholds["isl_threshold"], thresholds["osl_threshold"]
    analysis = analysed(name, tmp_path, f"isl_threshold = {isl:.0f}\nosl_threshold = {osl:.0f}\n")
    assert shares(only_model(analysis)) == true_shares(truth(name), "median")


def shares(model: Any) -> Mapping[str, float]:
    return {name: model["query_patterns"][name] for name in PATTERNS}


def true_shares(true: Any, thresholds: str) -> Mapping[str, float]:
    found = true["quadrants"][thresholds]["long_if_gt"]
    return {name: found[other]["share"] for name, other in PATTERNS.items()}


def test_peaks_are_exact_and_at_their_time(pair: tuple[Any, Any]) -> None:
    rate, true = only_model(pair[0])["rate"], pair[1]["rate"]
    assert rate["peak_1s"] == true["per_second"]["peak"]
    assert rate["peak_60s"] == true["per_minute"]["peak"]
    assert rate["peak_60s_at"] == true["per_minute"]["at"].replace(" ", "T")


def test_rates_and_dispersions_agree(pair: tuple[Any, Any]) -> None:
    rate, true = only_model(pair[0])["rate"], pair[1]["rate"]
    assert rate["mean_rps"] == pytest.approx(true["mean_rps"], rel=1e-12)
    assert rate["dispersion_1s"] == pytest.approx(true["per_second"]["dispersion"], abs=1e-9)
    assert rate["dispersion_60s"] == pytest.approx(true["per_minute"]["dispersion"], abs=1e-9)
    assert rate["poisson_p95_1s"] == true["poisson_of_mean"]["per_second"]["p95"]
    assert rate["busy_p95_1s"] == true["per_second"]["p95"]  # the two kinds of quantile agree on these traces


def test_hourly_counts_are_exact(pair: tuple[Any, Any]) -> None:
    hours, true = only_model(pair[0])["hours"], pair[1]
    counts = {hour["hour"]: hour["requests"] for hour in hours if hour["requests"]}
    assert counts == {hour["hour"]: hour["count"] for hour in true.get("by_hour_local", true["by_hour_utc"])}


@pytest.mark.parametrize("name", NAMES)
def test_hours_of_another_clock_are_exact_too(name: str, tmp_path: Path) -> None:
    analysis = analysed(name, tmp_path, "", "--timezone", "UTC")
    counts = {hour["hour"]: hour["requests"] for hour in only_model(analysis)["hours"] if hour["requests"]}
    assert counts == {hour["hour"]: hour["count"] for hour in truth(name)["by_hour_utc"]}


def test_callers_have_their_shares(pair: tuple[Any, Any]) -> None:
    clients, true = only_model(pair[0])["clients"], pair[1].get("client_share_top")
    assert (clients and {client["client_id"]: client["share"] for client in clients}) == true


@pytest.mark.parametrize(
    ("name", "poisson", "negative_binomial", "counted"), [("azure_code", 5, 13, 13), ("azure_conv", 10, 10, 10)]
)
def test_the_negative_binomial_law_meets_the_bursts_that_poisson_misses(
    name: str, poisson: int, negative_binomial: int, counted: int, tmp_path: Path
) -> None:
    rate = only_model(analysed(name, tmp_path))["rate"]
    assert (rate["poisson_p95_1s"], rate["negative_binomial_p95_1s"]) == (poisson, negative_binomial)
    assert rate["busy_p95_1s"] == counted


@pytest.mark.parametrize(
    ("name", "seconds", "dispersion", "poisson", "negative_binomial", "counted"),
    [
        ("azure_conv", 1, 1.33, 10, 10, 10),
        ("azure_conv", 10, 4.24, 68, 82, 82),
        ("azure_conv", 60, 26.5, 353, 488, 467),
        ("azure_code", 1, 13.2, 5, 13, 13),
    ],
)
def test_wider_bins_hold_the_trend_too(
    name: str,
    seconds: int,
    dispersion: float,
    poisson: int,
    negative_binomial: int,
    counted: int,
    traced: Callable[[str], Any],
) -> None:
    """The figures of both Azure traces by width of the bins, which other tools counted (poisson, nbinom of SciPy)."""
    (bins,) = (one for one in only_model(traced(name))["demand"]["window"] if one["seconds"] == seconds)
    assert bins["dispersion"] == pytest.approx(dispersion, rel=0.005)
    assert (bins["poisson_p95"], bins["negative_binomial_p95"]) == (poisson, negative_binomial)
    assert bins["observed_p95"] == counted


@pytest.mark.parametrize(
    ("name", "over_share", "bound"),
    [("azure_conv", 0.01, 4297), ("azure_conv", 0.001, 6568), ("azure_code", 0.01, 7467), ("azure_code", 0.001, 7581)],
)
def test_the_bound_of_the_total_length_is_the_order_statistic(
    name: str, over_share: float, bound: int, tmp_path: Path
) -> None:
    lengths = only_model(analysed(name, tmp_path, f"target_over_share = {over_share}\n"))["lengths"]
    assert lengths["total_bound"] == bound


def test_the_default_window_of_a_week_that_ends_at_midnight_is_that_week(tmp_path: Path) -> None:
    target = tmp_path / "analysis.json"
    trace = str(TRACES / "week_chat.parquet")
    assert main(["analyze", trace, "--timezone", "Asia/Shanghai", "--out", str(target)]) == 0
    analysis, true = json.loads(target.read_text()), truth("week_chat")
    assert analysis["window"]["start"] == "2025-04-07T00:00:00+08:00"
    assert analysis["window"]["end"] == "2025-04-14T00:00:00+08:00"
    assert (analysis["window"]["missing_hours"], analysis["window"]["outside"]) == (0, 0)
    assert analysis["window"]["requests"] == true["rows"]


def test_the_default_window_leaves_out_the_day_that_is_not_over(tmp_path: Path) -> None:
    target = tmp_path / "analysis.json"
    assert main(["analyze", str(TRACES / "week_chat.parquet"), "--out", str(target)]) == 0  # it ends at 16:00 in UTC
    window = json.loads(target.read_text())["window"]
    assert (window["start"][:10], window["end"][:10], window["missing_hours"]) == ("2025-04-06", "2025-04-13", 16)


def test_blocks_that_mooncake_has_seen_before_are_counted(pair: tuple[Any, Any]) -> None:
    true = pair[1].get("prefix_cache")
    expected = true and {"blocks": true["blocks"], "seen_before_share": true["seen_before_infinite_cache_share"]}
    assert only_model(pair[0])["prefix"] == expected


def test_p_values_agree_with_those_of_other_shuffles(pair: tuple[Any, Any]) -> None:
    """Within three standard errors of 200 shuffles there and 500 here."""
    true = pair[1]["regimes"].get("hour_of_day_block_permutation")
    found = only_model(pair[0])["regimes"]["repeat_p"]
    if true is None:
        assert set(found.values()) == {None}
        return
    names = {"mix": "mean_jsd", "isl_p99": "p99_isl_ratio", "osl_p99": "p99_osl_ratio", "rate": "rate_ratio"}
    for name, other in names.items():
        p = true[other]["p_value"]
        assert abs(found[name] - p) <= 3 * (p * (1 - p) * (1 / 200 + 1 / 500)) ** 0.5, name


def test_the_planted_surge_is_told_and_nothing_else_is_called_an_anomaly(planted: Any) -> None:
    (surge,) = json.loads((TRACES / "truth" / "planted_dev.planted.json").read_text())["anomalies"]
    (found,) = planted["anomalies"]
    assert (found["kind"], found["start"][:19], found["end"][:19]) == ("surge", surge["start"][:19], surge["end"][:19])


def test_real_traces_have_no_anomaly(pair: tuple[Any, Any]) -> None:
    if pair[1]["name"] != "planted_dev":
        assert only_model(pair[0])["anomalies"] == []


def test_estimates_do_not_follow_the_planted_surge(planted: Any) -> None:
    """Inputs of the surge are six times as long: with it, one in a thousand is longer than 92,000 tokens."""
    regimes = json.loads((TRACES / "truth" / "planted_dev.planted.json").read_text())["regimes"]
    longest = max(regime["isl_with_outliers"]["p99.9"] for regime in regimes)
    assert planted["isl"]["p99_9"] > 2 * longest  # the count keeps the surge
    assert planted["lengths"]["isl_bound"] < 1.1 * longest
    one = planted["demand"]["busiest"]["arrivals"][0]
    business = regimes[0]["poisson_per_second"]
    assert (one["negative_binomial_p95"], one["observed_p95"], one["observed_p99"]) == (
        3,
        business["p95"],
        business["p99"],
    )
    minute = planted["demand"]["busiest"]["arrivals"][2]["observed_p95"]
    assert minute == pytest.approx(regimes[0]["poisson_per_minute"]["p95"], rel=0.05)


def test_planted_regimes_come_back_with_one_label_each(planted: Any) -> None:
    true = json.loads((TRACES / "truth" / "planted_dev.planted.json").read_text())["regimes"]
    regimes = planted["regimes"]
    assert (regimes["verdict"], len(regimes["labels"])) == ("recurring", 168)
    labels = {}
    for regime in true:
        days = range(5) if regime["days"] == "weekday" else range(5, 7)
        (labels[regime["name"]],) = {regimes["labels"][24 * day + hour] for day in days for hour in regime["hours_utc"]}
    assert len({labels["business"], labels["evening"], labels["night"]}) == 3
    assert len({window["name"] for window in regimes["windows"]}) == regimes["k"]
    business = regimes["windows"][labels["business"]]
    assert business["name"] == "long-in/short-out, weekday mornings and afternoons"
    assert business["requests"] == true[0]["realised_rows_outside_anomalies"]
    assert business["mean_rps"] == pytest.approx(1.2, rel=0.01)
    for window in regimes["windows"]:
        assert window["limits"]["max_seq_len"] >= window["limits"]["max_input_len"] - 64


def test_lengths_shuffled_over_the_planted_times_have_no_regimes(tmp_path: Path) -> None:
    table = parquet.read_table(TRACES / "planted_dev.parquet")
    order = pa.array(np.random.default_rng(1).permutation(len(table)))
    for name in ("input_tokens", "output_tokens"):
        table = table.set_column(table.column_names.index(name), name, table[name].take(order))
    parquet.write_table(table, tmp_path / "shuffled.parquet")
    target = tmp_path / "analysis.json"
    assert main(["analyze", str(tmp_path / "shuffled.parquet"), "--all", "--out", str(target)]) == 0
    regimes = only_model(json.loads(target.read_text()))["regimes"]
    assert (regimes["verdict"], regimes["labels"], regimes["windows"]) == ("none", None, [])
    assert regimes["repeat_p"]["mix"] > 0.01 >= regimes["repeat_p"]["rate"]


def test_replicas_by_hours_of_the_week_pay_where_regimes_are_planted(planted: Any) -> None:
    true = json.loads((TRACES / "truth" / "planted_dev.planted.json").read_text())["regimes"]
    seasons = planted["seasons"]
    assert seasons["verdict"] == "replicas"
    assert seasons["saving_share"] == pytest.approx(0.355, abs=0.01)
    assert seasons["saving_interval"][0] > 0.05
    assert seasons["out_of_sample"]["weeks"] == 4
    assert seasons["out_of_sample"]["over_limit_share"] == pytest.approx(0.001, rel=0.2)
    run = {hour: season["replicas"] for season in seasons["plan"] for hour in season["hours_of_week"]}
    assert len(run) == 168
    for regime in true:
        days = range(5) if regime["days"] == "weekday" else range(5, 7)
        hours = [24 * day + hour for day in days for hour in regime["hours_utc"]]
        assert all(run[hour] >= regime["poisson_per_second"]["p95"] for hour in hours), regime["name"]
    assert sum(run[24 * day + hour] for day in range(5) for hour in true[0]["hours_utc"]) == 45 * 3


def test_requests_spread_evenly_over_the_planted_weeks_have_no_seasons(tmp_path: Path) -> None:
    table = parquet.read_table(TRACES / "planted_dev.parquet")
    first, last = (table["timestamp"][place].value for place in (0, -1))
    spread = np.linspace(first, last, len(table)).astype("datetime64[us]")
    evenly = pa.array(np.sort(np.random.default_rng(1).choice(spread, len(table)))).cast(table["timestamp"].type)
    table = table.set_column(table.column_names.index("timestamp"), "timestamp", evenly)
    parquet.write_table(table, tmp_path / "even.parquet")
    (tmp_path / "settings.toml").write_text("[capacity]\nrps_per_replica = 1\n")
    target, settings = tmp_path / "analysis.json", str(tmp_path / "settings.toml")
    files = [str(tmp_path / "even.parquet"), "--all", "--settings", settings, "--out", str(target)]
    assert main(["analyze", *files]) == 0
    seasons = only_model(json.loads(target.read_text()))["seasons"]
    assert (seasons["verdict"], seasons["plan"]) == ("none", [])


def test_the_one_week_of_the_chat_trace_is_too_little_for_seasons_and_is_named(chat: Any) -> None:
    assert chat["seasons"]["verdict"] == "too_little_traffic"
    assert chat["seasons"]["reason"].endswith("there is one: 2025-04-07 to 2025-04-13.")


def test_the_mix_of_the_chat_week_comes_back_but_its_tails_do_not(chat: Any) -> None:
    regimes = chat["regimes"]
    assert regimes["verdict"] == "recurring"
    assert regimes["repeat_p"]["mix"] <= 0.01 < min(regimes["repeat_p"][side] for side in ("isl_p99", "osl_p99"))
    assert {limit for window in regimes["windows"] for limit in window["limits"].values()} == {None}
    assert "no limits per window are offered" in regimes["reason"]


def test_the_caller_of_the_fullest_minute_of_the_chat_week_is_named(chat: Any) -> None:
    assert chat["rate"]["peak_60s"] == 734
    assert chat["rate"]["peak_60s_client"]["share"] == 553 / 734


def test_the_same_trace_gives_the_same_bytes(tmp_path: Path) -> None:
    analysed("azure_conv", tmp_path)
    first = (tmp_path / "analysis.json").read_bytes()
    analysed("azure_conv", tmp_path)
    assert (tmp_path / "analysis.json").read_bytes() == first


def test_the_same_weeks_give_the_same_analysis(chat: Any, tmp_path: Path) -> None:
    assert json.dumps(only_model(analysed("week_chat", tmp_path))) == json.dumps(chat)
