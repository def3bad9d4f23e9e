"""Which length limits to run with, and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analyzer.advise import length_words as words
from analyzer.advise.bounds import Bound, LengthTarget, bound, rank, share_bound
from analyzer.evidence import Evidence
from analyzer.shape import HourlyShape

_LEAST_PILE = 10
"""Fewer requests near the longest one are no pile: a single request is always its own longest."""


@dataclass(frozen=True, slots=True)
class LengthAdvice:
    """Recommended limits in tokens; a limit is `None` where there are too few requests for its bound.

    `isl_bound`, `osl_bound` and `total_bound` are upper confidence bounds (at `confidence`) of the length that a share
    of `target_over_share` of the requests exceeds. The limits are these bounds, or the longest request seen where it is
    below 1.25 times the bound, rounded up; `max_seq_len` is never below the other two. `over_share` is the share of the
    recorded requests longer than `max_seq_len` (input + output), `over_share_bound` its upper confidence bound.
    `right_censored` says that the lengths seen were cut off by a limit already in force. `drift_per_week` is in
    tokens, `None` where it was not computed. `effect` says in words what the limits change and what they do not.
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


def advise(
    shape: HourlyShape, days: Sequence[HourlyShape], target: LengthTarget
) -> tuple[LengthAdvice, tuple[Evidence, ...]]:
    """Limits for the requests of `shape`, with the evidence of each; `days` are its local calendar days.

    With seven days or more the bounds are the larger of the order statistic's and a resampling of whole days.
    """
    number = rank(shape.requests, target.over_share, target.confidence)
    if number is None:
        return _too_little(shape, len(days), target)
    bounds = {
        "isl": bound(shape.isl, [day.isl for day in days], number, target),
        "osl": bound(shape.osl, [day.osl for day in days], number, target),
        "total": bound(shape.total, [day.total for day in days], number, target),
    }
    limits = _limits(bounds, target)
    over = shape.total.over(limits["total"])
    caps = _caps(shape, target)
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
        right_censored=bool(caps),
        drift_per_week=None,
        effect=words.effect(shape, limits["total"], over, target),
    )
    return advice, (
        *(words.of_limit(side, bounds[side], limits[side], len(days), target) for side in bounds),
        words.of_share_over(shape, over, limits["total"], len(days), target),
        words.of_caps(shape, len(days), caps),
    )


def _limits(bounds: Mapping[str, Bound], target: LengthTarget) -> dict[str, int]:
    """Each side's limit, rounded up and never above the model's own; the total one is never below the other two."""
    longest = target.model_max_seq_len

    def rounded(tokens: int) -> int:
        aligned = -(-max(tokens, 1) // target.align_to) * target.align_to
        return aligned if longest is None else min(aligned, longest)

    limits = {side: rounded(bound.to_cover) for side, bound in bounds.items()}
    return limits | {"total": max(limits.values())}


def _caps(shape: HourlyShape, target: LengthTarget) -> tuple[str, ...]:
    """Signs that lengths were cut off by a limit in force, each as a clause; empty without any.

    A pile of requests just below the longest one is such a sign: within 1 % of it ten requests or more, more than in
    the 10 % of its length before that, and more than the target share, so that the recommended limit would stand on
    the pile.
    """
    found: list[str] = []
    ended = shape.endings
    if ended.cut_by_length > target.over_share * shape.requests:
        found.append(f"{ended.cut_by_length:,} of {ended.reason_known:,} answers with a known ending ran into a limit")
    for side, lengths in (("input", shape.isl), ("output", shape.osl), ("input and output", shape.total)):
        longest = int(lengths.values[-1])
        pile = lengths.between(0.99 * longest, longest)
        below = lengths.between(0.89 * longest, 0.99 * longest)
        if pile >= _LEAST_PILE and pile > below and pile > target.over_share * shape.requests:
            found.append(f"{pile:,} requests lie within 1 % of the longest {side} of {longest:,} tokens")
    return tuple(found)


def _too_little(shape: HourlyShape, days: int, target: LengthTarget) -> tuple[LengthAdvice, tuple[Evidence, ...]]:
    sentence = words.too_little(shape, target)
    caps = _caps(shape, target)
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
        right_censored=bool(caps),
        drift_per_week=None,
        effect=sentence,
    )
    return advice, (Evidence("lengths", shape.requests, days, None, sentence), words.of_caps(shape, days, caps))
