"""Kinds of hours with their own length limits, where their tails come back."""

from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.advise.bounds import LengthTarget, bound, rank
from analyzer.advise.lengths import rounded
from analyzer.histogram import Summary
from analyzer.patterns.regimes import SURE, Regime, Regimes, Verdict
from analyzer.patterns.repeats import Repeats
from analyzer.shape import HourlyShape


@dataclass(frozen=True, slots=True)
class WindowLimits:
    """The limits of one kind of hours in tokens; `None` where the tails do not come back, or requests are too few.

    `max_input_len` takes that the p99 of the input comes back, `max_seq_len` that both sides' do.
    """

    max_input_len: int | None
    max_seq_len: int | None


@dataclass(frozen=True, slots=True)
class KindOfHours:
    """One kind of hours: `hours_of_week` counted from Monday 00:00, `mean_rps` in requests per second of its hours."""

    name: str
    label: int
    hours_of_week: tuple[int, ...]
    requests: int
    mean_rps: float
    isl: Summary
    osl: Summary
    limits: WindowLimits


@dataclass(frozen=True, slots=True)
class HoursAdvice:
    """Whether the mix of lengths comes back at the same hours, and the kinds of hours where it does.

    The fields are those of `Regimes`, with limits.
    """

    verdict: Verdict
    reason: str
    k: int | None
    labels: tuple[int, ...] | None
    repeat_p: Repeats | None
    windows: tuple[KindOfHours, ...]


def advise(found: Regimes, days: Sequence[Sequence[HourlyShape]], target: LengthTarget) -> HoursAdvice:
    """The kinds of hours of `found`, each with the limits that come back; `days` are its hours, day by day."""
    tested = found.repeat_p
    isl = tested is not None and tested.isl_p99 <= SURE
    both = tested is not None and isl and tested.osl_p99 <= SURE
    return HoursAdvice(
        verdict=found.verdict,
        reason=found.reason,
        k=found.k,
        labels=found.labels,
        repeat_p=tested,
        windows=tuple(
            KindOfHours(
                name=kind.name,
                label=kind.label,
                hours_of_week=kind.hours_of_week,
                requests=kind.whole.requests,
                mean_rps=kind.mean_rps,
                isl=kind.whole.isl.summary(),
                osl=kind.whole.osl.summary(),
                limits=WindowLimits(
                    _limit("isl", kind, days, target) if isl and found.k != 1 else None,
                    _limit("total", kind, days, target) if both and found.k != 1 else None,
                ),
            )
            for kind in found.kinds
        ),
    )


def _limit(side: str, kind: Regime, days: Sequence[Sequence[HourlyShape]], target: LengthTarget) -> int | None:
    """The limit of one side (isl, total) in the hours of `kind`, `None` where requests are too few for its bound."""
    number = rank(kind.whole.requests, target.over_share, target.confidence)
    if number is None:
        return None
    own = frozenset(shape.start for shape in kind.hours)
    daily = [[getattr(shape, side) for shape in day if shape.start in own] for day in days]
    histograms = [type(found[0]).merged(found) for found in daily if found]
    return rounded(bound(getattr(kind.whole, side), histograms, number, target).to_cover, target)
