"""The sections about one model: lengths, load, latency, callers, capacity and what they rest on."""

from collections.abc import Iterator

from analyzer.analysis import ModelAnalysis
from analyzer.backtest import ModelBacktest
from analyzer.demand import Rate
from analyzer.report import capacity_sections, figures, tables
from analyzer.report import pattern_sections as patterns
from analyzer.report import season_sections as seasons
from analyzer.report.blocks import Block, Paragraph, Section, Words, code, strong, words
from analyzer.report.numbers import moment, plural, rate, share, whole
from analyzer.window import Window

MEANINGS = {
    "TTFT": "time to first token",
    "ITL": "inter-token latency, weighted by tokens",
    "TPOT": "time per output token",
    "E2E": "end to end",
}
PLANNED = "peak to carry"


def of_model(
    model: ModelAnalysis, window: Window, prefix: str, depth: int, tried: ModelBacktest | None = None
) -> Iterator[Section]:
    """Every section about `model`; `prefix` begins the anchors, `depth` is that of the headings."""
    contents: tuple[tuple[str, str, tuple[Block, ...]], ...] = (
        ("together", "Which lengths come together", _together(model, prefix)),
        ("lengths", "How long requests are, and where to cut", _lengths(model, prefix)),
        ("load", "How requests arrive", _load(model, window, prefix)),
        ("day", "Over the day", _day(model, window, prefix)),
        ("kinds", "Kinds of hours", patterns.kinds_of_hours(model, prefix)),
        ("anomalies", "What is unlike every other day", patterns.anomalies(model, window)),
        ("latency", "Latency", _latency(model, prefix)),
        ("callers", "Who calls", _callers(model)),
        ("capacity", "Replicas and GPUs, step by step", capacity_sections.capacity(model)),
        ("seasons", "Other hours, other replicas?", seasons.seasons(model, prefix)),
        ("backtest", "What earlier advice was worth", seasons.backtest(tried)),
        ("evidence", "What each figure rests on", (tables.evidence(model.evidence),) if model.evidence else ()),
    )
    for name, title, blocks in contents:
        if blocks:
            yield Section(f"{prefix}{name}", words(title), depth, blocks)


def _together(model: ModelAnalysis, prefix: str) -> tuple[Block, ...]:
    shares = model.query_patterns
    kinds = {
        "short prompts with short answers": shares.short_short,
        "short prompts with long answers": shares.short_long,
        "long prompts with short answers": shares.long_short,
        "long prompts with long answers": shares.long_long,
    }
    most = max(kinds, key=lambda kind: kinds[kind])
    text = f"Most are {most}: " if kinds[most] > 0.5 else f"The largest group is {most}: "
    found = words(text, strong(share(kinds[most])), " of the requests.")
    return (
        Paragraph(words(f"All are {most}.") if kinds[most] == 1 else found),
        figures.heat_map(model, prefix),
        tables.patterns(shares),
        tables.joint(model.joint),
        *patterns.prefixes(model.prefix),
    )


def _lengths(model: ModelAnalysis, prefix: str) -> tuple[Block, ...]:
    advice = model.lengths
    longest = {
        "max_input_len": model.isl.max,
        "max_output_len": model.osl.max,
        "max_seq_len": model.total.max,
    }
    text = (
        f"Half of the prompts have up to {whole(model.isl.p50)} tokens, one in a hundred {whole(model.isl.p99)} or"
        f" more; half of the answers have up to {whole(model.osl.p50)}, one in a hundred {whole(model.osl.p99)} or"
        f" more."
    )
    title = strong("What the limits change." if advice.max_seq_len is not None else "No limit yet.")
    effect = (Paragraph(words(title, f" {advice.effect}")),) if advice.effect else ()
    return (
        Paragraph(words(text)),
        tables.lengths(model),
        figures.input_lengths(model, prefix),
        figures.output_lengths(model, prefix),
        figures.tails(model, prefix),
        tables.limits(advice, longest),
        *effect,
        *patterns.effects(advice.effects),
    )


