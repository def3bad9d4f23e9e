"""Advice from the weeks before a week, tried on the traffic of that week."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from statistics import fmean

import numpy as np

from analyzer.advise.bounds import LengthTarget
from analyzer.advise.capacity import StatedCapacity
from analyzer.advise.held_out import LimitTrial, by_day, try_limit, try_plan
from analyzer.advise.replica_plan import carried, fits, needed
from analyzer.advise.season_words import named
from analyzer.analysis import Analysis, ModelAnalysis, Questions
from analyzer.demand import Weeks, peaks
from analyzer.window import Window

SCHEMA = "tokentide.backtest/1"
WEEKS_NEEDED = 2


@dataclass(frozen=True, slots=True)
class PlanTried:
    """A plan of replicas by hours of the week, tried on a week.

    `attained_share` of the requests fitted, in the second in which they came, into what the plan runs; `saving_share`
    is that of the GPU-hours of one number of replicas. `holds` says whether it saved 5 % and 95 % of the seconds of
    each kind of window fitted.
    """

    most_replicas: int
    least_replicas: int
    attained_share: float
    saving_share: float
    holds: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """One week under the advice from the `learnt_from` weeks before it, anomalies left out of both.

    Limits are in tokens, `over_…_share` of the `requests` exceeded them; all are `None` where the weeks before have
    too few requests for a bound. `peak_rps` is the most that 95 % of the seconds of an hour of the week asked for,
    `replicas` what carries it, where the user states what one carries; `attained_share` of the requests came within it.
    """

    start: datetime
    end: datetime
    learnt_from: int
    requests: int
    max_input_len: int | None
    over_input_share: float | None
    max_seq_len: int | None
    over_total_share: float | None
    peak_rps: float
    replicas: int | None
    attained_share: float
    plan: PlanTried | None


@dataclass(frozen=True, slots=True)
class ModelBacktest:
    """Every trial of one model, the oldest first, with what they come to: over all requests, the saving over all weeks.

    `over_limit_share` is that of `max_seq_len`. `reason` says what was tried, or why nothing was: then `trials` is
    empty and the figures are `None`.
    """

    reason: str
    over_limit_share: float | None
    attained_share: float | None
    saving_share: float | None
    trials: tuple[Trial, ...]


@dataclass(frozen=True, slots=True)
class Backtest:
    """The backtest of each model over the weeks that end with `window`."""

    window: Window
    models: Mapping[str, ModelBacktest]

    @property
    def tried(self) -> bool:
        """Whether anything could be tried."""
        return any(model.trials for model in self.models.values())


def backtest(analysis: Analysis, questions: Mapping[str, Questions]) -> Backtest:
    """The advice of each week's past tried on it, for every whole week but the first, model by model."""
    return Backtest(analysis.window, {name: _model(model, questions[name]) for name, model in analysis.models.items()})


def _model(model: ModelAnalysis, questions: Questions) -> ModelBacktest:
    weeks = None if model.weeks is None else model.weeks.whole()
    if weeks is None or len(weeks.weeks) < WEEKS_NEEDED:
        seen = () if model.weeks is None else model.weeks.weeks
        held = f": {'; '.join(named(week) for week in seen)}" if seen else ""
        reason = f"It takes two whole weeks to try the advice of one on the next; there are fewer{held}."
        return ModelBacktest(reason, None, None, None, ())
    # of what is to be found by simulation, and was not, nothing is stated
    stated = questions.stated if questions.sizing is None else None
    trials = tuple(_trials(weeks, questions.target, model.carries or stated))
    savings = [trial.plan.saving_share for trial in trials if trial.plan]
    return ModelBacktest(
        reason=f"Each of the last {len(trials)} whole weeks is run under the advice from the whole weeks before it."
        if len(trials) > 1
        else "The last whole week is run under the advice from the whole week before it.",
        over_limit_share=_mean(trials, [trial.over_total_share for trial in trials]),
        attained_share=_mean(trials, [trial.attained_share for trial in trials]),
        saving_share=fmean(savings) if savings else None,
        trials=trials,
    )


def _mean(trials: Sequence[Trial], shares: Sequence[float | None]) -> float | None:
    """The mean of the shares that are known, weighted by requests."""
    known = [(share, trial.requests) for share, trial in zip(shares, trials, strict=True) if share is not None]
    total = sum(requests for _, requests in known)
    return sum(share * requests for share, requests in known) / total if total else None


def _trials(weeks: Weeks, target: LengthTarget, stated: StatedCapacity | None) -> Iterator[Trial]:
    daily = {side: [by_day(week, side) for week in weeks.weeks] for side in ("isl", "total")}
    for place in range(1, len(weeks.weeks)):
        before, week = weeks.only(range(place)), weeks.only([place])
        limits = {
            side: try_limit([day for past in days[:place] for day in past], days[place], target)
            for side, days in daily.items()
        }
        peak = float(peaks(before, "negative_binomial" if stated is None else stated.law).max())
        if stated is not None and stated.peak_rps is not None:
            peak = stated.peak_rps
        tried = weeks.weeks[place]
        yield Trial(
            start=tried.start,
            end=tried.end,
            learnt_from=place,
            requests=tried.requests,
            max_input_len=_limit(limits["isl"]),
            over_input_share=_over(limits["isl"]),
            max_seq_len=_limit(limits["total"]),
            over_total_share=_over(limits["total"]),
            peak_rps=peak,
            replicas=None if stated is None else _replicas(peak, stated),
            attained_share=_attained(peak, week, stated),
            plan=None if stated is None or stated.peak_rps is not None else _plan(before, week, stated),
        )


def _limit(tried: LimitTrial | None) -> int | None:
    return None if tried is None else tried.limit


def _over(tried: LimitTrial | None) -> float | None:
    return None if tried is None or not tried.requests else tried.over / tried.requests


def _replicas(peak: float, stated: StatedCapacity) -> int:
    return int(needed(np.array([peak]), stated)[0])


def _attained(peak: float, week: Weeks, stated: StatedCapacity | None) -> float:
    """The share of requests that came within the peak, or within what the replicas for it carry."""
    hours = week.seconds.shape[1]
    if stated is None:
        return fits(np.full(hours, peak), np.zeros(hours, dtype=np.int64), week).requests_share
    return carried(np.full(hours, _replicas(peak, stated), dtype=np.int64), week, stated).requests_share


def _plan(before: Weeks, week: Weeks, stated: StatedCapacity) -> PlanTried:
    tried = try_plan(before, week, stated)
    return PlanTried(
        most_replicas=max(tried.plan.replicas),
        least_replicas=min(tried.plan.replicas),
        attained_share=tried.carried.requests_share,
        saving_share=tried.saving,
        holds=tried.holds,
    )


def as_json(found: Backtest) -> dict[str, object]:
    """`found` as plain values that `json.dumps` takes; what was not tried is `None`."""
    window = found.window
    return {
        "schema": SCHEMA,
        "window": {"start": window.start.isoformat(), "end": window.end.isoformat(), "timezone": window.timezone},
        "models": {name: _model_as_json(model) for name, model in found.models.items()},
    }


def _model_as_json(model: ModelBacktest) -> dict[str, object]:
    trials = [
        asdict(trial) | {"start": trial.start.isoformat(), "end": trial.end.isoformat()} for trial in model.trials
    ]
    return asdict(model) | {"trials": trials}
