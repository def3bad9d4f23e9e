"""The sections about what comes back and what does not: kinds of hours, anomalies, prefixes and busy bins."""

from collections.abc import Sequence

from analyzer.advise.effects import Effect
from analyzer.advise.windows import HoursAdvice, KindOfHours
from analyzer.analysis import ModelAnalysis
from analyzer.demand import Arrivals, Demand
from analyzer.patterns.anomalies import Anomaly
from analyzer.patterns.names import clock
from analyzer.report import theme, week_map
from analyzer.report.blocks import Block, Column, Figure, Paragraph, Points, Span, Table, Words, code, strong, words
from analyzer.report.numbers import moment, plural, rate, share, whole
from analyzer.shape import Prefix
from analyzer.window import Window

SURE = 0.01
VERDICTS = {
    "recurring": "Hours differ, and that comes back.",
    "none": "No kinds of hours.",
    "too_little_traffic": "Too little traffic to tell.",
}
KINDS = {"surge": "surge", "retry_storm": "retry storm", "outage": "outage"}


def kinds_of_hours(model: ModelAnalysis, prefix: str) -> tuple[Block, ...]:
    """Whether hours differ and that comes back, with a map of the week where they are divided."""
    found = model.regimes
    said = Paragraph(words(strong(VERDICTS[found.verdict]), f" {found.reason}"))
    if found.labels is None or len(found.windows) < 2:
        return (said,)
    return said, _map(found, prefix), _windows(found.windows)


def _map(found: HoursAdvice, prefix: str) -> Figure:
    names = {kind.label: kind.name for kind in found.windows}
    told = "; ".join(
        f"{week_map.letter(kind.label)}, {kind.name}: {clock(kind.hours_of_week)}" for kind in found.windows
    )
    return Figure(
        name=f"{prefix}week-map",
        title="The week by kind of hours",
        alt=f"Map of the 168 hours of the week. {told}.",
        caption="Hours with one letter have the same mix of input and output lengths."
        + (" Empty: too few requests to tell." if -1 in (found.labels or ()) else ""),
        spec=theme.themed(week_map.chart(found.labels or (), names)),
    )


def _windows(kinds: Sequence[KindOfHours]) -> Table:
    heads = (
        Column("kind", numeric=False),
        Column("hours", numeric=False),
        *(Column(name) for name in ("requests a second", "ISL p50", "ISL p99", "OSL p50", "OSL p99")),
        Column("max_input_len"),
        Column("max_seq_len"),
    )
    rows = tuple(
        (
            words(f"{week_map.letter(kind.label)}: {kind.name}"),
            words(clock(kind.hours_of_week)),
            words(rate(kind.mean_rps)),
            *(words(whole(tokens)) for tokens in (kind.isl.p50, kind.isl.p99, kind.osl.p50, kind.osl.p99)),
            *(words(_limit(tokens)) for tokens in (kind.limits.max_input_len, kind.limits.max_seq_len)),
        )
        for kind in kinds
    )
    return Table("Kinds of hours; lengths and limits in tokens.", heads, rows)


def _limit(tokens: int | None) -> str:
    return "that of all hours" if tokens is None else whole(tokens)


def anomalies(model: ModelAnalysis, window: Window) -> tuple[Block, ...]:
    """What was unlike every other day, and that estimates leave it out."""
    said = [Paragraph(words(one.sentence)) for one in model.evidence if one.figure == "anomalies"]
    if not model.anomalies:
        return tuple(said)
    heads = tuple(Column(name, numeric=False) for name in ("from", "to", "kind", "what"))
    rows = tuple(
        (
            words(moment(window.local(one.start))),
            words(moment(window.local(one.end))),
            words(KINDS[one.kind]),
            words(one.what),
        )
        for one in model.anomalies
    )
    return *said, Table("Anomalies, on the clock of the window.", heads, rows)


def left_out(found: Sequence[Anomaly]) -> tuple[Paragraph, ...]:
    """The caution of the first paragraph: that limits and peaks leave something out."""
    if not found:
        return ()
    text = f" {plural(len(found), 'stretch', 'stretches')} of time unlike every other day ({_named(found)})"
    rest = " in no limit and no count of replicas: see what was left out, below."
    be = "is" if len(found) == 1 else "are"
    return (Paragraph(words(strong("Anomalies are left out."), f"{text} {be}{rest}"), tone="caution"),)


