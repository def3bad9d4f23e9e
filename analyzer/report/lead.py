"""The first paragraph: what came, which limits to set, what to run, or what is missing to know it."""

from collections.abc import Sequence

from analyzer.advise.bounds import requests_needed
from analyzer.advise.capacity import CapacityAdvice, replicas_for, together
from analyzer.advise.lengths import LengthAdvice
from analyzer.analysis import ModelAnalysis
from analyzer.patterns.anomalies import Anomaly
from analyzer.report.blocks import Paragraph, Span, Tile, Tiles, Words, code, strong, words
from analyzer.report.numbers import days, plural, rate, share, span, whole
from analyzer.report.pattern_sections import left_out
from analyzer.throughput.source_words import spoken
from analyzer.window import Window

SETTING = "rps_per_replica"
PLACE = "[capacity]"
PACE_KNOWN_FROM = 100


def first_paragraph(name: str, model: ModelAnalysis, window: Window) -> Paragraph:
    """What one model received and what to set and run for it, or honestly which part is not known."""
    parts = (*_traffic(name, model, window), *_limits(model), *_machines(model))
    return Paragraph(words(*parts))


def _traffic(name: str, model: ModelAnalysis, window: Window) -> Words:
    load = model.rate
    pace = f": {rate(load.mean_rps)} a second on average" if load.mean_rps > 0 else ""
    if pace and load.peak_60s / 60 > load.mean_rps:
        pace += f", {rate(load.peak_60s / 60)} a second in the busiest minute"
    when = f" {span(window.start, window.end)} ({window.timezone})"
    return words(code(name), " received ", strong(plural(model.requests, "request")), f"{when}{pace}. ")


def _limits(model: ModelAnalysis) -> Words:
    advice = model.lengths
    settings = [pair for pair in _settings(advice) if pair[1] is not None]
    if not settings:
        return _no_limits(model)
    parts: list[str | Span] = []
    for setting, tokens, _ in settings:
        parts += [" and " if parts else "Set ", code(setting), " to ", strong(whole(tokens or 0))]
    return words(*parts, f"{_certainty(advice)}{_seen(advice, model.anomalies)}. ")


def _settings(advice: LengthAdvice) -> tuple[tuple[str, int | None, int | None], ...]:
    """The two settings of the first paragraph, each with its limit and the bound that the limit should reach."""
    return (
        ("max_input_len", advice.max_input_len, advice.isl_bound),
        ("max_seq_len", advice.max_seq_len, advice.total_bound),
    )


def _certainty(advice: LengthAdvice) -> str:
    """What may be said of the limits: nothing of one that the model keeps below its bound."""
    known = [(limit, bound) for _, limit, bound in _settings(advice) if limit is not None]
    if any(bound is None or limit < bound for limit, bound in known):
        return ", the longest that the model allows, though requests ask for more"
    subject = "it is" if len(known) == 1 else "each is"
    return (
        f": {subject} exceeded by no more than {share(advice.target_over_share)} of requests, with"
        f" {share(advice.confidence)} certainty"
    )


def _seen(advice: LengthAdvice, left_out: Sequence[Anomaly]) -> str:
    if advice.over_share is None or advice.max_seq_len is None:
        return ""
    were = "none was" if advice.over_share == 0 else f"{share(advice.over_share)} were"
    which = "of those recorded outside of anomalies" if left_out else "of those recorded"
    seen = f"; {which}, {were} longer than {whole(advice.max_seq_len)} in all"
    if advice.over_share_bound is None:
        return seen
    return f"{seen} (at most {share(advice.over_share_bound)} with the same certainty)"


def _no_limits(model: ModelAnalysis) -> Words:
    advice = model.lengths
    needed = requests_needed(advice.target_over_share, advice.confidence)
    wait = ""
    if model.requests >= PACE_KNOWN_FROM and needed > model.requests:
        wait = f"; at the recorded pace that is {days(needed / model.rate.mean_rps / 86_400)} of traffic"
    return words(
        strong("Keep the length limits you have"),
        f": to say with {share(advice.confidence)} certainty what no more than {share(advice.target_over_share)} of"
        f" requests exceed takes {whole(needed)} requests{wait}. The longest request so far had"
        f" {plural(model.total.max, 'token')} in all. ",
    )


def _machines(model: ModelAnalysis) -> Words:
    advice = model.capacity
    if advice is None and (reason := no_capacity(model)):
        return words(strong("How many replicas to run is not known."), f" {reason}")
    if advice is None:
        return words(
            strong("How many replicas to run is not known"),
            ", because nothing says what one replica carries: measure the requests per second that one sustains within"
            " your latency objective, give it as ",
            code(SETTING),
            " under ",
            code(PLACE),
            " in the settings file, and run the report again; or give ",
            code("gpu"),
            " there and a limit such as ",
            code("ttft_ms"),
            ", and it is simulated. 95 % of all seconds stay at or below"
            f" {_per_second(model.rate.negative_binomial_p95_1s)}; the busiest hours, by which replicas are counted,"
            " ask for that or more.",
        )
    return words(
        "Run ",
        strong(f"{plural(advice.replicas, 'replica')} ({gpus(advice)})"),
        f": the peak to carry is {_per_second(advice.peak_rps)}, and one replica carries"
        f" {rate(advice.rps_per_replica)} ({how_sure(advice)}).",
        _more_than_the_quotient(advice),
        _change(advice),
    )


