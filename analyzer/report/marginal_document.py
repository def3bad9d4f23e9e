"""The report of what marginals say: limits and quantiles as bucket edges, and what only records could add."""

from collections.abc import Iterator

from analyzer.marginals import MarginalAnalysis, MarginalModel
from analyzer.report.blocks import Block, Column, Paragraph, Points, Report, Section, Table, Words, code, strong, words
from analyzer.report.numbers import days, plural, rate, share, span, whole
from analyzer.window import Window

QUANTILES = ("p50", "p90", "p95", "p99", "p99_9", "max")
UNSAID = (
    "Which inputs have which outputs, the four query patterns and shared prefixes: each side was counted apart.",
    "Peaks of a second or a minute, bursts, who calls, and replicas: hourly counts do not hold them.",
    "How fast single requests were answered, and which of them were cut off by a limit.",
)


def compose(analysis: MarginalAnalysis) -> Report:
    """The whole report; it is made from the analysis alone."""
    window = analysis.window
    when = span(window.start, window.end).removeprefix("from ").removeprefix("on ")
    return Report(
        title="A first answer, from histograms" if analysis.models else "No traffic",
        subtitle=f"{when}, {window.timezone} ({days(window.days)})",
        lead=tuple(_lead(analysis)),
        sections=tuple(_sections(analysis)),
    )


def _lead(analysis: MarginalAnalysis) -> Iterator[Block]:
    if not analysis.models:
        text = " in this window: choose another with --from and --to, or take --all."
        yield Paragraph(words(strong("The histograms counted no request"), text))
    for name, model in analysis.models.items():
        yield Paragraph(_first(name, model, analysis.window))
    caution = (
        " Bucket counts of each side say where lengths end at the latest, not where they end. Put the sidecar beside"
        " the engine for exact limits, patterns, peaks and replicas."
    )
    yield Paragraph(words(strong("This is not made from single requests."), caution), tone="caution")


def _first(name: str, model: MarginalModel, window: Window) -> Words:
    limits = model.lengths
    pace = f": {rate(model.mean_rps)} a second on average, {rate(model.peak_hour_rps)} in the fullest hour"
    peak = f" ({window.local(model.peak_hour):%Y-%m-%d %H:%M}). "
    came = (code(name), " received about ", strong(plural(model.requests, "request")), pace, peak)
    if limits.max_seq_len is None:
        return words(*came, limits.effect)
    certainty = (
        f": exceeded by no more than {share(limits.target_over_share)} of requests, with {share(limits.confidence)}"
        " certainty, for independent requests. "
    )
    known = (code("max_input_len"), " to ", strong(whole(limits.max_input_len or 0)), " and ")
    total = (code("max_seq_len"), " to ", strong(whole(limits.max_seq_len)))
    return words(*came, "At most, set ", *(known if limits.max_input_len else ()), *total, certainty, limits.effect)


def _sections(analysis: MarginalAnalysis) -> Iterator[Section]:
    for place, (name, model) in enumerate(analysis.models.items(), start=1):
        blocks = (_lengths(model), _hours(model), _evidence(model))
        yield Section(f"m{place}", words(code(name)), 2, blocks)
    yield Section("unsaid", words("What this report cannot say"), 2, (Points(tuple(map(words, UNSAID))),))


def _lengths(model: MarginalModel) -> Table:
    sides = (("input", model.isl), ("output", model.osl))
    rows = tuple(
        (
            words(name),
            words("–" if side.mean is None else whole(side.mean)),
            *(words(_edge(getattr(side, quantile))) for quantile in QUANTILES),
        )
        for name, side in sides
    )
    head = (Column("tokens", numeric=False), Column("mean"), *(Column(_named(name)) for name in QUANTILES))
    return Table("Lengths: each quantile is at or below the figure, an edge of a bucket", head, rows)


def _hours(model: MarginalModel) -> Table:
    rows = tuple(
        (
            words(f"{hour.hour:02d}:00"),
            words(whole(hour.requests)),
            *(words(_edge(edge)) for edge in (hour.isl_p50, hour.isl_p99, hour.osl_p50, hour.osl_p99)),
        )
        for hour in model.hours
        if hour.requests
    )
    names = ("requests", "input p50", "input p99", "output p50", "output p99")
    head = (Column("hour", numeric=False), *(Column(name) for name in names))
    return Table("Hours of the day, all days added up", head, rows, folded=True)


def _evidence(model: MarginalModel) -> Points:
    return Points(tuple(words(code(one.figure), f": {one.sentence}") for one in model.evidence))


def _edge(edge: int | None) -> str:
    return "above all edges" if edge is None else f"≤ {whole(edge)}"


def _named(quantile: str) -> str:
    return quantile.replace("_", ".")
