"""The report of an analysis as data: what to do first, then what it rests on, then what cannot be said."""

from collections.abc import Iterator, Mapping, Sequence

from analyzer.advise.seasons import Seasons
from analyzer.analysis import Analysis, Coverage, ModelAnalysis
from analyzer.backtest import Backtest, ModelBacktest
from analyzer.report import tables
from analyzer.report.blocks import Block, Paragraph, Points, Report, Section, Words, code, strong, words
from analyzer.report.lead import cautions, first_paragraph, tiles
from analyzer.report.numbers import days, plural, share, span
from analyzer.report.origin import made_from
from analyzer.report.sections import of_model
from analyzer.window import Window

SHOWN_MODELS = 12
WORDS = (
    ("ISL", "input sequence length: the tokens of a prompt"),
    ("OSL", "output sequence length: the tokens of an answer, reasoning included"),
    ("TTFT", "time to first token, from the request to the first piece of the answer"),
    ("ITL", "inter-token latency, the time between two tokens of an answer"),
    ("TPOT", "time per output token: the time after the first token over the tokens after the first"),
    ("E2E", "end to end, from the request to the last piece of the answer"),
    ("p99", "the value that 99 of 100 do not exceed; p50 is the median"),
)


def compose(analysis: Analysis, tried: Backtest | None = None) -> Report:
    """The whole report; it is made from the analysis, and how its like did in the weeks there are, alone: the same
    input gives the same report.
    """
    trials = {} if tried is None else tried.models
    ordered = sorted(analysis.models.items(), key=lambda item: (-item[1].requests, item[0]))
    models = dict(ordered)
    sections = [*_of_models(models, analysis.window, trials), *_basis(analysis, models)]
    return Report(
        title=_title(models),
        subtitle=_subtitle(analysis),
        lead=tuple(_lead(analysis, models)),
        sections=tuple(sections),
    )


def _title(models: Mapping[str, ModelAnalysis]) -> str:
    if not models:
        return "No traffic"
    some_limit = any(model.lengths.max_seq_len is not None for model in models.values())
    return "What to run" if some_limit else "Too little traffic"


def _subtitle(analysis: Analysis) -> str:
    window = analysis.window
    words_of_it = span(window.start, window.end).removeprefix("from ").removeprefix("on ")
    return f"{words_of_it}, {window.timezone} ({days(window.days)})"


def _lead(analysis: Analysis, models: Mapping[str, ModelAnalysis]) -> Iterator[Block]:
    outside = tuple(_outside(analysis.coverage))
    if not models:
        yield from (Paragraph(_no_traffic(analysis)), *outside)
        return
    if len(models) == 1:
        for name, model in models.items():
            paragraph, *others = _model_lead(name, model, analysis.window)
            yield from (paragraph, *outside, *others)
        return
    largest = next(iter(models))
    yield Paragraph(
        words(
            strong(plural(len(models), "model")),
            f" received {plural(analysis.coverage.requests, 'request')}; ",
            code(largest),
            f" received {share(models[largest].requests / analysis.coverage.requests)} of them. ",
            *first_paragraph(largest, models[largest], analysis.window).words,
            f"{_together(models)} The table says it for each model, the sections below say why.",
        )
    )
    yield from outside
    yield tables.models(dict(list(models.items())[:SHOWN_MODELS]), analysis.coverage.requests)
    if len(models) > SHOWN_MODELS:
        rest = list(models.values())[SHOWN_MODELS:]
        text = (
            f"{plural(len(rest), 'further model')} with {plural(sum(m.requests for m in rest), 'request')} in all are"
            " in analysis.json only."
        )
        yield Paragraph(words(text))


def _outside(coverage: Coverage) -> Iterator[Paragraph]:
    """That requests were recorded before or after the window, where there are such."""
    if coverage.outside:
        text = (
            f" {share(coverage.outside / (coverage.outside + coverage.requests))} of all requests"
            f" ({plural(coverage.outside, 'request')}) lie before or after this window; "
        )
        start = strong("Not all that was recorded is in this report.")
        yield Paragraph(words(start, text, code("--all"), " takes them."), tone="caution")


def _together(models: Mapping[str, ModelAnalysis]) -> str:
    """What all models need together, where it is known for each of them and one kind of GPU is meant."""
    known = [model.capacity for model in models.values() if model.capacity is not None]
    if len(known) < len(models) or len({advice.gpu for advice in known}) > 1:
        return ""
    return f" All models together need {plural(sum(advice.gpus for advice in known), 'GPU')}."


def _model_lead(name: str, model: ModelAnalysis, window: Window) -> Iterator[Block]:
    yield first_paragraph(name, model, window)
    yield from cautions(model)
    yield tiles(model)


