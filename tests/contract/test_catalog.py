"""The catalogue is what METRICS promises: names, labels and buckets."""

import re

import pytest

from exporter.catalog import BY_NAME, MATRIX_EDGES, METRICS, TIME_PER_TOKEN, TOKEN_LENGTHS, TTFT, Kind, Metric


def named(metric: Metric) -> str:
    return metric.name


def test_no_name_stands_twice() -> None:
    assert len(BY_NAME) == len(METRICS)
    assert len({metric.prometheus for metric in METRICS}) == len(METRICS)


@pytest.mark.parametrize("metric", METRICS, ids=named)
def test_a_metric_is_a_convention_or_carries_our_prefix(metric: Metric) -> None:
    assert metric.name.startswith(("gen_ai.", "tokentide_"))
    assert re.fullmatch(r"[a-z][a-z0-9_]*", metric.prometheus)
    assert not metric.prometheus.startswith("vllm")
    assert metric.meaning
    assert not metric.meaning.endswith(".")


@pytest.mark.parametrize("metric", METRICS, ids=named)
def test_only_histograms_have_buckets_and_they_rise(metric: Metric) -> None:
    assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
    assert list(metric.buckets) == sorted(set(metric.buckets))


@pytest.mark.parametrize("metric", METRICS, ids=named)
def test_no_label_is_reserved_by_prometheus(metric: Metric) -> None:
    assert not {"le", "quantile", "job", "instance_", "__name__"} & set(metric.labels)


def test_time_buckets_are_those_of_vllm_and_the_conventions() -> None:
    assert TTFT[:6] == (0.001, 0.005, 0.01, 0.02, 0.04, 0.06)
    assert TTFT[-3:] == (160.0, 640.0, 2560.0)
    assert len(TTFT) == 22
    assert TIME_PER_TOKEN[0] == 0.001
    assert TIME_PER_TOKEN[-1] == 80.0
    assert BY_NAME["gen_ai.client.operation.duration"].buckets[0] == 0.01
    assert 81.92 in BY_NAME["gen_ai.client.operation.duration"].buckets
    assert BY_NAME["gen_ai.client.operation.duration"].buckets[-1] == 2621.44
    assert BY_NAME["gen_ai.client.token.usage"].buckets[-1] == 67108864


def test_token_lengths_have_half_steps_up_to_a_million() -> None:
    assert TOKEN_LENGTHS[:9] == (1, 2, 4, 8, 16, 32, 64, 96, 128)
    assert TOKEN_LENGTHS[-2:] == (786432, 1048576)
    assert MATRIX_EDGES[0] == 1
    assert MATRIX_EDGES[-1] == 1 << 20
