"""The whole argument: from hours of traffic to what is said about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from analyzer.advise import capacity, lengths
from analyzer.advise.bounds import LengthTarget
from analyzer.advise.capacity import CapacityAdvice, Load, StatedCapacity
from analyzer.analysis import sentences
from analyzer.analysis.result import Analysis, Coverage, Hour, ModelAnalysis
from analyzer.demand import Bins, Rate, by_cell, client_shares, negative_binomial_p95, rate
from analyzer.evidence import Evidence
from analyzer.histogram import Histogram
from analyzer.shape import HourlyShape, Thresholds, Traffic, joint, merged, query_patterns
from analyzer.window import HourOfWeek, Window, hour_starts, microseconds

TWO_WEEKS_DAYS = 14
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


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


@dataclass(frozen=True, slots=True)
class Questions:
    """What one model is asked: which limits are wanted, and what one replica delivers, if the user says so.

    `stated_for` names the model for which the one statement of the user is used, where it is not used for this one.
    """

    target: LengthTarget
    stated: StatedCapacity | None
    stated_for: str | None = None


def analyse(
    window: Window,
    recorded: Recorded,
    traffic: Mapping[str, Traffic],
    questions: Mapping[str, Questions],
    thresholds: Thresholds,
) -> Analysis:
    """Everything that can be said about `traffic`; `questions` has every model of it.

    Same input, same output: there is no clock and no chance in it but the fixed seed of the resampling.
    """
    slots = hour_starts(window)
    return Analysis(
        window=window,
        coverage=coverage(window, recorded, traffic),
        models={
            model: _model(model, window, slots, traffic[model], questions[model], thresholds, recorded)
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
    slots: Sequence[int],
    traffic: Traffic,
    questions: Questions,
    thresholds: Thresholds,
    recorded: Recorded,
) -> ModelAnalysis:
    whole = merged(traffic.hours)
    days = _days(window, traffic.hours)
    arrivals = rate(whole, traffic.peak_caller)
    total = whole.total.summary()
    limits, limits_evidence = lengths.advise(whole, days, questions.target)
    load = _load(window, slots, traffic.hours, whole, arrivals)
    advice, advice_evidence = _capacity(name, load, questions, limits.max_seq_len, whole.requests, len(days))
    described = sentences.of_description(whole, arrivals, traffic, len(days), recorded.unreadable_files)
    left_out = sentences.of_outside(recorded.outside.get(name, 0), whole.requests, len(days))
    return ModelAnalysis(
        requests=whole.requests,
        isl=whole.isl.summary(),
        osl=whole.osl.summary(),
        total=total,
        joint=joint(whole),
        query_patterns=query_patterns(whole, thresholds),
        rate=arrivals,
        clients=client_shares(traffic.callers, whole.requests),
        hours=hours_of_day(window, traffic.hours),
        lengths=limits,
        latency=traffic.latency,
        capacity=advice,
        evidence=(*described, *left_out, *limits_evidence, *advice_evidence),
    )


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


def _days(window: Window, shapes: Sequence[HourlyShape]) -> tuple[HourlyShape, ...]:
    """The local calendar days on which requests came, each added up."""
    by_day: dict[date, list[HourlyShape]] = {}
    for shape in shapes:
        by_day.setdefault(window.local(shape.start).date(), []).append(shape)
    return tuple(merged(found) for found in by_day.values())


def _load(
    window: Window, slots: Sequence[int], shapes: Sequence[HourlyShape], whole: HourlyShape, arrivals: Rate
) -> Load:
    """The rate with its busiest hour of the week, or of the day where the window is shorter than two weeks."""
    weekly = window.days >= TWO_WEEKS_DAYS
    keys = {start: HourOfWeek.of(window.local(start)).index for start in slots}
    if not weekly:
        keys = {start: index % 24 for start, index in keys.items()}
    cells = by_cell(shapes, keys, whole.first, whole.last)
    mean_tokens = whole.total.sum / whole.requests
    if not cells:
        return Load(arrivals, None, "", mean_tokens)
    busiest = max(cells, key=lambda key: (_peak(cells[key]), -key))
    name = f"{busiest % 24:02d}:00 to {busiest % 24 + 1:02d}:00"
    return Load(arrivals, cells[busiest], f"{DAY_NAMES[busiest // 24]} {name}" if weekly else name, mean_tokens)


def _peak(cell: Bins) -> int:
    return negative_binomial_p95(cell.mean, cell.variance)


def _capacity(
    model: str, load: Load, questions: Questions, max_seq_len: int | None, requests: int, days: int
) -> tuple[CapacityAdvice | None, tuple[Evidence, ...]]:
    """The advice with its evidence, or why there is none although the user states what a replica delivers."""
    stated = questions.stated
    if stated is None and questions.stated_for is None:
        return None, ()
    if max_seq_len is None and (stated is None or stated.peak_rps is None):
        return None, (Evidence("capacity", requests, days, None, sentences.too_few_for_capacity(requests)),)
    if stated is None:
        sentence = sentences.stated_for_another(model, questions.stated_for or "")
        return None, (Evidence("capacity", requests, days, None, sentence),)
    advice, evidence = capacity.advise(model, load, stated, max_seq_len, requests, days)
    return advice, (evidence,)
