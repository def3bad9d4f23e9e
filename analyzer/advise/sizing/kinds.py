"""Kinds of hours with lengths of their own, and which of them asks for the most replicas."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from analyzer.advise.capacity import replicas_for
from analyzer.advise.sized import Peak, StatedCapacity
from analyzer.advise.sizing.choose import choose, quotient, slow_rps
from analyzer.advise.sizing.mix import Mix
from analyzer.advise.sizing.question import Candidate, Sizing, candidates
from analyzer.advise.sizing.search import QUICK, capacity
from analyzer.engine import ServingProfile


@dataclass(frozen=True, slots=True)
class Kind:
    """Hours alike: their lengths, the peak in them, their mean rate, and which hours of the week they are.

    `hours_of_week` is empty where all hours are one kind. `busiest_rps` is the mean rate of the busiest of them, 0
    where that is not known.
    """

    name: str
    mix: Mix
    peak: Peak
    mean_rps: float
    hours_of_week: tuple[int, ...] = ()
    busiest_rps: float = 0.0

    @property
    def burst(self) -> float:
        """How many times the mean of its busiest hour its peak is: what of the peak does not last. At least 1."""
        return max(1.0, self.peak.rps / self.busiest_rps) if self.busiest_rps else float("inf")


def carried(sizing: Sizing, one: Candidate, mixes: Sequence[Mix]) -> tuple[float, ...]:
    """Requests per second that one replica of `one` carries of each of `mixes`, 0 where the objectives are missed."""
    return tuple(capacity(mix, one.engine, sizing.objectives, QUICK).rps or 0.0 for mix in mixes)


def borne(rps_by_hour: Sequence[float], factor: float, kinds: Sequence[Kind]) -> tuple[float, ...]:
    """What one replica is planned with by the second in each hour of the week: `factor` times what it carries.

    And no more of each kind than its own peaks do not last: a load that does last would be too much.
    """
    found = [each * factor for each in rps_by_hour]
    for kind in kinds:
        for hour in kind.hours_of_week:
            found[hour] = rps_by_hour[hour] * min(factor, kind.burst)
    return tuple(found)


def hardest(sizing: Sizing, kinds: Sequence[Kind]) -> Kind:
    """The kind that asks for the most replicas, by the first candidate; the first one where nothing is carried."""
    if len(kinds) == 1:
        return kinds[0]
    context = max(kind.mix.context for kind in kinds)
    able, _ = candidates(sizing, context)
    found = carried(sizing, able[0], [kind.mix for kind in kinds])
    needs = [kind.peak.rps / each if each else float("inf") for kind, each in zip(kinds, found, strict=True)]
    return kinds[needs.index(max(needs))]


def suited(
    sizing: Sizing, advised: Candidate, kinds: Sequence[Kind], wishes: StatedCapacity
) -> list[tuple[Candidate, tuple[float, ...]]]:
    """Profiles that suit some kind better than `advised`, each with what it carries of every kind.

    0 where it would miss the objectives if steps were slower by the error of their source, and `advised` would not: a
    plan of the week is not to rest on that.
    """
    found: dict[ServingProfile, Candidate] = {}
    for kind in kinds:
        takes = quotient(kind.peak.rps, partial(_replicas, kind.peak.rps, wishes), int(wishes.n_plus_one))
        best = choose(sizing, kind.mix, takes).best
        if best is not None and best.candidate.profile != advised.profile:
            found.setdefault(best.candidate.profile, best.candidate)
    mixes = [kind.mix for kind in kinds]
    own = _bearing(sizing, advised, mixes, carried(sizing, advised, mixes)) if found else ()
    each = [(one, carried(sizing, one, mixes)) for one in found.values()]
    return [
        (
            one,
            tuple(
                rps if bears or not advised_bears else 0.0
                for rps, bears, advised_bears in zip(rates, _bearing(sizing, one, mixes, rates), own, strict=True)
            ),
        )
        for one, rates in each
    ]


def _bearing(sizing: Sizing, one: Candidate, mixes: Sequence[Mix], rates: Sequence[float]) -> tuple[bool, ...]:
    """For each of `mixes`, of which `one` carries `rates`, whether the objectives can be kept with slower steps."""
    return tuple(slow_rps(one, sizing, mix, rate) > 0 for mix, rate in zip(mixes, rates, strict=True))


def _replicas(rate: float, wishes: StatedCapacity, each: float) -> int:
    return max(replicas_for(rate, each, wishes.rho_max), wishes.min_replicas) + wishes.n_plus_one
