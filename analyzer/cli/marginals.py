"""Analyses of files that hold marginals: the same commands, a smaller answer."""

import argparse

from analyzer.cli import choices
from analyzer.errors import AnalyzerError, BadSettings, NoTraffic, TooLittleTraffic
from analyzer.marginals import MarginalAnalysis, analyse
from analyzer.settings import Settings
from analyzer.store import Found, Span, read_marginals

HOUR_US = 3_600_000_000


def analysis(
    found: Found, settings: Settings, options: argparse.Namespace
) -> tuple[MarginalAnalysis, AnalyzerError | None]:
    """What the marginals in `found` say, and the error to end with where it is nothing."""
    marginals = read_marginals(found.marginals)
    unknown = sorted(set(options.model or ()) - marginals.keys())
    if unknown:
        raise BadSettings(f"No histogram counts {', '.join(unknown)}: there are {', '.join(sorted(marginals))}.")
    chosen = {name: one for name, one in marginals.items() if not options.model or name in options.model}
    spans = [
        Span(name, one.hours[0].start, one.hours[-1].start + HOUR_US - 1, round(sum(h.isl.total for h in one.hours)))
        for name, one in chosen.items()
        if one.hours
    ]
    window = choices.window(spans, settings, options)
    asked = choices.questions(settings, {span.model: span.requests for span in spans if span.model})
    done = analyse(window, chosen, {name: one.target for name, one in asked.items()})
    return done, _problem(done)


def _problem(done: MarginalAnalysis) -> AnalyzerError | None:
    if not done.models:
        start, end = done.window.start.isoformat(), done.window.end.isoformat()
        return NoTraffic(
            f"The histograms counted no request between {start} and {end}: choose another window with --from and --to,"
            " or take --all."
        )
    if all(model.lengths.max_seq_len is None for model in done.models.values()):
        why = " ".join(f"{name}: {model.lengths.effect}" for name, model in done.models.items())
        return TooLittleTraffic(f"There is no limit that the histograms could give. {why}")
    return None
