"""The sections about what to run at which hours, and what earlier advice was worth."""

from collections.abc import Sequence
from dataclasses import replace

from analyzer.advise.season_words import SAME_REPLICAS, UNCHANGED, knobs
from analyzer.advise.seasons import OutOfSample, Season, Seasons
from analyzer.analysis import ModelAnalysis
from analyzer.backtest import ModelBacktest, Trial
from analyzer.patterns.names import clock
from analyzer.report import theme, week_map
from analyzer.report.blocks import Block, Column, Figure, Paragraph, Span, Table, Words, code, strong, words
from analyzer.report.numbers import plural, rate, share, whole

VERDICTS = {
    "profiles": "Yes: other settings at some hours pay.",
    "replicas": "Yes: other numbers of replicas pay.",
    "none": "No: run the same at all hours.",
    "too_little_traffic": "Too little traffic to tell.",
}
UNKNOWN = "not known"


def seasons(model: ModelAnalysis, prefix: str) -> tuple[Block, ...]:
    """Whether it pays to run something else at some hours: the verdict first, then the plan and how it was tried."""
    found = model.seasons
    if found is None:
        why = [one.sentence for one in model.evidence if one.figure == "seasons"]
        return tuple(Paragraph(words(sentence)) for sentence in why)
    said = Paragraph(words(strong(VERDICTS[found.verdict]), f" {found.reason}"))
    plan = (_map(found.plan, prefix), _plan(found.plan)) if found.plan else ()
    return said, *plan, *_money(found), *_tried(found.out_of_sample)


def _map(plan: Sequence[Season], prefix: str) -> Figure:
    labels = [-1] * week_map.HOURS * len(week_map.DAYS)
    for label, season in enumerate(plan):
        for hour in season.hours_of_week:
            labels[hour] = label
    told = "; ".join(f"{plural(season.replicas, 'replica')}: {clock(season.hours_of_week)}" for season in plan)
    return Figure(
        name=f"{prefix}season-map",
        title="Replicas by hour of the week",
        alt=f"Map of the 168 hours of the week. {told}.",
        caption="Hours with one letter run one number of replicas; no window is shorter than four hours.",
        spec=theme.themed(
            week_map.chart(labels, {label: plural(season.replicas, "replica") for label, season in enumerate(plan)})
        ),
    )


def _plan(plan: Sequence[Season]) -> Table:
    heads = (
        Column("window", numeric=False),
        Column("hours", numeric=False),
        Column("hours a week"),
        Column("replicas"),
        Column("GPUs"),
        *((Column("settings", numeric=False),) if _differ(plan) else ()),
    )
    rows = tuple(
        (
            words(f"{week_map.letter(label)}: {season.name}"),
            words(clock(season.hours_of_week)),
            words(whole(len(season.hours_of_week))),
            words(whole(season.replicas)),
            words(whole(season.gpus)),
            *((words(knobs(season.profile)),) if _differ(plan) else ()),
        )
        for label, season in enumerate(plan)
    )
    return Table("What to run when, on the clock of the window.", heads, rows)


def _differ(plan: Sequence[Season]) -> bool:
    """Whether seasons run different settings, and not only different numbers of replicas."""
    return len({replace(season.profile, replicas=0) for season in plan}) > 1


def _money(found: Seasons) -> tuple[Paragraph, ...]:
    if found.saving_share is None or found.saving_interval is None or found.static_replicas is None:
        return ()
    low, high = found.saving_interval
    recommended = "The plan saves " if found.plan else "The best plan would save "
    sure = f"from {share(low)} to {share(high)}, two standard errors to each side"
    text = (
        f" of the GPU-hours of {plural(found.static_replicas, 'replica')} at all hours"
        f" ({sure if high - low > UNCHANGED else SAME_REPLICAS}). {_from(found)}"
    )
    return (Paragraph(words(recommended, strong(share(found.saving_share)), text)),)


def _from(found: Seasons) -> str:
    """What of the saving comes from replicas and what from other settings."""
    if found.saving_from_profiles is None:
        return "All of it comes from replicas; what other engine settings would add is not computed."
    if found.verdict == "profiles" and found.saving_from_replicas is not None:
        return (
            f"{share(found.saving_from_replicas)} come from replicas alone,"
            f" {share(found.saving_from_profiles)} are added by other engine settings."
        )
    return (
        "All of it comes from replicas; other engine settings at some hours would add"
        f" {share(max(found.saving_from_profiles, 0.0))}."
    )


def _tried(found: OutOfSample | None) -> tuple[Paragraph, ...]:
    if found is None:
        return ()
    over = "" if found.over_limit_share is None else f" {share(found.over_limit_share)} were longer than its limit;"
    text = (
        f"In the last {plural(found.weeks, 'whole week')}, each run under what the other weeks advise,"
        f" {share(found.attained_share)} of the requests fitted into what ran in the second in which they came;{over}"
        f" {share(found.saving_share)} of the GPU-hours were saved."
    )
    return (Paragraph(words(text)),)


def backtest(found: ModelBacktest | None) -> tuple[Block, ...]:
    """How the advice of earlier weeks did in later ones."""
    if found is None:
        return ()
    if not found.trials:
        return (Paragraph(words(f"Not tried. {found.reason}")),)
    return Paragraph(words(*_summary(found))), _trials(found.trials)


def _summary(found: ModelBacktest) -> Words:
    parts: list[str | Span] = [f"{found.reason} "]
    if found.over_limit_share is not None:
        parts += [
            f"{share(found.over_limit_share)} of the requests were longer than the ",
            code("max_seq_len"),
            " of that advice. ",
        ]
    if found.attained_share is not None:
        parts.append(f"{share(found.attained_share)} came within the peak that it carries. ")
    if found.saving_share is not None:
        parts.append(f"Replicas by hours of the week would have saved {share(found.saving_share)} of the GPU-hours. ")
    parts.append("Anomalies are left out of both.")
    return words(*parts)


def _trials(trials: Sequence[Trial]) -> Table:
    names = ("weeks learnt from", "requests", "max_seq_len", "over it", "peak, req/s", "replicas", "fitted")
    heads = (
        Column("week from", numeric=False),
        *(Column(name) for name in names),
        *(Column(name) for name in ("plan's replicas", "fitted its plan", "saved by it")),
    )
    caption = (
        "Each whole week under the advice from those before it; a plan from fewer than four weeks is tried although"
        " it would not be recommended. Fitted: requests within what ran, in the second in which they came."
    )
    return Table(caption, heads, tuple(_trial(one) for one in trials))


def _trial(one: Trial) -> tuple[Words, ...]:
    plan = one.plan
    figures = (
        whole(one.learnt_from),
        whole(one.requests),
        UNKNOWN if one.max_seq_len is None else whole(one.max_seq_len),
        UNKNOWN if one.over_total_share is None else share(one.over_total_share),
        rate(one.peak_rps),
        UNKNOWN if one.replicas is None else whole(one.replicas),
        share(one.attained_share),
        "–" if plan is None else f"{whole(plan.least_replicas)} to {whole(plan.most_replicas)}",
        "–" if plan is None else share(plan.attained_share),
        "–" if plan is None else share(plan.saving_share),
    )
    return words(f"{one.start:%Y-%m-%d}"), *(words(figure) for figure in figures)