def _more_than_the_quotient(advice: CapacityAdvice) -> str:
    """Why the count is another one than peak over throughput; empty where it is not."""
    bare = replicas_for(advice.peak_rps, advice.rps_per_replica, advice.rho_max)
    if advice.pooled is None or advice.pooled == bare:
        return ""
    return f" By these two alone it would be {bare:,}, but {together(advice)}."


def no_capacity(model: ModelAnalysis) -> str:
    """Why there is no count of replicas although the settings state a throughput; empty where that is not the case."""
    return next((item.sentence for item in model.evidence if item.figure == "capacity"), "")


def how_sure(advice: CapacityAdvice) -> str:
    """Where the throughput of a replica comes from and how far to trust it."""
    if advice.confidence.startswith(advice.source):
        return advice.confidence
    return f"by {spoken(advice.source)}; confidence: {advice.confidence}"


def _per_second(number: float) -> str:
    return f"{rate(number)} {'request' if number == 1 else 'requests'} a second"


def gpus(advice: CapacityAdvice) -> str:
    """The GPUs of an advice with their kind where it is known: 8 H100 GPUs."""
    kind = f"{advice.gpu} " if advice.gpu else ""
    return f"{whole(advice.gpus)} {kind}{'GPU' if advice.gpus == 1 else 'GPUs'}"


def _change(advice: CapacityAdvice) -> str:
    if advice.current is None or advice.change_gpus is None:
        return ""
    today = f"the {plural(advice.current.gpus, 'GPU')} that run today"
    if advice.change_gpus == 0:
        return f" That is as many as {today}."
    direction = "more" if advice.change_gpus > 0 else "fewer"
    return f" That is {whole(abs(advice.change_gpus))} {direction} than {today}."


def cautions(model: ModelAnalysis) -> tuple[Paragraph, ...]:
    """What changes how the first paragraph must be read."""
    found = [*left_out(model.anomalies)]
    if model.lengths.right_censored and model.lengths.max_seq_len is not None:
        why = " ".join(item.sentence for item in model.evidence if item.figure == "lengths.right_censored")
        found.append(Paragraph(words(strong("Read the limits with care."), f" {why}"), tone="caution"))
    against_it = [item.sentence for item in model.evidence if item.figure == "capacity.profile"]
    if against_it:
        found.append(
            Paragraph(words(strong("Check the profile of today."), f" {' '.join(against_it)}"), tone="caution")
        )
    advice, minute = model.capacity, model.rate.peak_60s / 60
    if advice is not None and minute > (carried := advice.replicas * advice.rps_per_replica):
        by = model.rate.peak_60s_client
        caller = () if by is None else (f" ({share(by.share)} of it from caller ", code(by.client_id), ")")
        text = (
            f", more than the {rate(carried)} that {plural(advice.replicas, 'replica')} carry: in such a surge requests"
            " wait or are refused."
        )
        start = f" The busiest minute brought {_per_second(minute)}"
        found.append(Paragraph(words(strong("Surges are not covered."), start, *caller, text), tone="caution"))
    if advice is not None and advice.replicas == 1:
        text = " With one replica nothing answers while it restarts or has failed; "
        more = (code("n_plus_one = true"), " under ", code(PLACE), " in the settings adds one.")
        found.append(Paragraph(words(strong("No spare."), text, *more), tone="caution"))
    return tuple(found)


def tiles(model: ModelAnalysis) -> Tiles:
    """The headline figures; what is not known says so."""
    advice, lengths = model.capacity, model.lengths
    items = [
        Tile(words(code(name)), "not yet known" if tokens is None else whole(tokens), f"{what} tokens")
        for name, tokens, what in (
            ("max_input_len", lengths.max_input_len, "prompt"),
            ("max_output_len", lengths.max_output_len, "answer"),
            ("max_seq_len", lengths.max_seq_len, "prompt + answer"),
        )
    ]
    pace = f"mean {rate(model.rate.mean_rps)}"
    if advice is None:
        level = f"{whole(model.rate.negative_binomial_p95_1s)} req/s"
        items.append(Tile(words("95 % of seconds"), level, f"or less; {pace}"))
        why = "see the text" if no_capacity(model) else f"give {SETTING}"
        items.append(Tile(words("replicas"), "not known", why))
    else:
        items.append(Tile(words("peak to carry"), f"{rate(advice.peak_rps)} req/s", pace))
        items.append(Tile(words("replicas"), whole(advice.replicas), gpus(advice)))
    return Tiles(tuple(items))
