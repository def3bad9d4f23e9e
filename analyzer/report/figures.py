"""The figures of a report: each a chart with its title, its caption and what it shows in words."""

from collections.abc import Mapping

from analyzer.advise.lengths import LengthAdvice
from analyzer.analysis import ModelAnalysis
from analyzer.histogram import Quantiles, Summary
from analyzer.report import distributions, theme, times
from analyzer.report import heat_map as heat
from analyzer.report.blocks import Figure
from analyzer.report.numbers import milliseconds, plural, power, rate, share, whole
from analyzer.shape import Latency

LIMITS = ("max_input_len", "max_output_len", "max_seq_len")


def picture(figure: Figure) -> str:
    """The figure as a self-contained SVG picture; equal figures give equal bytes."""
    return theme.svg(figure.spec, figure.name)


def limits(lengths: LengthAdvice) -> dict[str, int]:
    """The recommended limits that are known, in tokens, by their engine name."""
    known = {name: getattr(lengths, name) for name in LIMITS}
    return {name: tokens for name, tokens in known.items() if tokens is not None}


def heat_map(model: ModelAnalysis, prefix: str = "") -> Figure:
    """Requests by input and output length, with query patterns and limits; `prefix` begins the figure's anchor."""
    patterns, cuts = model.query_patterns, limits(model.lengths)
    fullest, isl, osl = max((count, i, j) for i, row in enumerate(model.joint.counts) for j, count in enumerate(row))
    isl_edge, osl_edge = model.joint.isl_edges[isl], model.joint.osl_edges[osl]
    return Figure(
        name=f"{prefix}heat-map",
        title="Requests by input and output length",
        alt=(
            f"Heat map of {plural(model.requests, 'request')}. The fullest cell, ISL up to {power(isl_edge)} and OSL up"
            f" to {power(osl_edge)}, holds {share(fullest / model.requests)}. Short in, short out"
            f" {share(patterns.short_short)}; short in, long out {share(patterns.short_long)}; long in, short out"
            f" {share(patterns.long_short)}; long in, long out {share(patterns.long_long)}. {_limit_words(cuts)}"
        ),
        caption=(
            "A cell ends at the power of two to its right and above; its number is its share of all requests. Dotted:"
            f" long begins above {whole(patterns.isl_threshold)} tokens in and {whole(patterns.osl_threshold)} out."
            + (" Orange: the recommended limits; what lies beyond them would be refused or cut." if cuts else "")
        ),
        spec=theme.themed(heat.chart(model.joint, patterns, cuts)),
    )


def _limit_words(cuts: Mapping[str, int]) -> str:
    named = ", ".join(f"{name} {whole(tokens)}" for name, tokens in cuts.items())
    return f"Recommended limits: {named}." if named else "No limit is recommended yet."


def input_lengths(model: ModelAnalysis, prefix: str = "") -> Figure:
    """The distribution of ISL with its quantiles and `max_input_len`."""
    counts = [sum(row) for row in model.joint.counts]
    spec = distributions.histogram(
        "ISL: input tokens (1k = 1,024)",
        theme.ISL_BAR,
        model.joint.isl_edges,
        counts,
        _flags(model.isl, "max_input_len", model.lengths.max_input_len),
        "max_input_len",
    )
    return _side(f"{prefix}isl", "Input lengths (ISL)", model.isl, model.lengths.max_input_len, theme.themed(spec))


def output_lengths(model: ModelAnalysis, prefix: str = "") -> Figure:
    """The distribution of OSL with its quantiles and `max_output_len`."""
    counts = [sum(column) for column in zip(*model.joint.counts, strict=True)]
    spec = distributions.histogram(
        "OSL: output tokens (1k = 1,024)",
        theme.OSL_BAR,
        model.joint.osl_edges,
        counts,
        _flags(model.osl, "max_output_len", model.lengths.max_output_len),
        "max_output_len",
    )
    return _side(f"{prefix}osl", "Output lengths (OSL)", model.osl, model.lengths.max_output_len, theme.themed(spec))


def _flags(summary: Summary, name: str, limit: int | None) -> dict[str, int]:
    flags = {"p50": summary.p50, "p90": summary.p90, "p99": summary.p99, "p99.9": summary.p99_9}
    return flags if limit is None else flags | {name: limit}


