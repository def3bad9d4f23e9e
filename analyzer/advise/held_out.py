"""What advice from some weeks is worth in another week, which it has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyzer.advise.bounds import LengthTarget, bound, rank
from analyzer.advise.capacity import StatedCapacity
from analyzer.advise.lengths import rounded
from analyzer.advise.replica_plan import Carried, ReplicaPlan, carried, needed, replica_plan
from analyzer.demand import Week, Weeks, peaks
from analyzer.histogram import Histogram

HELD_SHARE = 0.95
LEAST_SAVING = 0.05


@dataclass(frozen=True, slots=True)
class PlanTrial:
    """A plan learnt from other weeks, run in one week.

    `one_number_gpu_hours` are those of one number of replicas at all hours: the one that the other weeks ask for, or
    the one that the week itself turned out to ask for, whichever is smaller.
    """

    plan: ReplicaPlan
    carried: Carried
    one_number_gpu_hours: float

    @property
    def saving(self) -> float:
        """The share of these GPU-hours that the plan saves."""
        return 1 - self.plan.gpu_hours / self.one_number_gpu_hours

    @property
    def holds(self) -> bool:
        """Whether it saves 5 % and 95 % of the seconds of each kind of window fit into what it runs."""
        return self.saving >= LEAST_SAVING and self.carried.worst_seconds_share >= HELD_SHARE


def try_plan(learnt_from: Weeks, week: Weeks, stated: StatedCapacity) -> PlanTrial:
    """The plan that `learnt_from` gives, tried on the one week of `week`."""
    plan = replica_plan(needed(peaks(learnt_from, stated.law), stated), stated)
    own = int(needed(peaks(week, stated.law), stated).max())
    one_number = min(plan.static, own) * plan.static_gpu_hours / plan.static
    return PlanTrial(plan, carried(np.array(plan.replicas), week, stated), one_number)


@dataclass(frozen=True, slots=True)
class LimitTrial:
    """A length limit in tokens learnt from other weeks, and how many requests of one week exceed it."""

    limit: int
    over: int
    requests: int


def try_limit(learnt_from: Sequence[Histogram], week: Sequence[Histogram], target: LengthTarget) -> LimitTrial | None:
    """The limit for the lengths of the days `learnt_from`, tried on those of `week`; `None` with too few requests.

    The bound is that of the length advice without its growth: weeks that drift show here.
    """
    whole = Histogram.merged(learnt_from)
    number = rank(whole.total, target.over_share, target.confidence)
    if number is None:
        return None
    limit = rounded(bound(whole, learnt_from, number, target).to_cover, target)
    return LimitTrial(limit, sum(day.over(limit) for day in week), sum(day.total for day in week))


def by_day(week: Week, side: str) -> tuple[Histogram, ...]:
    """The lengths of one side (isl, osl, total) in each local day of `week` on which requests came."""
    return tuple(Histogram.merged([getattr(shape, side) for shape in day]) for day in week.days)
