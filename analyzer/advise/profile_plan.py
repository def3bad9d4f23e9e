"""Other profiles at some hours of the week: what they save beyond what replicas alone save."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analyzer.advise.planner import FloatArray, cheapest
from analyzer.advise.replica_plan import (
    LEAST_HOURS,
    MINUTES,
    MOST_LEVELS,
    Carried,
    ReplicaPlan,
    by_hour,
    fits,
    needed,
    replica_plan,
    same_windows,
)
from analyzer.advise.sized import StatedCapacity
from analyzer.demand import Weeks, peaks
from analyzer.histogram import IntArray

MORE_THAN_REPLICAS = 1_000_000
NEVER = np.iinfo(np.int64).max // 4  # replicas where no number of them carries an hour


@dataclass(frozen=True, slots=True)
class ProfilePlan:
    """Which profile, by its place among the options, and how many replicas of it run in each hour of the week.

    `gpu_hours` are those of a week with what changes cost; `alone` is the best plan of replicas with one profile at all
    hours, and `alone_option` that profile.
    """

    options: tuple[int, ...]
    replicas: tuple[int, ...]
    gpu_hours: float
    alone: ReplicaPlan
    alone_option: int

    @property
    def added(self) -> float:
        """The share of the GPU-hours of one number of replicas of one profile that other profiles save, beyond what
        replicas alone save.
        """
        return (self.alone.gpu_hours - self.gpu_hours) / self.alone.static_gpu_hours

    @property
    def saving(self) -> float:
        """The share of the same that replicas and profiles save together."""
        return 1 - self.gpu_hours / self.alone.static_gpu_hours

    @property
    def profiles(self) -> int:
        """How many different profiles run."""
        return len(set(self.options))


def options(stated: StatedCapacity) -> tuple[StatedCapacity, ...]:
    """What there is to choose from: the advised profile first, then the others, each as if it were the only one."""
    alone = replace(stated, others=())
    return (
        alone,
        *(
            replace(alone, profile=one.profile, gpus_per_replica=one.gpus_per_replica, rps_by_hour=one.rps_by_hour)
            for one in stated.others
        ),
    )


def profile_plan(found: FloatArray, choices: Sequence[StatedCapacity]) -> ProfilePlan:
    """The cheapest profiles and replicas that carry `found`, the peak of each hour of the week.

    A change of replicas costs GPUs while they start or drain; a change of profile all of both profiles for as long,
    since every replica is started anew. Windows are four hours or longer.
    """
    needs = [needs_of(found, one) for one in choices]
    able = [place for place, one in enumerate(needs) if one.max() < NEVER]
    plans = {place: replica_plan(needs[place], choices[place]) for place in able}
    best = min(plans, key=lambda place: (plans[place].gpu_hours, place))
    levels = [_levels(needs[place], plans.get(place)) for place in range(len(choices))]
    states = [(place, level) for place, own in enumerate(levels) for level in own]
    cost = np.array(
        [
            [
                level * float(choices[place].gpus_per_replica) if level >= needs[place][hour] else np.inf
                for place, level in states
            ]
            for hour in range(len(found))
        ]
    )
    chosen = cheapest(cost, _switches(states, choices), LEAST_HOURS)
    picked = [states[state] for state in chosen.profiles]
    return ProfilePlan(
        options=tuple(place for place, _ in picked),
        replicas=tuple(level for _, level in picked),
        gpu_hours=chosen.cost,
        alone=plans[best],
        alone_option=best,
    )


def needs_of(found: FloatArray, one: StatedCapacity) -> IntArray:
    """The replicas that carry each hour, more than there can be where the profile carries nothing of its lengths."""
    able = by_hour(one, len(found)) > 0
    needs = np.full(len(found), NEVER, dtype=np.int64)
    carrying = np.where(able, by_hour(one, len(found)), 1.0)
    needs[able] = needed(found, replace(one, rps_by_hour=tuple(carrying.tolist())))[able]
    return needs


def _levels(needs: IntArray, plan: ReplicaPlan | None) -> list[int]:
    """The numbers of replicas to choose from: those of the profile's own plan, else six of what its hours need."""
    if plan is not None:
        return sorted({*plan.replicas, plan.static})
    possible = np.unique(needs[needs < NEVER])
    if not len(possible):
        return []
    return list(map(int, possible[np.unique(np.linspace(0, len(possible) - 1, MOST_LEVELS).round().astype(int))]))


def _switches(states: Sequence[tuple[int, int]], choices: Sequence[StatedCapacity]) -> FloatArray:
    gpus = np.array([level * choices[place].gpus_per_replica for place, level in states], dtype=np.float64)
    place = np.array([place for place, _ in states])
    same = place[:, None] == place[None, :]
    hours = choices[0].switch_minutes / MINUTES
    changed: FloatArray = np.where(same, np.abs(gpus[:, None] - gpus), gpus[:, None] + gpus) * hours
    return changed


def added_again(plan: ProfilePlan, found: FloatArray, choices: Sequence[StatedCapacity]) -> float:
    """What other profiles would add with the windows of `plan` and other peaks: replicas are counted anew in each."""
    needs = [needs_of(found, one) for one in choices]
    kinds = np.array(plan.options) * MORE_THAN_REPLICAS + np.array(plan.replicas)
    own, replicas = np.array(plan.options), np.zeros(len(found), dtype=np.int64)
    for kind in np.unique(kinds):
        inside = kinds == kind
        replicas[inside] = needs[own[inside][0]][inside].max()
    each = np.array([one.gpus_per_replica for one in choices], dtype=np.float64)[own]
    gpus = replicas * each
    before, previous = np.roll(gpus, 1), np.roll(own, 1)
    changed = np.where(own == previous, np.abs(gpus - before), gpus + before).sum()
    hours = float(gpus.sum() + changed * choices[0].switch_minutes / MINUTES)
    alone = same_windows(plan.alone, needs[plan.alone_option], choices[plan.alone_option])
    return (alone.gpu_hours - hours) / alone.static_gpu_hours


def carried(plan: ProfilePlan, week: Weeks, choices: Sequence[StatedCapacity]) -> Carried:
    """What of the seconds of `week` fits into the plan, spare replicas not counted on."""
    own, replicas = np.array(plan.options), np.array(plan.replicas)
    each = np.array([by_hour(one, len(own)) * one.rho_max for one in choices])[own, np.arange(len(own))]
    counted_on = (replicas - int(choices[0].n_plus_one)).astype(np.float64)
    return fits(counted_on * each + 1e-9, own * MORE_THAN_REPLICAS + replicas, week)


def standard_error(plan: ProfilePlan, weeks: Weeks, choices: Sequence[StatedCapacity], resamples: int) -> float:
    """Of what other profiles add, over resamples of whole days: Mondays among Mondays, with a fixed seed."""
    generator = np.random.default_rng(0)
    number, hours = len(weeks.weeks), len(plan.replicas)
    added = []
    for drawn in generator.multinomial(number, np.full(number, 1 / number), size=(resamples, hours // 24)):
        weights = np.repeat(drawn.T, 24, axis=1).astype(np.float64)
        added.append(added_again(plan, peaks(weeks, choices[0].law, weights), choices))
    return float(np.sqrt(np.mean((np.array(added) - plan.added) ** 2)))
