"""Which length limits to run with, and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from analyzer.advise import length_words as words
from analyzer.advise.bounds import Bound, LengthTarget, bound, rank, share_bound
from analyzer.advise.caps import caps
from analyzer.advise.drift import Drift
from analyzer.advise.effects import Effect, effects
from analyzer.advise.shift import Shift
from analyzer.evidence import Evidence
from analyzer.shape import HourlyShape, Refusals


@dataclass(frozen=True, slots=True)
class Trends:
    """How the lengths of each side (isl, osl, total) move, of the sides of which it is known: from week to week, and
    from the weeks before to the last one.
    """

    drifts: Mapping[str, Drift] = field(default_factory=dict)
    shifts: Mapping[str, Shift] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LengthAdvice:
    """Recommended limits in tokens; a limit is `None` where there are too few requests for its bound.

    `isl_bound`, `osl_bound` and `total_bound` are upper confidence bounds (at `confidence`) of the length that a share
    of `target_over_share` of the requests exceeds. The limits are these bounds, or the longest request seen where it is
    below 1.25 times the bound, rounded up; `max_seq_len` is never below the other two. `over_share` is the share of the
    recorded requests longer than `max_seq_len` (input + output), `over_share_bound` its upper confidence bound.
    `right_censored` says that the lengths seen were cut off by a limit already in force. `drift_per_week` is by how
    many tokens the daily p99 of the total moves in a week, `None` where two weeks were not seen. `effect` says in words
    what the limits change and what they do not, `effects` the same for each kind of engine. `week_over_week` says of
    each side how far the last week lies from the weeks before, `None` where two weeks were not seen.
    """

    target_over_share: float
    confidence: float
    max_input_len: int | None
    max_output_len: int | None
    max_seq_len: int | None
    isl_bound: int | None
    osl_bound: int | None
    total_bound: int | None
    over_share: float | None
    over_share_bound: float | None
    right_censored: bool
    drift_per_week: float | None
    effect: str
    effects: tuple[Effect, ...] = ()
    week_over_week: Mapping[str, Shift] | None = None


def advise(
    shape: HourlyShape,
    days: Sequence[HourlyShape],
    target: LengthTarget,
    trends: Trends | None = None,
    refusals: Refusals | None = None,
) -> tuple[LengthAdvice, tuple[Evidence, ...]]:
    """Limits for the requests of `shape`, with the evidence of each; `days` are its whole local calendar days.

    Where `trends` say that lengths surely grow, limits hold a week more.
    """
    number = rank(shape.requests, target.over_share, target.confidence)
    if number is None:
        return _too_little(shape, len(days), target, refusals)
    known = trends or Trends()
    bounds = _bounds(shape, days, number, target, known.drifts)
    limits = _limits(bounds, target)
    over, signs = shape.total.over(limits["total"]), caps(shape, target.over_share, refusals)
    drift = known.drifts.get("total")
    advice = LengthAdvice(
        target_over_share=target.over_share,
        confidence=target.confidence,
        max_input_len=limits["isl"],
        max_output_len=limits["osl"],
        max_seq_len=limits["total"],
        isl_bound=bounds["isl"].value,
        osl_bound=bounds["osl"].value,
        total_bound=bounds["total"].value,
        over_share=over / shape.requests,
        over_share_bound=share_bound(over, shape.requests, target.confidence),
        right_censored=bool(signs),
        drift_per_week=None if drift is None else drift.per_week,
        effect=words.effect(shape, limits["total"], over, target),
        effects=effects(shape, limits["total"], target),
        week_over_week=known.shifts or None,
    )
    limited = tuple(words.of_limit(side, bounds[side], limits[side], len(days), target) for side in bounds)
    said = words.of_share_over(shape, over, limits["total"], len(days), target)
    moved = (words.of_drift(shape, len(days), drift), *words.of_shifts(shape, known.shifts))
    return advice, (*limited, said, *moved, words.of_caps(shape, len(days), signs, refusals))


def _bounds(
    shape: HourlyShape, days: Sequence[HourlyShape], number: int, target: LengthTarget, drifts: Mapping[str, Drift]
) -> dict[str, Bound]:
    """Each side's bound: with seven days or more the larger of the order statistic's and a resampling of whole days."""
    return {
        side: bound(
            getattr(shape, side),
            [getattr(day, side) for day in days],
            number,
            target,
            drifts[side].growth if side in drifts else 1.0,
        )
        for side in words.LIMITS
    }


def _limits(bounds: Mapping[str, Bound], target: LengthTarget) -> dict[str, int]:
    """Each side's limit; the total one is never below the other two."""
    limits = {side: rounded(bound.to_cover, target) for side, bound in bounds.items()}
    return limits | {"total": max(limits.values())}


def rounded(tokens: int, target: LengthTarget) -> int:
    """A limit that holds `tokens`, rounded up as wanted, and never above the model's own."""
    aligned = -(-max(tokens, 1) // target.align_to) * target.align_to
    return aligned if target.model_max_seq_len is None else min(aligned, target.model_max_seq_len)


def _too_little(
    shape: HourlyShape, days: int, target: LengthTarget, refusals: Refusals | None
) -> tuple[LengthAdvice, tuple[Evidence, ...]]:
    sentence = words.too_little(shape, target)
    signs = caps(shape, target.over_share, refusals)
    advice = LengthAdvice(
        target_over_share=target.over_share,
        confidence=target.confidence,
        max_input_len=None,
        max_output_len=None,
        max_seq_len=None,
        isl_bound=None,
        osl_bound=None,
        total_bound=None,
        over_share=None,
        over_share_bound=None,
        right_censored=bool(signs),
        drift_per_week=None,
        effect=sentence,
    )
    told = Evidence("lengths", shape.requests, days, None, sentence)
    return advice, (told, words.of_caps(shape, days, signs, refusals))
