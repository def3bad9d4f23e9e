"""The first paragraph: what came, which limits to set, what to run, or what is missing to know it."""

import math

from analyzer.advise.capacity import CapacityAdvice
from analyzer.advise.lengths import LengthAdvice
from analyzer.analysis import ModelAnalysis
from analyzer.report.blocks import Paragraph, Span, Tile, Tiles, Words, code, strong, words
from analyzer.report.numbers import days, plural, rate, share, span, whole
from analyzer.window import Window

SETTING = "rps_per_replica"
PLACE = "[capacity]"


def requests_needed(target: float, confidence: float) -> int:
    """How many requests the bound of a limit takes: n ≥ ln(1 − confidence) / ln(1 − target), one-sided, by order
    statistics; 2,995 for 0.1 % at 95 %.
    """
    return math.ceil(math.log(1 - confidence) / math.log1p(-target))


def first_paragraph(name: str, model: ModelAnalysis, window: Window) -> Paragraph:
    """What one model received and what to set and run for it, or honestly which part is not known."""
    parts = (*_traffic(name, model, window), *_limits(model), *_machines(model))
    return Paragraph(words(*parts))


def _traffic(name: str, model: ModelAnalysis, window: Window) -> Words:
    load = model.rate
    pace = f": {rate(load.mean_rps)} a second on average" if load.mean_rps > 0 else ""
    if pace and load.peak_60s > 0:
        pace += f", {rate(load.peak_60s / 60)} a second in the busiest minute"
    when = f" {span(window.start, window.end)} ({window.timezone})"
    return words(code(name), " received ", strong(plural(model.requests, "request")), f"{when}{pace}. ")


def _limits(model: ModelAnalysis) -> Words:
    advice = model.lengths
    known = [
        words("Set " if place == 0 else " and ", code(setting), " to ", strong(whole(tokens)))
        for place, (setting, tokens) in enumerate(_main_limits(advice))
    ]
    if not known:
        return _no_limits(model)
    certainty = (
        f"{': it is' if len(known) == 1 else ': each is'} exceeded by no more than {share(advice.target_over_share)} of"
        f" requests, with {share(advice.confidence)} certainty"
    )
    seen = ""
    if advice.over_share is not None and advice.max_seq_len is not None:
        seen = f"; of those recorded, {_over(advice.over_share)} longer than {whole(advice.max_seq_len)} in all"
        if advice.over_share_bound is not None:
            seen += f" (at most {share(advice.over_share_bound)} with the same certainty)"
    return words(*[piece for part in known for piece in part], f"{certainty}{seen}. ")


def _over(part: float) -> str:
    return "none was" if part == 0 else f"{share(part)} were"


def _main_limits(advice: LengthAdvice) -> list[tuple[str, int]]:
    pairs = (("max_input_len", advice.max_input_len), ("max_seq_len", advice.max_seq_len))
    return [(setting, tokens) for setting, tokens in pairs if tokens is not None]


def _no_limits(model: ModelAnalysis) -> Words:
    advice = model.lengths
    needed = requests_needed(advice.target_over_share, advice.confidence)
    wait = ""
    if model.rate.mean_rps > 0 and needed > model.requests:
        wait = f"; at the recorded pace that is {days(needed / model.rate.mean_rps / 86_400)} of traffic"
    return words(
        strong("Keep the length limits you have"),
        f": to say with {share(advice.confidence)} certainty what no more than {share(advice.target_over_share)} of"
        f" requests exceed takes {whole(needed)} requests{wait}. The longest request so far had"
        f" {whole(model.total.max)} tokens in all. ",
    )


def _machines(model: ModelAnalysis) -> Words:
    advice = model.capacity
    if advice is None:
        return words(
            strong("How many replicas to run is not known"),
            ", because nothing says what one replica carries: measure the requests per second that one sustains within"
            " your latency objective, give it as ",
            code(SETTING),
            " under ",
            code(PLACE),
            " in the settings file, and run the report again. The load to carry is"
            f" {_per_second(model.rate.negative_binomial_p95_1s)}: 95% of seconds stay at or below it.",
        )
    return words(
        "Run ",
        strong(f"{plural(advice.replicas, 'replica')} ({gpus(advice)})"),
        f": the peak is {_per_second(advice.peak_rps)}, and one replica carries {rate(advice.rps_per_replica)}"
        f" ({advice.source}; confidence: {advice.confidence}).",
        _change(advice),
    )


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
    if not model.lengths.right_censored:
        return ()
    text = (
        " The lengths seen were cut off by a limit already in force: what clients would send or want without it may be"
        " longer than anything recorded here."
    )
    return (Paragraph(words(strong("Read the limits with care."), text), tone="caution"),)


def tiles(model: ModelAnalysis) -> Tiles:
    """The headline figures; what is not known says so."""
    advice, lengths = model.capacity, model.lengths
    certainty = f"{share(lengths.target_over_share)} over, {share(lengths.confidence)} certain"
    items = [
        Tile(words(code(name)), "not yet known" if tokens is None else whole(tokens), note)
        for name, tokens, note in (
            ("max_input_len", lengths.max_input_len, f"tokens; {certainty}"),
            ("max_output_len", lengths.max_output_len, f"tokens; {certainty}"),
            ("max_seq_len", lengths.max_seq_len, f"tokens; {certainty}"),
        )
    ]
    load: Span = Span("load to plan for")
    if advice is None:
        items.append(
            Tile(
                (load,),
                f"{whole(model.rate.negative_binomial_p95_1s)} req/s",
                f"95% of seconds, mean {rate(model.rate.mean_rps)}",
            )
        )
        items.append(Tile(words("replicas"), "not known", f"give {SETTING}"))
    else:
        items.append(Tile((load,), f"{rate(advice.peak_rps)} req/s", f"mean {rate(model.rate.mean_rps)}"))
        items.append(Tile(words("replicas"), whole(advice.replicas), gpus(advice)))
    return Tiles(tuple(items))
