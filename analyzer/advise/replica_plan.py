"""Replicas for the hours of the week: how many each needs, and the cheapest plan with windows of four hours or more."""

import math
from dataclasses import dataclass

import numpy as np

from analyzer.advise.capacity import StatedCapacity, replicas_for
from analyzer.advise.planner import FloatArray, cheapest
from analyzer.demand import Weeks
from analyzer.histogram import IntArray

LEAST_HOURS = 4
MOST_LEVELS = 6  # more kinds of windows than this nobody oversees
TRIED_LEVELS = 24
MINUTES = 60.0


@dataclass(frozen=True, slots=True)
class ReplicaPlan:
    """Replicas for each of the 168 hours of the week, and `static`, the number that serves all hours.

    `gpu_hours` are those of a week, with what changes cost, `static_gpu_hours` those of the one number.
    """

    replicas: tuple[int, ...]
    static: int
    gpu_hours: float
    static_gpu_hours: float

    @property
    def saving(self) -> float:
        """The share of the GPU-hours of the one number that the plan saves; 0 where the plan never changes."""
        return 1 - self.gpu_hours / self.static_gpu_hours


@dataclass(frozen=True, slots=True)
class Carried:
    """What of one week fits into what runs.

    `requests_share` of the requests fit, in the second in which they came, into what the replicas of that hour carry;
    `worst_seconds_share` is the share of seconds that fit whole, in the kind of window (hours with one number of
    replicas) where it is smallest.
    """

    requests_share: float
    worst_seconds_share: float


def needed(peaks: FloatArray, stated: StatedCapacity) -> IntArray:
    """The replicas that carry each of `peaks` (requests in one second), reckoned as for the capacity advice.

    Where a replica carries more of the lengths of some hours than of others, `peaks` are of the 168 hours of the week.
    """
    each = by_hour(stated, len(peaks)).tolist()
    counted = [replicas_for(peak, own, stated.rho_max) for peak, own in zip(peaks.tolist(), each, strict=True)]
    return np.maximum(np.array(counted, dtype=np.int64), stated.min_replicas) + int(stated.n_plus_one)


def by_hour(stated: StatedCapacity, hours: int) -> FloatArray:
    """Requests per second that one replica carries in each hour; the same in all where hours are not of a week."""
    if stated.rps_by_hour is not None and len(stated.rps_by_hour) == hours:
        return np.array(stated.rps_by_hour)
    return np.full(hours, stated.rps_per_replica)


def replica_plan(needs: IntArray, stated: StatedCapacity) -> ReplicaPlan:
    """The cheapest replicas that are nowhere below `needs[hour]`, in windows of four hours or more.

    A replica that is added or removed costs its GPUs for `switch_minutes`. Of plans with more than six different
    numbers the one is looked for that costs least more with six.
    """
    levels = np.unique(needs)
    if len(levels) > TRIED_LEVELS:
        levels = np.unique(levels[np.linspace(0, len(levels) - 1, TRIED_LEVELS).round().astype(int)])
    replicas = _planned(needs, levels, stated)
    levels = np.unique(replicas)
    while len(levels) > MOST_LEVELS:
        # the highest level stays: some hour needs it
        fewer = [np.delete(levels, place) for place in range(len(levels) - 1)]
        rounded = [left[np.searchsorted(left, replicas)] for left in fewer]
        best = int(np.argmin([gpu_hours(one, stated) for one in rounded]))
        replicas, levels = rounded[best], fewer[best]
    replicas = _planned(needs, levels, stated)
    return measured(replicas, needs, stated)


def _planned(needs: IntArray, levels: IntArray, stated: StatedCapacity) -> IntArray:
    each = stated.gpus_per_replica
    cost = np.where(levels >= needs[:, None], levels * float(each), np.inf)
    switch = np.abs(levels[:, None] - levels) * each * stated.switch_minutes / MINUTES
    return levels[list(cheapest(cost, switch, LEAST_HOURS).profiles)]


def measured(replicas: IntArray, needs: IntArray, stated: StatedCapacity) -> ReplicaPlan:
    """What `replicas` cost a week beside the one number of replicas that `needs` ask for."""
    static = int(needs.max())
    return ReplicaPlan(
        replicas=tuple(replicas.tolist()),
        static=static,
        gpu_hours=gpu_hours(replicas, stated),
        static_gpu_hours=float(static * stated.gpus_per_replica * len(needs)),
    )


def same_windows(plan: ReplicaPlan, needs: IntArray, stated: StatedCapacity) -> ReplicaPlan:
    """The windows of `plan` with the replicas that other `needs` ask for in them."""
    kinds = np.array(plan.replicas)
    replicas = np.zeros_like(kinds)
    for level in np.unique(kinds):
        replicas[kinds == level] = needs[kinds == level].max()
    return measured(replicas, needs, stated)


def gpu_hours(replicas: IntArray, stated: StatedCapacity) -> float:
    """The GPU-hours of a week with `replicas[hour]`, each change paid for as long as a replica starts and drains."""
    changed = float(np.abs(replicas - np.roll(replicas, 1)).sum())
    return stated.gpus_per_replica * (float(replicas.sum()) + changed * stated.switch_minutes / MINUTES)


def carried(replicas: IntArray, weeks: Weeks, stated: StatedCapacity) -> Carried:
    """What of the seconds of `weeks` fits into `replicas[hour]`, spare replicas not counted on.

    Capacity is replicas · rps_per_replica · rho_max in requests per second.
    """
    counted_on = (replicas - int(stated.n_plus_one)).astype(np.float64)
    return fits(counted_on * (by_hour(stated, len(replicas)) * stated.rho_max) + 1e-9, replicas, weeks)


def fits(limits: FloatArray, kinds: IntArray, weeks: Weeks) -> Carried:
    """What of the seconds of `weeks` stays at or below `limits[hour]` requests; `kinds[hour]` tells windows apart."""
    counts, seconds = weeks.counts.sum(axis=0), weeks.seconds.sum(axis=0)
    requests = float((counts @ weeks.values).sum())
    inside = float((counts * np.minimum(weeks.values, limits[:, None])).sum())
    over = (counts * (weeks.values > limits[:, None])).sum(axis=1)
    shares = [
        1 - float(over[kinds == kind].sum()) / seen
        for kind in np.unique(kinds)
        if (seen := float(seconds[kinds == kind].sum())) > 0
    ]
    share = inside / requests if requests else 1.0
    return Carried(min(1.0, share), min(shares, default=math.nan))