def _no_traffic(analysis: Analysis) -> Words:
    aside = sum(analysis.coverage.set_aside.values())
    if aside:
        why = (
            f"All {plural(aside, 'row')} of the window had to be set aside, for the reasons below: look at what the"
            " exporter could not read."
        )
    else:
        why = (
            "Check that the exporter is in the path of the requests, that its records reach the analyzer, and that the"
            " window and the model asked for are the ones you mean."
        )
    return words(
        strong("No request can be analysed"),
        f" {span(analysis.window.start, analysis.window.end)} ({analysis.window.timezone}), so"
        f" nothing is recommended: keep the settings you have. {why}",
    )


def _of_models(
    models: Mapping[str, ModelAnalysis], window: Window, trials: Mapping[str, ModelBacktest]
) -> Iterator[Section]:
    if len(models) == 1:
        for name, model in models.items():
            yield from of_model(model, window, "", 2, trials.get(name))
        return
    for place, (name, model) in enumerate(list(models.items())[:SHOWN_MODELS], start=1):
        prefix = f"m{place}-"
        yield Section(f"{prefix}model", words(code(name)), 2, tuple(_model_lead(name, model, window)))
        yield from of_model(model, window, prefix, 3, trials.get(name))


def _basis(analysis: Analysis, models: Mapping[str, ModelAnalysis]) -> Iterator[Section]:
    made = () if analysis.origin is None else (Paragraph(made_from(analysis.origin)),)
    yield Section("rows", words("Rows and hours"), 2, (*_rows(analysis.coverage), *made))
    unsaid = tuple(_unsaid(analysis, models))
    if unsaid:
        yield Section("unsaid", words("What this report cannot say"), 2, (Points(unsaid),))
    terms = tuple(words(strong(term), f": {meaning}.") for term, meaning in WORDS)
    yield Section("words", words("Words"), 2, (Points(terms),))


def _rows(coverage: Coverage) -> Iterator[Block]:
    aside = sum(coverage.set_aside.values())
    text = f"{plural(coverage.requests, 'request')} went into the figures; "
    text += f"{plural(aside, 'row was', 'rows were')} set aside." if aside else "no row was set aside."
    if coverage.missing_hours:
        text += (
            f" {plural(coverage.missing_hours, 'hour')} of the window lie before the first or after the last record."
        )
    if coverage.empty_hours:
        text += f" {plural(coverage.empty_hours, 'hour')} in between had no request."
    yield Paragraph(words(text))
    if aside:
        yield tables.set_aside(coverage.set_aside)


def _unsaid(analysis: Analysis, models: Mapping[str, ModelAnalysis]) -> Iterator[Words]:
    span, values = analysis.window.days, models.values()
    if not values:
        return
    if span < 7:
        yield words(f"What other days of the week bring: the window has {days(span)}.")
    if span < 14:
        yield words("Whether this week is like other weeks, and whether lengths grow: one window does not show it.")
    elif any(model.lengths.drift_per_week is None for model in values):
        yield words("Whether lengths grow from week to week: two weeks with requests on most days were not seen.")
    if any(model.regimes.verdict == "too_little_traffic" for model in values):
        yield words("Which hours have a mix of lengths of their own: that shows over five days or more.")
    if any(model.prefix is None for model in values):
        yield words("How much prompts have in common: the records name no prefix blocks.")
    yield from _unsaid_of_seasons([model.seasons for model in values])
    if any(model.latency is None for model in values):
        yield words("How fast the engine answered: the records hold no times.")
    if any(model.clients is None for model in values):
        yield words("Who calls: the records name no caller.")
    yield from _unsaid_of_capacity({model.capacity.source for model in values if model.capacity is not None})
    yield words(
        "What clients that were refused, or that gave up before they asked, would have sent: only what arrived is"
        " recorded."
    )
    yield words(
        "The certainty of the limits takes requests as independent of each other; many alike from one job make it"
        f" weaker than {_confidences(models)} says."
    )


def _unsaid_of_capacity(sources: set[str]) -> Iterator[Words]:
    if "stated" in sources:
        yield words(
            "Whether one replica really carries the stated load: that number was taken as given and holds for the"
            " lengths and the hardware with which it was measured."
        )
    if sources - {"stated", "live"}:
        yield words(
            "Whether your engine is as fast as its model: no recorded latency confirms it. Measure one replica at the"
            " load that it is said to carry before you buy by this."
        )


def _unsaid_of_seasons(found: Sequence[Seasons | None]) -> Iterator[Words]:
    if any(one is None or one.verdict == "too_little_traffic" for one in found):
        yield words("Whether other numbers of replicas at some hours pay: their section says what is missing.")
    if any(one is None or one.saving_from_profiles is None for one in found):
        yield words("Whether other engine settings at some hours pay: the costs of other profiles are not computed.")


def _confidences(models: Mapping[str, ModelAnalysis]) -> str:
    return " or ".join(sorted({share(model.lengths.confidence) for model in models.values()}))
