"""Queries take only metrics of the catalogue, of the right kind, with labels that they have."""

from collections.abc import Callable

import pytest

from dashboards import promql
from exporter.catalog import BY_NAME, Metric

REQUESTS = BY_NAME["tokentide_requests"]
ISL = BY_NAME["tokentide_request_input_tokens"]
TTFT = BY_NAME["gen_ai.server.time_to_first_token"]
IN_FLIGHT = BY_NAME["tokentide_requests_in_flight"]
LAG = BY_NAME["tokentide_recorder_lag_seconds"]
BUILD_INFO = BY_NAME["tokentide_build_info"]
OURS = 'job="$job",instance=~"$instance",model=~"$model",operation=~"$operation"'


def test_a_counter_has_its_suffix_and_is_chosen_by_all_variables() -> None:
    assert promql.series(REQUESTS) == f"tokentide_requests_total{{{OURS}}}"


def test_a_histogram_is_named_by_its_part() -> None:
    assert promql.series(ISL, "bucket") == f"tokentide_request_input_tokens_bucket{{{OURS}}}"


def test_a_gauge_of_the_process_is_chosen_by_job_and_instance_only() -> None:
    assert promql.series(LAG) == 'tokentide_recorder_lag_seconds{job="$job",instance=~"$instance"}'


def test_the_conventions_have_their_own_labels_for_model_and_operation() -> None:
    chosen = promql.series(TTFT, "count")
    assert 'gen_ai_request_model=~"$model"' in chosen
    assert 'gen_ai_operation_name=~"$gen_ai_operation"' in chosen


@pytest.mark.parametrize(("metric", "part"), [(REQUESTS, "bucket"), (ISL, ""), (ISL, "total"), (LAG, "sum")])
def test_a_part_that_the_metric_lacks_is_refused(metric: Metric, part: str) -> None:
    with pytest.raises(ValueError, match="has no part"):
        promql.series(metric, part)


def test_a_rate_is_summed_over_all_labels_but_those_asked_for() -> None:
    assert promql.rate(REQUESTS, ["outcome"]) == (
        f"sum by (outcome) (rate(tokentide_requests_total{{{OURS}}}[$__rate_interval]))"
    )
    assert promql.rate(REQUESTS).startswith("sum(rate(")


def test_a_share_divides_by_the_sum_within() -> None:
    sources = BY_NAME["tokentide_token_count_source"]
    query = promql.share(sources, ["side", "source"], ["side"])
    assert query.startswith("sum by (side, source) (")
    assert " / on (side) group_left () sum by (side) (" in query


def test_a_share_of_the_whole_divides_by_one_number() -> None:
    assert " / on () group_left () sum(" in promql.share(REQUESTS, ["outcome"])


@pytest.mark.parametrize("within", [["stream"], ["outcome"], ["outcome", "stream"]])
def test_a_share_is_within_fewer_labels_than_it_is_by(within: list[str]) -> None:
    with pytest.raises(ValueError, match="cannot be within"):
        promql.share(REQUESTS, ["outcome"], within)


def test_a_total_counts_a_series_from_zero_only_if_it_began_in_the_range() -> None:
    counted = f"tokentide_requests_total{{{OURS}}}"
    assert promql.total(REQUESTS, ["model"]) == (
        f"sum by (model) (max_over_time({counted}[$__range]) unless last_over_time({counted}[1h] offset $__range)"
        f" or increase({counted}[$__range]))"
    )


def test_the_open_edges_of_a_matrix_become_a_number() -> None:
    query = promql.matrix(BY_NAME["tokentide_isl_osl_requests"], "isl_le", "osl_le", "999")
    assert query.count("label_replace(") == 2
    assert r'"isl_le", "999", "isl_le", "\\+Inf")' in query
    assert r'"osl_le", "999", "osl_le", "\\+Inf")' in query


def test_a_quantile_keeps_the_bucket_label() -> None:
    itl = BY_NAME["tokentide_inter_token_latency_seconds"]
    query = promql.quantile(0.95, itl, ["position"])
    assert query.startswith("histogram_quantile(0.95, sum by (le, position) (rate(")
    assert "_seconds_bucket{" in query


