"""Whether it pays to run something else at some hours of the week, or honestly not."""

from collections.abc import Sequence

import numpy as np

from analyzer.advise import season_words as words
from analyzer.advise.bounds import LengthTarget
from analyzer.advise.capacity import StatedCapacity
from analyzer.advise.held_out import LEAST_SAVING, LimitTrial, PlanTrial, by_day, try_limit, try_plan
from analyzer.advise.profile_seasons import WEEKS_HELD, WEEKS_NEEDED, ProfileTrial, of_profiles, with_profiles
from analyzer.advise.replica_plan import ReplicaPlan, needed, replica_plan, same_windows
from analyzer.advise.season import Asked, OutOfSample, Season, Seasons, Verdict
from analyzer.demand import Weeks, peaks
from analyzer.evidence import Evidence
from analyzer.patterns.names import named

__all__ = ["Asked", "OutOfSample", "Season", "Seasons", "Verdict", "advise", "over_share"]

RESAMPLES = 200
DAY_HOURS = 24


def advise(weeks: Weeks, asked: Asked) -> tuple[Seasons | None, tuple[Evidence, ...]]:
    """The seasons of `weeks`, with the evidence.

    The only cost that exists is that of replicas: each hour of the week needs what carries its demand, and a change
    costs GPUs while replicas start and drain. Recommended is what saves 5 % and two standard errors of the saving, and
    holds in three of the last four whole weeks, each left out of what the plan is learnt from. With fewer than four
    whole weeks there is too little traffic; `None` where nobody states what a replica carries.
    """
    whole, stated = weeks.whole(), asked.stated
    if len(whole.weeks) < WEEKS_NEEDED:
        reason = words.too_little(weeks.weeks, WEEKS_NEEDED)
        nothing = Seasons("too_little_traffic", reason, (), None, None, None, None, None, None)
        return nothing, (_told(weeks, reason, None),)
    if stated is None:
        return None, (_told(whole, words.NO_THROUGHPUT, None),)
    if stated.peak_rps is not None:
        static = int(needed(np.array([stated.peak_rps]), stated)[0])
        reason = words.stated_peak(stated.peak_rps, static)
        return Seasons("none", reason, (), 0.0, 0.0, None, None, None, static), (_told(whole, reason, None),)
    found = _judged(whole, asked, stated)
    tested = words.of_trials(WEEKS_NEEDED)
    return found, (
        _told(whole, f"{words.of_weeks(whole.weeks, stated)} {found.reason}", found.saving_interval),
        _told(whole, tested, None, "seasons.out_of_sample"),
    )


def _judged(whole: Weeks, asked: Asked, stated: StatedCapacity) -> Seasons:
    found = peaks(whole, stated.law)
    plan = replica_plan(needed(found, stated), stated)
    error = _standard_error(plan, whole, stated)
    last = range(len(whole.weeks) - WEEKS_NEEDED, len(whole.weeks))
    trials = [try_plan(whole.without(place), whole.only([place]), stated) for place in last]
    held = sum(trial.holds for trial in trials)
    pays = plan.saving >= max(LEAST_SAVING, 2 * error) and held >= WEEKS_HELD
    seasons = _seasons(plan, asked, stated)
    told = words.Found(plan.saving, error, plan.static, held, WEEKS_NEEDED)
    better = with_profiles(found, whole, stated) if stated.others else None
    if better is not None and better.pays:
        return of_profiles(better, asked, error, _out_of_sample(whole, last, better.trials, asked.target))
    reason = words.pays(told, [(one.name, one.replicas) for one in seasons]) if pays else _no(told)
    added = None if better is None else better.plan.added
    return Seasons(
        verdict="replicas" if pays else "none",
        reason=reason if added is None else f"{reason} {words.profiles_add_little(added)}",
        plan=seasons if pays else (),
        saving_share=plan.saving,
        saving_from_replicas=plan.saving,
        saving_from_profiles=added,
        saving_interval=(plan.saving - 2 * error, plan.saving + 2 * error),
        out_of_sample=_out_of_sample(whole, last, trials, asked.target),
        static_replicas=plan.static,
    )


def _no(found: words.Found) -> str:
    """Why the plan is not recommended: the first gate that it does not pass."""
    if found.saving <= 0:
        return words.nothing_saved(found)
    if found.saving < LEAST_SAVING:
        return words.saves_little(found, LEAST_SAVING)
    if found.saving < 2 * found.error:
        return words.saves_unsurely(found)
    return words.does_not_hold(found, WEEKS_HELD)


def _standard_error(plan: ReplicaPlan, weeks: Weeks, stated: StatedCapacity) -> float:
    """Of the saving, over resamples of whole days: Mondays among Mondays, 200 times with a fixed seed.

    The windows of the plan stay; how many replicas they, and all hours, need is counted anew. It is the root of the
    mean squared distance from the saving, so that windows which only fit the noise of these days count as error too.
    """
    generator = np.random.default_rng(0)
    number, days = len(weeks.weeks), len(plan.replicas) // DAY_HOURS
    savings = []
    for drawn in generator.multinomial(number, np.full(number, 1 / number), size=(RESAMPLES, days)):
        weights = np.repeat(drawn.T, DAY_HOURS, axis=1).astype(np.float64)
        savings.append(same_windows(plan, needed(peaks(weeks, stated.law, weights), stated), stated).saving)
    return float(np.sqrt(np.mean((np.array(savings) - plan.saving) ** 2)))


def _out_of_sample(
    weeks: Weeks, last: Sequence[int], trials: Sequence[PlanTrial | ProfileTrial], target: LengthTarget
) -> OutOfSample:
    daily = [by_day(week, "total") for week in weeks.weeks]
    limits = [
        try_limit([day for other, days in enumerate(daily) if other != place for day in days], daily[place], target)
        for place in last
    ]
    requests = [weeks.weeks[place].requests for place in last]
    attained = sum(trial.carried.requests_share * own for trial, own in zip(trials, requests, strict=True))
    return OutOfSample(
        weeks=len(trials),
        attained_share=attained / sum(requests),
        over_limit_share=over_share(limits),
        saving_share=1 - sum(t.plan.gpu_hours for t in trials) / sum(t.one_number_gpu_hours for t in trials),
    )


def over_share(limits: Sequence[LimitTrial | None]) -> float | None:
    """The share of the requests of all weeks that exceeded the limit of their week, `None` where none has one."""
    known = [limit for limit in limits if limit is not None]
    return sum(one.over for one in known) / sum(one.requests for one in known) if known else None


def _seasons(plan: ReplicaPlan, asked: Asked, stated: StatedCapacity) -> tuple[Season, ...]:
    """The hours of the week by number of replicas, the most first."""
    levels = sorted(set(plan.replicas), reverse=True)
    places = {level: tuple(hour for hour, own in enumerate(plan.replicas) if own == level) for level in levels}
    names = named(plan.replicas)
    return tuple(
        Season(
            name=names[level],
            hours_of_week=hours,
            profile=asked.profile(stated, level),
            replicas=level,
            gpus=level * stated.gpus_per_replica,
        )
        for level, hours in places.items()
    )


def _told(weeks: Weeks, sentence: str, interval: tuple[float, float] | None, figure: str = "seasons") -> Evidence:
    requests = sum(week.requests for week in weeks.weeks)
    days = int((weeks.counts.sum(axis=2).reshape(-1, DAY_HOURS).sum(axis=1) > 0).sum())
    return Evidence(figure, requests, days, interval, sentence)
