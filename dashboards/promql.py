"""Queries on metrics of the catalogue, as text for Prometheus."""

from collections.abc import Sequence
from typing import Final

from exporter.catalog import BY_NAME, Kind, Metric

INTERVAL: Final = "$__rate_interval"
RANGE: Final = "$__range"
GEN_AI_OPERATION: Final = "gen_ai_operation"
_TARGET: Final = 'job="$job",instance=~"$instance"'
_TARGET_LABELS: Final = ("job", "instance")
_CHOSEN: Final = {
    "model": 'model=~"$model"',
    "operation": 'operation=~"$operation"',
    "gen_ai_request_model": 'gen_ai_request_model=~"$model"',
    "gen_ai_operation_name": f'gen_ai_operation_name=~"${GEN_AI_OPERATION}"',
}


def series(metric: Metric, part: str = "") -> str:
    """The series that the board's variables choose.

    `part` is `bucket`, `sum` or `count` for a histogram and empty for every other kind; ValueError where it is not so.
    """
    parts = ("bucket", "sum", "count") if metric.kind is Kind.HISTOGRAM else ("",)
    if part not in parts:
        raise ValueError(f"{metric.name} is a {metric.kind.value} and has no part {part!r}.")
    suffix = "_total" if metric.kind is Kind.COUNTER else f"_{part}" if part else ""
    chosen = [_CHOSEN[label] for label in metric.labels if label in _CHOSEN]
    return f"{metric.prometheus}{suffix}{{{','.join((_TARGET, *chosen))}}}"


def rate(metric: Metric, by: Sequence[str] = ()) -> str:
    """Growth of a counter per second. ValueError for another kind or a label that it lacks."""
    _require(metric, Kind.COUNTER, by)
    return _sum(by, f"rate({series(metric)}[{INTERVAL}])")


def share(metric: Metric, by: Sequence[str], within: Sequence[str] = ()) -> str:
    """The part (0..1) of a counter's growth that each value of `by` has, within each value of `within`.

    ValueError for another kind, a label that it lacks, or where `within` is not a part of `by`.
    """
    if not set(within) < set(by):
        raise ValueError(f"A share by {tuple(by)} cannot be within {tuple(within)}.")
    return f"{rate(metric, by)} / on ({', '.join(within)}) group_left () {rate(metric, within)}"


def total(metric: Metric, by: Sequence[str] = ()) -> str:
    """Growth of a counter over the board's range; ask for it as an instant query.

    `increase` cannot see the value with which a series begins, and a rare label combination often begins with the only
    value it ever has. So a series that was not there in the hour before the range counts from zero.
    ValueError for another kind or a label that it lacks.
    """
    _require(metric, Kind.COUNTER, by)
    counted = series(metric)
    begun = f"max_over_time({counted}[{RANGE}]) unless last_over_time({counted}[1h] offset {RANGE})"
    return _sum(by, f"{begun} or increase({counted}[{RANGE}])")


def matrix(metric: Metric, rows: str, columns: str, beyond: str) -> str:
    """`total` by two labels that hold upper edges; the open one, `+Inf`, is written as the number `beyond`.

    ValueError for another kind or a label that it lacks.
    """
    query = total(metric, (rows, columns))
    for label in (rows, columns):
        query = f'label_replace({query}, "{label}", "{beyond}", "{label}", "\\\\+Inf")'
    return query


def quantile(q: float, metric: Metric, by: Sequence[str] = ()) -> str:
    """The `q`-quantile (0..1) of a histogram, interpolated within its bucket.

    ValueError for another kind, a label that it lacks, or a `q` outside 0..1.
    """
    _require(metric, Kind.HISTOGRAM, by)
    if not 0 <= q <= 1:
        raise ValueError(f"A quantile lies between 0 and 1, not at {q}.")
    buckets = _sum(("le", *by), f"rate({series(metric, 'bucket')}[{INTERVAL}])")
    return f"histogram_quantile({q}, {buckets})"


def heatmap(metric: Metric) -> str:
    """Observations per bucket (`le`, cumulative) in each step. ValueError for a metric that is not a histogram."""
    _require(metric, Kind.HISTOGRAM, ())
    return _sum(("le",), f"increase({series(metric, 'bucket')}[{INTERVAL}])")


def volume(metric: Metric, by: Sequence[str] = ()) -> str:
    """Growth per second of what a histogram adds up, in its unit. ValueError for another kind or a label it lacks."""
    _require(metric, Kind.HISTOGRAM, by)
    return _sum(by, f"rate({series(metric, 'sum')}[{INTERVAL}])")


def mean(metric: Metric, by: Sequence[str] = ()) -> str:
    """Mean of what a histogram observed. ValueError for another kind or a label that it lacks."""
    added_up = volume(metric, by)
    observations = _sum(by, f"rate({series(metric, 'count')}[{INTERVAL}])")
    return f"{added_up} / {observations}"


def level(metric: Metric, by: Sequence[str] = ()) -> str:
    """A gauge, summed over instances. ValueError for another kind or a label that it lacks."""
    _require(metric, Kind.GAUGE, by)
    return _sum(by, series(metric))


def highest(metric: Metric, by: Sequence[str] = ()) -> str:
    """A gauge, the highest of all instances. ValueError for another kind or a label that it lacks."""
    _require(metric, Kind.GAUGE, by)
    return _aggregated("max", by, series(metric))


def or_zero(query: str, label: str = "") -> str:
    """The query, and 0 where it has no series although a sidecar is being scraped; `label` of that 0 is `none`.

    A counter with labels has no series before its first event, which would look the same as a sidecar that is gone.
    """
    zero = f"0 * {_sum((), series(BY_NAME['tokentide_build_info']))}"
    if label:
        zero = f'label_replace({zero}, "{label}", "none", "", "")'
    return f"{query} or on () {zero}"


def values_of(label: str, metric: Metric) -> str:
    """The values of a label, for a variable, of the job and instance chosen before. ValueError for a label it lacks."""
    _require(metric, metric.kind, (label,))
    name = series(metric).partition("{")[0]
    chosen = {"job": "", "instance": '{job="$job"}'}.get(label, f"{{{_TARGET}}}")
    return f"label_values({name}{chosen}, {label})"


def gen_ai_operations(metric: Metric) -> str:
    """The names that the GenAI conventions have for the operations chosen, for a variable.

    `responses` and `messages` are `chat` there. ValueError where the metric has no label `operation`.
    """
    _require(metric, Kind.COUNTER, ("operation",))
    inside = series(metric).removesuffix("}")
    named = f'group by (operation) ({inside},operation!~"responses|messages"}})'
    chat = f'label_replace(group({inside},operation=~"responses|messages"}}), "operation", "chat", "", "")'
    return f"query_result({named} or {chat})"


def _require(metric: Metric, kind: Kind, by: Sequence[str]) -> None:
    if metric.kind is not kind:
        raise ValueError(f"{metric.name} is a {metric.kind.value}, not a {kind.value}.")
    for label in by:
        if label not in (*metric.labels, *_TARGET_LABELS):
            raise ValueError(f"{metric.name} has no label {label!r}; it has {', '.join(metric.labels) or 'none'}.")


def _sum(by: Sequence[str], query: str) -> str:
    return _aggregated("sum", by, query)


def _aggregated(how: str, by: Sequence[str], query: str) -> str:
    return f"{how} by ({', '.join(by)}) ({query})" if by else f"{how}({query})"
