"""The whole argument: from hours of traffic to what is said about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from analyzer.advise import lengths, seasons, windows
from analyzer.advise.capacity import Load
from analyzer.advise.lengths import LengthAdvice
from analyzer.advise.seasons import Asked, Seasons
from analyzer.advise.windows import HoursAdvice
from analyzer.analysis import estimates, sentences, sizing
from analyzer.analysis.baseline import Baseline, baseline, trends
from analyzer.analysis.questions import Questions
from analyzer.analysis.result import Analysis, Coverage, Hour, ModelAnalysis
from analyzer.analysis.sizing import Derived, Recording
from analyzer.demand import Demand, Rate, client_shares, demand, rate
from analyzer.evidence import Evidence
from analyzer.histogram import Histogram
from analyzer.patterns.regimes import regimes
from analyzer.shape import HourlyShape, Thresholds, Traffic, joint, merged, query_patterns
from analyzer.window import Window, hour_starts, microseconds


@dataclass(frozen=True, slots=True)
class Recorded:
    """What surrounds the traffic: first and last record of any kind in microseconds since the epoch (`None` where
    nothing was recorded), rows set aside by reason, how many files could not be read, and how many requests of each
    model lie outside the window.
    """

    first: int | None
    last: int | None
    set_aside: Mapping[str, int]
    unreadable_files: int = 0
    outside: Mapping[str, int] = field(default_factory=dict)


def analyse(
    window: Window,
    recorded: Recorded,
    traffic: Mapping[str, Traffic],
    questions: Mapping[str, Questions],
    thresholds: Thresholds,
    earlier: Mapping[str, Sequence[HourlyShape]] | None = None,
) -> Analysis:
    """Everything that can be said about `traffic`; `questions` has every model of it.

    `earlier` are hours of the same models before the window, up to eight weeks before its end: what is usual, what
    comes back and what drifts is learnt from them too. Same input, same output: there is no clock and no chance in it
    but fixed seeds.
    """
    before = earlier or {}
    return Analysis(
        window=window,
        coverage=coverage(window, recorded, traffic),
        models={
            model: _model(model, window, traffic[model], questions[model], thresholds, recorded, before.get(model, ()))
            for model in sorted(traffic)
        },
    )


def coverage(window: Window, recorded: Recorded, traffic: Mapping[str, Traffic]) -> Coverage:
    """How well the records cover the local hours of `window`."""
    slots = hour_starts(window)
    counted = {shape.start for one in traffic.values() for shape in one.hours}
    covered: list[int] = []
    if recorded.first is not None and recorded.last is not None:
        ends = [*slots[1:], microseconds(window.end)]
        covered = [s for s, end in zip(slots, ends, strict=True) if end > recorded.first and s <= recorded.last]
    return Coverage(
        requests=sum(shape.requests for one in traffic.values() for shape in one.hours),
        set_aside=dict(recorded.set_aside),
        empty_hours=len(set(covered) - counted),
        missing_hours=len(set(slots) - set(covered) - counted),
        outside=sum(recorded.outside.values()),
    )


def _model(
    name: str,
    window: Window,
    traffic: Traffic,
    questions: Questions,
    thresholds: Thresholds,
    recorded: Recorded,
    earlier: Sequence[HourlyShape],
) -> ModelAnalysis:
    base = baseline(window, traffic.hours, earlier)
    whole = merged(traffic.hours) if base.requests_left_out else base.whole
    arrivals, days = rate(whole, traffic.peak_caller), len({window.local(one.start).date() for one in traffic.hours})
    found = _estimated(name, window, base, Counted(whole, arrivals, traffic, days), questions, thresholds)
    return ModelAnalysis(
        requests=whole.requests,
        isl=whole.isl.summary(),
        osl=whole.osl.summary(),
        total=whole.total.summary(),
        joint=joint(whole),
        query_patterns=query_patterns(whole, thresholds),
        rate=arrivals,
        clients=client_shares(traffic.callers, whole.requests),
        hours=hours_of_day(window, traffic.hours),
        lengths=found.lengths,
        latency=traffic.latency,
        capacity=found.derived.advice,
        evidence=(*_described(name, whole, arrivals, traffic, days, recorded), *found.evidence),
        prefix=traffic.prefix,
        anomalies=base.anomalies,
        regimes=found.regimes,
        demand=found.demand,
        seasons=found.seasons,
        weeks=base.weeks,
        carries=found.derived.stated,
        serving=found.derived.serving,
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted of a model's requests: all of them added up, how they arrive, and on how many local days."""

    whole: HourlyShape
    rate: Rate
    traffic: Traffic
    days: int


@dataclass(frozen=True, slots=True)
class Estimated:
    """What is estimated from the traffic without anomalies, with its evidence."""

    lengths: LengthAdvice
    demand: Demand
    regimes: HoursAdvice
    derived: Derived
    seasons: Seasons | None
    evidence: tuple[Evidence, ...]


def _estimated(
    name: str, window: Window, base: Baseline, counted: Counted, questions: Questions, thresholds: Thresholds
) -> Estimated:
    whole, target = counted.whole, questions.target
    limits, limited = lengths.advise(base.whole, base.whole_days, target, trends(base), counted.traffic.refusals)
    asked = demand(window, base.hours, whole.first, whole.last, base.left_out)
    kinds = windows.advise(regimes(base.history, thresholds), tuple(base.by_day.values()), target)
    load = Load(counted.rate, asked.busiest, whole.total.sum / whole.requests)
    derived = sizing.derive(name, Recording(window, base, kinds, load), questions, limits.max_seq_len)
    plan, planned = seasons.advise(base.weeks, Asked(name, limits.max_seq_len, derived.stated, target))
    told = estimates.told(base, kinds, asked, counted.days)
    left_out = estimates.without(base, (*limited, *derived.evidence))
    return Estimated(limits, asked, kinds, derived, plan, (*told, *planned, *left_out))


def _described(
    name: str, whole: HourlyShape, arrivals: Rate, traffic: Traffic, days: int, recorded: Recorded
) -> tuple[Evidence, ...]:
    """The evidence of all that is counted, and that some of the model was recorded outside the window."""
    outside = sentences.of_outside(recorded.outside.get(name, 0), whole.requests, days)
    return (*sentences.of_description(whole, arrivals, traffic, days, recorded.unreadable_files), *outside)


def hours_of_day(window: Window, shapes: Sequence[HourlyShape]) -> tuple[Hour, ...]:
    """The 24 hours of the local day, all days added up."""
    by_hour: dict[int, list[HourlyShape]] = {hour: [] for hour in range(24)}
    for shape in shapes:
        by_hour[window.local(shape.start).hour].append(shape)
    return tuple(_hour(hour, found) for hour, found in by_hour.items())


def _hour(hour: int, shapes: Sequence[HourlyShape]) -> Hour:
    if not shapes:
        return Hour(hour, 0, None, None, None, None)
    isl = Histogram.merged([shape.isl for shape in shapes])
    osl = Histogram.merged([shape.osl for shape in shapes])
    return Hour(hour, isl.total, isl.quantile(500), isl.quantile(990), osl.quantile(500), osl.quantile(990))