def _named(found: Sequence[Anomaly]) -> str:
    return ", ".join(dict.fromkeys(KINDS[one.kind] for one in found))


def comes_back(model: ModelAnalysis) -> str:
    """Whether the rhythm of the day is one, from the permutation test of the rate."""
    tested = model.regimes.repeat_p
    if tested is None:
        return "How much of this comes back every day shows over several days."
    if tested.rate <= SURE:
        return f"This comes back from day to day (p = {tested.rate:.2g})."
    return f"From day to day the hours differ as chance would have it (p = {tested.rate:.2g})."


def busy_bins(asked: Demand) -> tuple[Block, ...]:
    """Arrivals in bins of 1, 10 and 60 s: the two laws beside what was observed."""
    places = {"whole window": asked.window}
    if asked.busiest is not None:
        places[asked.busiest.name] = asked.busiest.arrivals
    rows = tuple(_bins(place, one) for place, every in places.items() for one in every)
    names = ("mean", "dispersion", "95 % Poisson", "95 % neg. binomial", "95 % observed", "99 % observed", "most")
    heads = (Column("hours", numeric=False), Column("bin"), *(Column(name) for name in names))
    caption = "Requests in a bin, anomalies left out"
    if asked.busiest is not None:
        caption += "; the second half are the busiest hours, by which replicas are counted"
    table = Table(f"{caption}.", heads, rows)
    flight = asked.in_flight
    if flight is None:
        return (table,)
    text = (
        f"In flight at the same time, weighted by time: {rate(flight.mean)} requests on average, {whole(flight.p95)} or"
        f" fewer for 95 % of the time, {whole(flight.max)} at the most."
    )
    if flight.tokens_held is not None:
        text += (
            f" Each holds {whole(round(flight.tokens_held))} tokens over its time: its input and half of its output."
        )
    return table, Paragraph(words(text))


def _bins(place: str, one: Arrivals) -> tuple[Words, ...]:
    figures = (
        rate(one.mean),
        "–" if one.dispersion is None else rate(one.dispersion),
        *(
            whole(value)
            for value in (
                one.poisson_p95,
                one.negative_binomial_p95,
                one.observed_p95,
                one.observed_p99,
                one.observed_max,
            )
        ),
    )
    return words(place), words(f"{one.seconds} s"), *(words(figure) for figure in figures)


def prefixes(found: Prefix | None) -> tuple[Block, ...]:
    """How much of the prompts a prefix cache could have answered."""
    if found is None:
        return ()
    text = (
        f" of the {whole(found.blocks)} prefix blocks that requests name came before in this window: what a prefix"
        " cache without bounds could save of the prompts."
    )
    return (Paragraph(words(strong(share(found.seen_before_share)), text)),)


def effects(found: Sequence[Effect]) -> tuple[Block, ...]:
    """What the limit changes in each engine; engines in which it changes the same are told together."""
    if not found:
        return ()
    together: dict[tuple[str, str], list[Effect]] = {}
    for one in found:
        together.setdefault((", ".join(one.changes), one.sentence), []).append(one)
    points = tuple(
        words(*_engines(alike), f" ({changes}): {sentence}") for (changes, sentence), alike in together.items()
    )
    known = [one for one in found if one.tokens_held_then is not None]
    heads = (Column("engine", numeric=False), Column("tokens held"), Column("admitted at once"))
    rows = tuple(
        (
            words(one.engine),
            words(_before_after(one.tokens_held_now, one.tokens_held_then)),
            words(_before_after(one.admitted_now, one.admitted_then)),
        )
        for one in known
    )
    caption = (
        "Tokens of the KV cache that a request holds on average, and how many requests the stated cache admits: today →"
        " with the recommended limit."
    )
    return Points(points), Table(caption, heads, rows)


def _engines(alike: Sequence[Effect]) -> Words:
    """The engines with their settings, as a hurried reader looks for them."""
    found: list[Span | str] = []
    for one in alike:
        found += [", " if found else "", strong(one.engine), " ", code(one.setting)]
    return words(*found)


def _before_after(now: float | None, then: float | None) -> str:
    if then is None:
        return "not known"
    return whole(then) if now is None or now == then else f"{whole(now)} → {whole(then)}"