@pytest.mark.parametrize("q", [-0.1, 1.1, 95, float("nan")])
def test_a_quantile_lies_between_0_and_1(q: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        promql.quantile(q, ISL)


def test_a_heat_map_is_the_growth_of_each_bucket() -> None:
    assert promql.heatmap(ISL) == (
        f"sum by (le) (increase(tokentide_request_input_tokens_bucket{{{OURS}}}[$__rate_interval]))"
    )


def test_a_mean_is_the_sum_over_the_count() -> None:
    above, below = promql.mean(ISL, ["model"]).split(" / ")
    assert above == promql.volume(ISL, ["model"])
    assert "_count{" in below


def test_a_gauge_is_summed_or_the_highest_is_taken() -> None:
    assert promql.level(IN_FLIGHT, ["model"]) == f"sum by (model) (tokentide_requests_in_flight{{{OURS}}})"
    assert promql.highest(LAG).startswith("max(tokentide_recorder_lag_seconds{")


def test_nothing_yet_is_zero_only_while_a_sidecar_is_scraped() -> None:
    assert promql.or_zero("up") == 'up or on () 0 * sum(tokentide_build_info{job="$job",instance=~"$instance"})'
    assert promql.or_zero("up", "reason").endswith('"reason", "none", "", "")')


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        (promql.rate, ISL),
        (promql.rate, IN_FLIGHT),
        (promql.total, ISL),
        (promql.heatmap, REQUESTS),
        (promql.volume, REQUESTS),
        (promql.mean, IN_FLIGHT),
        (promql.level, REQUESTS),
        (promql.highest, BUILD_INFO),
        (lambda metric: promql.quantile(0.5, metric), REQUESTS),
        (lambda metric: promql.share(metric, ["model"]), IN_FLIGHT),
        (lambda metric: promql.matrix(metric, "model", "operation", "9"), ISL),
    ],
)
def test_a_metric_of_the_wrong_kind_is_refused(query: Callable[[Metric], str], wrong: Metric) -> None:
    with pytest.raises(ValueError, match=f"{wrong.name} is a {wrong.kind.value}, not a"):
        query(wrong)


@pytest.mark.parametrize(
    ("query", "metric"),
    [
        (promql.rate, REQUESTS),
        (promql.share, REQUESTS),
        (promql.total, REQUESTS),
        (promql.volume, ISL),
        (promql.mean, ISL),
        (promql.level, IN_FLIGHT),
        (promql.highest, LAG),
        (lambda metric, by: promql.quantile(0.5, metric, by), ISL),
        (lambda metric, by: promql.matrix(metric, by[0], "model", "9"), REQUESTS),
        (lambda metric, by: promql.values_of(by[0], metric), REQUESTS),
    ],
)
def test_a_label_that_the_metric_lacks_is_refused(query: Callable[[Metric, list[str]], str], metric: Metric) -> None:
    with pytest.raises(ValueError, match="has no label 'colour'"):
        query(metric, ["colour"])


def test_a_variable_offers_what_the_ones_before_it_leave() -> None:
    assert promql.values_of("job", BUILD_INFO) == "label_values(tokentide_build_info, job)"
    assert promql.values_of("instance", BUILD_INFO) == 'label_values(tokentide_build_info{job="$job"}, instance)'
    assert promql.values_of("model", REQUESTS) == (
        'label_values(tokentide_requests_total{job="$job",instance=~"$instance"}, model)'
    )


def test_operations_are_translated_into_the_words_of_the_conventions() -> None:
    query = promql.gen_ai_operations(REQUESTS)
    assert f'{OURS},operation!~"responses|messages"' in query
    assert '"operation", "chat", "", ""' in query


@pytest.mark.parametrize("metric", [LAG, BY_NAME["tokentide_forwarded_requests"]])
def test_operations_come_from_a_counter_that_has_them(metric: Metric) -> None:
    with pytest.raises(ValueError, match=r"has no label|not a counter"):
        promql.gen_ai_operations(metric)
