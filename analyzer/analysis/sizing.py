"""Capacity from what was recorded: which kind of hours is the hardest, and what carries it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analyzer.advise import capacity
from analyzer.advise.capacity import CapacityAdvice, Load, Peak, StatedCapacity
from analyzer.advise.prices import Traffic
from analyzer.advise.sizing import advice, kinds
from analyzer.advise.sizing.advice import Demanded
from analyzer.advise.sizing.hours import RecordedHour
from analyzer.advise.sizing.kinds import Kind
from analyzer.advise.sizing.mix import of_shape
from analyzer.advise.sizing.question import Sizing
from analyzer.advise.windows import HoursAdvice
from analyzer.analysis.baseline import Baseline
from analyzer.demand import peaks
from analyzer.errors import DoesNotFit, NoThroughput
from analyzer.evidence import Evidence
from analyzer.shape import merged
from analyzer.window import HourOfWeek, Window


@dataclass(frozen=True, slots=True)
class Derived:
    """The advice, what one replica carries (for the plan of the week and the backtest), and the evidence."""

    advice: CapacityAdvice | None
    stated: StatedCapacity | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Recording:
    """What the sizing rests on: the usual traffic, its kinds of hours, the load, and recorded hours to replay."""

    window: Window
    base: Baseline
    kinds: HoursAdvice
    load: Load
    hours: Sequence[RecordedHour]


def derive(sizing: Sizing, wanted: StatedCapacity, recording: Recording, max_seq_len: int | None) -> Derived:
    """The advice for the hardest kind of hours, with `max_seq_len` as the limit where the profile is to be chosen."""
    base, requests = recording.base, recording.base.whole.requests
    asked = replace(sizing, wishes=replace(sizing.wishes, max_model_len=max_seq_len))
    try:
        hard = kinds.hardest(asked, _kinds(recording, wanted))
        found = advice.advise(asked, hard.mix, _demanded(recording, hard), wanted)
    except (DoesNotFit, NoThroughput) as error:
        return Derived(None, None, (Evidence("capacity", requests, len(base.days), None, str(error)),))
    if found.advice is None or found.stated is None:
        return Derived(None, None, (Evidence("capacity", requests, len(base.days), None, found.sentence),))
    said = capacity.sentence(hard.peak, found.advice)
    of = f" The lengths are those of {hard.name}, which ask for the most replicas." if hard.hours_of_week else ""
    told = (
        Evidence("capacity.replicas", requests, len(base.days), found.advice.replicas_interval, said + of),
        Evidence("capacity.rps_per_replica", requests, len(base.days), found.advice.rps_interval, found.sentence),
    )
    return Derived(found.advice, found.stated, told)


def _kinds(recording: Recording, wanted: StatedCapacity) -> tuple[Kind, ...]:
    """The kinds of hours that come back, each with its peak; all hours as one kind where none do or one is stated."""
    base, load = recording.base, recording.load
    whole = Kind("all hours", of_shape(base.whole), capacity.peak(load, wanted), load.rate.mean_rps)
    windows = recording.kinds.windows
    if len(windows) < 2 or wanted.peak_rps is not None:
        return (whole,)
    by_hour = peaks(base.weeks, wanted.law)
    found = []
    for kind in windows:
        own = frozenset(kind.hours_of_week)
        shapes = [one for one in base.hours if HourOfWeek.of(recording.window.local(one.start)).index in own]
        if not shapes:
            continue
        rps = float(by_hour[list(own)].max())
        sentence = f"95 % of the seconds of the busiest hour of {kind.name} stay at or below {rps:g} requests/s"
        found.append(Kind(kind.name, of_shape(merged(shapes)), Peak(rps, sentence), kind.mean_rps, kind.hours_of_week))
    return tuple(found) or (whole,)


def _demanded(recording: Recording, hard: Kind) -> Demanded:
    base, load = recording.base, recording.load
    whole = base.whole
    busiest = load.rate.mean_rps if load.busiest is None else load.busiest.seconds.mean
    return Demanded(
        peak=hard.peak,
        traffic=Traffic(load.rate.mean_rps, whole.isl.sum / whole.requests, whole.osl.sum / whole.requests),
        busy_hour_rps=busiest,
        hours=tuple(one.requests for one in recording.hours if one.start not in base.left_out),
        seconds=whole.seconds,
    )
