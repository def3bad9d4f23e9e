"""Capacity from what was recorded: which kind of hours is the hardest, and what carries it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analyzer.advise import capacity
from analyzer.advise.capacity import CapacityAdvice, Load, Peak, StatedCapacity
from analyzer.advise.prices import Traffic
from analyzer.advise.sized import OtherProfile
from analyzer.advise.sizing import advice, kinds
from analyzer.advise.sizing.choose import Judged
from analyzer.advise.sizing.fleets import Demanded
from analyzer.advise.sizing.hours import RecordedHour
from analyzer.advise.sizing.hours import busiest as busiest_hours
from analyzer.advise.sizing.kinds import Kind
from analyzer.advise.sizing.mix import Mix, of_sample, of_shape
from analyzer.advise.sizing.money import HOUR_S
from analyzer.advise.sizing.question import Sizing
from analyzer.advise.sizing.sample import Sample
from analyzer.advise.windows import HoursAdvice
from analyzer.analysis import sentences
from analyzer.analysis.baseline import Baseline
from analyzer.analysis.questions import Questions
from analyzer.demand import peaks
from analyzer.demand.weeks import HOURS
from analyzer.engine import ServingProfile
from analyzer.errors import DoesNotFit, NoThroughput
from analyzer.evidence import Evidence
from analyzer.replay.disproved import Longer, disproved
from analyzer.shape import HourlyShape, merged
from analyzer.window import HourOfWeek, Window

PROFILE = "capacity.profile"
LEAST_SAMPLED = 1000


@dataclass(frozen=True, slots=True)
class Derived:
    """The advice, what one replica carries (for the plan of the week and the backtest), and the evidence.

    `serving` is the profile that was advised, `None` where only a number was stated.
    """

    advice: CapacityAdvice | None
    stated: StatedCapacity | None
    evidence: tuple[Evidence, ...]
    serving: ServingProfile | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """What the sizing rests on: the usual traffic, its kinds of hours, and the load."""

    window: Window
    base: Baseline
    kinds: HoursAdvice
    load: Load


def derive(model: str, recording: Recording, questions: Questions, max_seq_len: int | None) -> Derived:
    """The advice from what the user states or has found, with its evidence, or why there is none.

    `max_seq_len` is the recommended limit, `None` with too few requests for one: then there is no advice either, unless
    the user states both the peak and what a replica carries.
    """
    stated, base = questions.stated, recording.base
    if stated is None and questions.stated_for is None:
        return Derived(None, None, ())
    stated_peak = stated is not None and stated.peak_rps is not None and questions.sizing is None
    if max_seq_len is None and not stated_peak:
        carries = None if questions.sizing is not None else stated
        return _without(base, sentences.too_few_for_capacity(base.whole.requests), carries)
    if stated is None:
        return _without(base, sentences.stated_for_another(model, questions.stated_for or ""))
    if questions.sizing is not None:
        return _found(questions.sizing, stated, recording, max_seq_len, questions)
    advice, evidence = capacity.advise(model, recording.load, stated, max_seq_len, base.whole.requests, len(base.days))
    return Derived(advice, stated, (evidence,))


def _without(
    base: Baseline, sentence: str, carries: StatedCapacity | None = None, told: tuple[Evidence, ...] = ()
) -> Derived:
    return Derived(None, carries, (Evidence("capacity", base.whole.requests, len(base.days), None, sentence), *told))


def _found(
    sizing: Sizing,
    wanted: StatedCapacity,
    recording: Recording,
    max_seq_len: int | None,
    questions: Questions,
) -> Derived:
    """The advice for the hardest kind of hours, with `max_seq_len` as the limit where the profile is to be chosen."""
    base = recording.base
    asked, limited = _limited(sizing, max_seq_len)
    against_it = _disproved(sizing, base)
    every = _kinds(recording, wanted, questions.sample)
    hours = questions.hours if wanted.peak_rps is None else ()
    try:
        hard = kinds.hardest(asked, every)
        found = advice.advise(asked, hard.mix, _demanded(recording, hard, hours), wanted)
    except (DoesNotFit, NoThroughput) as error:
        return _without(base, str(error), told=against_it)
    if found.advice is None or found.stated is None:
        return _without(base, found.sentence, told=against_it)
    said = capacity.sentence(hard.peak, found.advice)
    of = f" The lengths are those of {hard.name}, which ask for the most replicas." if hard.hours_of_week else ""
    serving = None if found.best is None else found.best.candidate.profile
    carries = found.stated if found.best is None else _by_hour(asked, found.best, found.stated, every)
    carries, borne_out = _borne_out(carries, found.advice, every)
    requests, days = base.whole.requests, len(base.days)
    told = (
        Evidence("capacity.replicas", requests, days, found.advice.replicas_interval, said + of + limited + borne_out),
        Evidence("capacity.rps_per_replica", requests, days, found.advice.rps_interval, found.sentence),
    )
    return Derived(found.advice, carries, (*told, *against_it), serving)


def _limited(sizing: Sizing, max_seq_len: int | None) -> tuple[Sizing, str]:
    """`sizing` with the recommended limit where the knobs are chosen, or where a fixed profile has a lower one.

    And the sentence about a fixed profile whose limit is another one: the files of the advice set the recommended one.
    """
    asked, fixed = replace(sizing, wishes=replace(sizing.wishes, max_model_len=max_seq_len)), sizing.fixed
    own = sizing.model.max_positions if fixed is None or fixed.max_model_len is None else fixed.max_model_len
    if fixed is None or max_seq_len is None or own == max_seq_len:
        return asked, ""
    if own > max_seq_len:
        return asked, (
            f" It is sized with the profile's own max_model_len of {own:,}: with the recommended {max_seq_len:,}, "
            "which the files of the advice set, a replica carries no less."
        )
    return replace(asked, fixed=replace(fixed, max_model_len=max_seq_len)), (
        f" It is sized with the recommended max_model_len of {max_seq_len:,}, as the profile's {own:,} would refuse "
        "requests that were recorded."
    )


def _disproved(sizing: Sizing, base: Baseline) -> tuple[Evidence, ...]:
    """What the records say against the profile that is said to run today."""
    if sizing.fixed is None:
        return ()
    told = disproved(sizing.fixed, _longer(base.whole, sizing.fixed.max_model_len), sizing.timings)
    return tuple(Evidence(PROFILE, base.whole.requests, len(base.days), None, one) for one in told)


def _longer(whole: HourlyShape, limit: int | None) -> Longer | None:
    """The requests that were answered beyond `limit`; those without output may be the longest, and do not count."""
    total, unanswered = whole.total, int(whole.osl.counts[whole.osl.values == 0].sum())
    over = 0 if limit is None else int(total.counts[total.values > limit].sum()) - unanswered
    return Longer(over, whole.requests - unanswered, int(total.values[-1])) if over > 0 else None


def _borne_out(stated: StatedCapacity, advice: CapacityAdvice, every: Sequence[Kind]) -> tuple[StatedCapacity, str]:
    """What is planned with by the second: more than a replica carries all the time, where simulating them together
    shows that so many replicas bear such a peak; and the sentence about it.

    Hours of another kind are borne out as far as their own peaks do not last: a load that does would be too much.
    """
    factor = advice.peak_rps / (advice.pooled * stated.rps_per_replica) if advice.pooled else 1.0
    if factor <= 1:
        return stated, ""
    hours = stated.rps_by_hour
    planned = replace(
        stated,
        rps_per_replica=stated.rps_per_replica * factor,
        rps_by_hour=None if hours is None else kinds.borne(hours, factor, every),
        others=tuple(replace(one, rps_by_hour=kinds.borne(one.rps_by_hour, factor, every)) for one in stated.others),
    )
    return planned, (
        f" The week is planned with {planned.rps_per_replica:.3g} requests in one second for each replica, which is "
        "borne out by that simulation: a full second does not last."
    )


def _by_hour(sizing: Sizing, best: Judged, stated: StatedCapacity, every: Sequence[Kind]) -> StatedCapacity:
    """What one replica carries in each hour of the week, and which other profiles suit some kinds of hours better.

    Hours of no kind have what is carried of the hardest one.
    """
    if len(every) < 2:
        return stated
    mixes = [kind.mix for kind in every]

    def spread(found: Sequence[float], else_: float) -> tuple[float, ...]:
        hours = [else_] * HOURS
        for kind, each in zip(every, found, strict=True):
            for hour in kind.hours_of_week:
                hours[hour] = each
        return tuple(hours)

    own = kinds.carried(sizing, best.candidate, mixes)
    others = [] if sizing.fixed is not None else kinds.suited(sizing, best.candidate, every, stated)
    return replace(
        stated,
        rps_by_hour=spread([each or stated.rps_per_replica for each in own], stated.rps_per_replica),
        others=tuple(
            OtherProfile(advice.told(other.profile), other.profile.gpus_per_replica, spread(found, min(found)))
            for other, found in others
        ),
    )


def _mix(shapes: Sequence[HourlyShape], sample: Sample | None) -> Mix:
    """The requests of these hours: recorded ones where there are enough of them, else as the hours count them."""
    inside = None if sample is None else sample.inside([one.start for one in shapes])
    if inside is None or not _enough(inside):
        return of_shape(merged(shapes))
    return of_sample(inside, sum(one.requests for one in shapes))


def _enough(sample: Sample) -> bool:
    """Whether a sample stands for its hours: all of their requests, or a thousand of them."""
    return bool(sample.served.any()) and (sample.one_in == 1 or int(sample.served.sum()) >= LEAST_SAMPLED)


def _kinds(recording: Recording, wanted: StatedCapacity, sample: Sample | None) -> tuple[Kind, ...]:
    """The kinds of hours that come back, each with its peak; all hours as one kind where none do or one is stated."""
    base, load = recording.base, recording.load
    whole = Kind("all hours", _mix(base.hours, sample), capacity.peak(load, wanted), load.rate.mean_rps)
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
        busiest = max(shape.requests for shape in shapes) / HOUR_S
        mix, peak = _mix(shapes, sample), Peak(rps, sentence)
        found.append(Kind(kind.name, mix, peak, kind.mean_rps, kind.hours_of_week, busiest))
    return tuple(found) or (whole,)


def _demanded(recording: Recording, hard: Kind, hours: Sequence[RecordedHour]) -> Demanded:
    """The load of the kind that asks for most; hours to replay come without any where a peak is stated."""
    window, base, load = recording.window, recording.base, recording.load
    whole = base.whole
    busiest = load.rate.mean_rps if load.busiest is None else load.busiest.seconds.mean
    usual = [one for one in hours if one.start not in base.left_out]
    hardest = set(busiest_hours(base.hours))
    kept = [one for one in usual if one.start in hardest] or usual
    return Demanded(
        peak=hard.peak,
        traffic=Traffic(load.rate.mean_rps, whole.isl.sum / whole.requests, whole.osl.sum / whole.requests),
        busy_hour_rps=busiest,
        hours=tuple(one.requests for one in kept),
        hour_names=tuple(f"{window.local(one.start):%Y-%m-%d %H:%M} ({window.timezone})" for one in kept),
        seconds=whole.seconds,
    )
