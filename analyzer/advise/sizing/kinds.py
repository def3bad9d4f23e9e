"""Kinds of hours with lengths of their own, and which of them asks for the most replicas."""

from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.advise.sized import Peak
from analyzer.advise.sizing.mix import Mix
from analyzer.advise.sizing.question import Candidate, Sizing, candidates
from analyzer.advise.sizing.search import QUICK, capacity


@dataclass(frozen=True, slots=True)
class Kind:
    """Hours alike: their lengths, the peak in them, their mean rate, and which hours of the week they are.

    `hours_of_week` is empty where all hours are one kind.
    """

    name: str
    mix: Mix
    peak: Peak
    mean_rps: float
    hours_of_week: tuple[int, ...] = ()


def carried(sizing: Sizing, one: Candidate, mixes: Sequence[Mix]) -> tuple[float, ...]:
    """Requests per second that one replica of `one` carries of each of `mixes`, 0 where the objectives are missed."""
    return tuple(capacity(mix, one.engine, sizing.objectives, QUICK).rps or 0.0 for mix in mixes)


def hardest(sizing: Sizing, kinds: Sequence[Kind]) -> Kind:
    """The kind that asks for the most replicas, by the first candidate; the first one where nothing is carried."""
    if len(kinds) == 1:
        return kinds[0]
    context = max(kind.mix.context for kind in kinds)
    able, _ = candidates(sizing, context)
    found = carried(sizing, able[0], [kind.mix for kind in kinds])
    needs = [kind.peak.rps / each if each else float("inf") for kind, each in zip(kinds, found, strict=True)]
    return kinds[needs.index(max(needs))]