def _load(model: ModelAnalysis, window: Window, prefix: str) -> tuple[Block, ...]:
    load = model.rate
    minute = load.peak_60s / 60
    levels = {
        "mean": load.mean_rps,
        # minutes at the ends are cut, so that in a window of few minutes none may be as busy as the mean
        **({"busiest minute": minute} if minute >= load.mean_rps else {}),
        "95 % of seconds, counted": load.busy_p95_1s,
        "95 % of seconds, Poisson": load.poisson_p95_1s,
        "95 % of seconds, neg. binomial": load.negative_binomial_p95_1s,
        "busiest second": load.peak_1s,
    }
    if model.capacity is not None:
        levels[PLANNED] = model.capacity.peak_rps
    return (
        Paragraph(_peaks(load, window)),
        Paragraph(words(_laws(load))),
        *_spread(load),
        figures.load_levels(levels, PLANNED if model.capacity else None, prefix),
        *patterns.busy_bins(model.demand),
    )


def _peaks(load: Rate, window: Window) -> Words:
    at = moment(load.peak_60s_at.astimezone(window.start.tzinfo))
    by = load.peak_60s_client
    caller: Words = ()
    if by is not None:
        caller = words(f" {share(by.share)} of that minute came from caller ", code(by.client_id), ".")
    minute = load.peak_60s / 60
    pace = f" ({rate(minute)} a second)" if minute >= load.mean_rps else ""
    return words(
        f"On average {rate(load.mean_rps)} requests arrive in a second. The busiest second had {whole(load.peak_1s)},"
        f" the busiest minute {whole(load.peak_60s)}{pace}; it began {at}.",
        *caller,
    )


def _laws(load: Rate) -> str:
    return (
        f"If requests came independently at the mean rate (Poisson), 95 % of seconds would stay at or below"
        f" {whole(load.poisson_p95_1s)}; with the bunching that was seen (negative binomial) it is"
        f" {whole(load.negative_binomial_p95_1s)}; counted, it was {whole(load.busy_p95_1s)}."
    )


def _spread(load: Rate) -> Iterator[Paragraph]:
    second, minute = load.dispersion_1s, load.dispersion_60s
    if second is None:
        yield Paragraph(words("All requests came within one second, so how they bunch cannot be said."))
        return
    if second < 1.1:
        meaning = "from one second to the next they come as if by chance, and Poisson is good enough"
    elif second < 2:
        meaning = "they come somewhat more bunched than chance would have it"
    else:
        meaning = "they come in bursts, and a sizing by Poisson alone would be too small"
    text = (
        f"Counts per second have a dispersion (variance over mean) of {rate(second)}, where chance gives 1: {meaning}."
    )
    if minute is not None:
        swing = (
            "the load follows a rhythm or has surges, so that the mean hides the busy times"
            if minute > 2 * max(second, 1)
            else "minute by minute the load swings little more than from second to second"
        )
        text += f" Counts per minute have {rate(minute)}: {swing}."
    yield Paragraph(words(text))


def _day(model: ModelAnalysis, window: Window, prefix: str) -> tuple[Block, ...]:
    seen = [hour for hour in model.hours if hour.requests]
    if not seen:
        return ()
    busy, quiet = max(seen, key=lambda h: h.requests), min(seen, key=lambda h: h.requests)
    if len(seen) < 24:
        text = f"Requests came in {plural(len(seen), 'hour')} of the day only; what the others ask for is not known."
    else:
        text = (
            f"The hour from {busy.hour:02}:00 has {rate(busy.requests / quiet.requests)} times the requests of the"
            f" hour from {quiet.hour:02}:00. {patterns.comes_back(model)}"
        )
    return (
        Paragraph(words(text)),
        figures.hours_of_day(model, window.timezone, prefix),
        tables.hours(model.hours, window.timezone),
    )


def _latency(model: ModelAnalysis, prefix: str) -> tuple[Block, ...]:
    times = {} if model.latency is None else figures.kinds_of_time(model.latency)
    if not times:
        return (Paragraph(words("Not computed: the records of this window hold no times.")),)
    missing = [name for name in MEANINGS if name not in times]
    note = (
        (Paragraph(words(f"Not computed, because no request recorded it: {', '.join(missing)}.")),) if missing else ()
    )
    objectives = {} if model.capacity is None else capacity_sections.goals(model.capacity.objectives)
    shown = {name: goal for name, goal in objectives.items() if name in times}
    return (figures.latency(times, shown, prefix), tables.latency(times, MEANINGS), *note)


def _callers(model: ModelAnalysis) -> tuple[Block, ...]:
    return () if model.clients is None else (tables.callers(model.clients),)