def _side(name: str, title: str, summary: Summary, limit: int | None, spec: str) -> Figure:
    drawn = "" if limit is None else f" The recommended limit is {whole(limit)}."
    return Figure(
        name=name,
        title=title,
        alt=(
            f"{title}: histogram by powers of two. p50 {whole(summary.p50)}, p90 {whole(summary.p90)},"
            f" p99 {whole(summary.p99)}, p99.9 {whole(summary.p99_9)}, longest {whole(summary.max)} tokens.{drawn}"
        ),
        caption="Share of requests between two powers of two. Flags: nearest-rank quantiles and the recommended limit.",
        spec=spec,
    )


def tails(model: ModelAnalysis, prefix: str = "") -> Figure:
    """The tails of ISL, OSL and their sum, with the limits and the share that may be over them."""
    cuts, target = limits(model.lengths), model.lengths.target_over_share
    summaries = {"ISL": model.isl, "OSL": model.osl, "ISL + OSL": model.total}
    return Figure(
        name=f"{prefix}tails",
        title="The long end: which share of requests is at least that long",
        alt=(
            f"Share of requests at least as long as a length, logarithmic. One in a thousand has ISL"
            f" {whole(model.isl.p99_9)}, OSL {whole(model.osl.p99_9)}, ISL + OSL {whole(model.total.p99_9)} or more;"
            f" the longest request has {whole(model.total.max)} tokens in all. {_limit_words(cuts)}"
        ),
        caption=(
            "Read it as: pick a length, see which share of requests would be that long or longer. Points are counted;"
            " the lines between them only guide the eye."
        ),
        spec=theme.themed(distributions.tails(summaries, model.requests, target, cuts)),
    )


def hours_of_day(model: ModelAnalysis, timezone: str, prefix: str = "") -> Figure:
    """Requests and lengths by hour of the day in the window's time zone."""
    busy = max(model.hours, key=lambda hour: hour.requests)
    quiet = min(model.hours, key=lambda hour: hour.requests)
    return Figure(
        name=f"{prefix}hours-of-day",
        title=f"The hours of the day ({timezone})",
        alt=(
            f"Requests, ISL and OSL by hour of the day. Busiest from {busy.hour:02}:00 with {whole(busy.requests)}"
            f" requests, quietest from {quiet.hour:02}:00 with {whole(quiet.requests)}."
        ),
        caption="All days of the window, added up by the hour in which requests came; p50 and p99 are of that hour.",
        spec=theme.themed(times.hours_of_day(model.hours)),
    )


def load_levels(levels: Mapping[str, float], planned: str | None, prefix: str = "") -> Figure:
    """Levels of load in requests per second; the one that is planned for stands out."""
    stands_out = f" The sizing plans for: {planned}." if planned else ""
    return Figure(
        name=f"{prefix}load-levels",
        title="Load: what arrives in a second",
        alt="; ".join(f"{name}: {rate(value)} requests per second" for name, value in levels.items())
        + f".{stands_out}",
        caption="Orange: the peak that the sizing carries." if planned else "",
        spec=theme.themed(times.load_levels(levels, planned)),
    )


def latency(times_ms: Mapping[str, Quantiles], objectives: Mapping[str, float], prefix: str = "") -> Figure:
    """The latency quantiles of each kind of time, in ms, with the objectives given by the same names."""
    return Figure(
        name=f"{prefix}latency-times",
        title="Latency from p50 to p99.9",
        alt="; ".join(f"{name}: p50 {milliseconds(q.p50)}, p99 {milliseconds(q.p99)}" for name, q in times_ms.items())
        + ".",
        caption="Points: p50, p90, p95, p99, p99.9." + (" Orange: the objective." if objectives else ""),
        spec=theme.themed(times.waits(times_ms, objectives)),
    )


def kinds_of_time(latency: Latency) -> dict[str, Quantiles]:
    """The times that were recorded, by their usual names in the order in which a request meets them."""
    named = {"TTFT": latency.ttft_ms, "ITL": latency.itl_ms, "TPOT": latency.tpot_ms, "E2E": latency.e2e_ms}
    return {name: quantiles for name, quantiles in named.items() if quantiles is not None}
