"""Tables of a report, built from the values of an analysis."""

from collections.abc import Mapping, Sequence

from analyzer.advise.lengths import LengthAdvice
from analyzer.analysis import Hour, ModelAnalysis
from analyzer.demand import ClientShare
from analyzer.evidence import Evidence
from analyzer.histogram import Quantiles
from analyzer.report.blocks import Column, Span, Table, Words, code, words
from analyzer.report.numbers import milliseconds, rate, share, whole
from analyzer.shape import Joint, QueryPatterns

NOT_COMPUTED = "not computed"
_SHARES = ("lengths.over_share", "seasons")
"""Figures whose intervals are shares; all others are counts or rates."""


def _cell(value: str | Span) -> Words:
    return words(value) if value else ()


def _table(
    caption: str, columns: Sequence[str | Column], rows: Sequence[Sequence[str | Span]], *, folded: bool = False
) -> Table:
    heads = tuple(
        column if isinstance(column, Column) else Column(column, numeric=place > 0)
        for place, column in enumerate(columns)
    )
    return Table(caption, heads, tuple(tuple(_cell(value) for value in row) for row in rows), folded)


def _number(value: float | None) -> str:
    return NOT_COMPUTED if value is None else whole(value)


def lengths(model: ModelAnalysis) -> Table:
    """Quantiles of ISL, OSL and their sum in tokens."""
    sides = (("ISL, input", model.isl), ("OSL, output", model.osl), ("ISL + OSL", model.total))
    rows = [
        (name, *(whole(v) for v in (s.min, s.mean, s.p50, s.p90, s.p95, s.p99, s.p99_9, s.max))) for name, s in sides
    ]
    heads = ("tokens", "shortest", "mean", "p50", "p90", "p95", "p99", "p99.9", "longest")
    return _table("Lengths in tokens; quantiles are lengths that occurred (nearest rank).", heads, rows)


def limits(advice: LengthAdvice, longest: Mapping[str, int]) -> Table:
    """The recommended limits beside their bounds; `longest` is the longest length recorded, by setting."""
    rows = [
        (code(setting), what, _number(value), _number(bound), whole(longest[setting]))
        for setting, what, value, bound in (
            ("max_input_len", "prompt (ISL)", advice.max_input_len, advice.isl_bound),
            ("max_output_len", "answer (OSL)", advice.max_output_len, advice.osl_bound),
            ("max_seq_len", "prompt and answer together", advice.max_seq_len, advice.total_bound),
        )
    ]
    caption = (
        f"Recommended limits in tokens. With {share(advice.confidence)} certainty no more than"
        f" {share(advice.target_over_share)} of requests exceed the bound."
    )
    heads = ("setting", Column("limits", numeric=False), "recommended", "bound", "longest recorded")
    return _table(caption, heads, rows)


def patterns(value: QueryPatterns) -> Table:
    """The four query patterns with their shares."""
    rows = (
        ("short in, short out", share(value.short_short), "classification, routing, chat turns"),
        ("short in, long out", share(value.short_long), "writing, code, reasoning"),
        ("long in, short out", share(value.long_short), "summaries, extraction, retrieval"),
        ("long in, long out", share(value.long_long), "long documents, agents"),
    )
    caption = (
        f"Query patterns. Long is above {whole(value.isl_threshold)} tokens in, above {whole(value.osl_threshold)} out."
    )
    return _table(caption, ("pattern", "share of requests", Column("often", numeric=False)), rows)


def joint(value: Joint) -> Table:
    """The cells of the heat map as counts, without the rows and columns that hold nothing."""
    used_rows = [i for i, row in enumerate(value.counts) if any(row)]
    used_columns = [j for j in range(len(value.osl_edges)) if any(row[j] for row in value.counts)]
    rows = [
        (f"ISL ≤ {whole(value.isl_edges[i])}", *(whole(value.counts[i][j]) for j in used_columns)) for i in used_rows
    ]
    heads = ("requests", *(f"OSL ≤ {whole(value.osl_edges[j])}" for j in used_columns))
    caption = "The heat map as numbers: requests above the previous edge and up to this one."
    return _table(caption, heads, rows, folded=True)


def hours(values: Sequence[Hour], timezone: str) -> Table:
    """Requests and lengths by hour of the day."""
    rows = [
        (f"{h.hour:02}:00", whole(h.requests), *("–" if v is None else whole(v) for v in _lengths(h))) for h in values
    ]
    heads = (f"hour ({timezone})", "requests", "ISL p50", "ISL p99", "OSL p50", "OSL p99")
    return _table("The hours of the day as numbers; lengths in tokens.", heads, rows, folded=True)


def _lengths(hour: Hour) -> tuple[int | None, ...]:
    return hour.isl_p50, hour.isl_p99, hour.osl_p50, hour.osl_p99


def latency(times: Mapping[str, Quantiles], meanings: Mapping[str, str]) -> Table:
    """Latency quantiles of each kind of time."""
    rows = [
        (f"{name}, {meanings[name]}", *(milliseconds(v) for v in (q.p50, q.p90, q.p95, q.p99, q.p99_9)))
        for name, q in times.items()
    ]
    return _table("Latency as recorded.", ("time", "p50", "p90", "p95", "p99", "p99.9"), rows)


def callers(clients: Sequence[ClientShare]) -> Table:
    """The callers with the most requests; requests that name none are one row."""
    rows = [(code(client.client_id), share(client.share)) for client in clients]
    return _table("Callers with the most requests, as the records name them.", ("caller", "share of requests"), rows)


def evidence(values: Sequence[Evidence]) -> Table:
    """What each figure rests on."""
    rows = [
        (code(value.figure), whole(value.requests), whole(value.days), _interval(value), value.sentence)
        for value in values
    ]
    heads = ("figure", "requests", "days", "interval", Column("how it was made", numeric=False))
    return _table("What each figure rests on; names are those of analysis.json.", heads, rows)


def _interval(told: Evidence) -> str:
    if told.interval is None:
        return "–"
    worded = share if told.figure.startswith(_SHARES) else rate
    low, high = (worded(bound) for bound in told.interval)
    return low if low == high else f"{low} to {high}"


def set_aside(reasons: Mapping[str, int]) -> Table:
    """Rows that were left out of the figures, by reason."""
    rows = [(reason.replace("_", " "), whole(count)) for reason, count in sorted(reasons.items())]
    return _table("Rows set aside.", ("reason", "rows"), rows)


def models(values: Mapping[str, ModelAnalysis], requests: int) -> Table:
    """One row a model: its share, what to set and what to run."""
    rows: list[tuple[str | Span, ...]] = [(code(name), *_model(model, requests)) for name, model in values.items()]
    heads = (
        "model",
        "requests",
        "share",
        "max_input_len",
        "max_seq_len",
        "peak, req/s",
        "replicas",
        "GPUs",
    )
    return _table("What to set and run, model by model.", heads, rows)


def _known(limit: int | None) -> str:
    return "not yet known" if limit is None else whole(limit)


def _model(model: ModelAnalysis, requests: int) -> tuple[str, ...]:
    limits, capacity = model.lengths, model.capacity
    at_least = f"{whole(model.rate.negative_binomial_p95_1s)} or more"
    return (
        whole(model.requests),
        share(model.requests / requests),
        _known(limits.max_input_len),
        _known(limits.max_seq_len),
        at_least if capacity is None else rate(capacity.peak_rps),
        "not known" if capacity is None else whole(capacity.replicas),
        "not known" if capacity is None else whole(capacity.gpus),
    )
