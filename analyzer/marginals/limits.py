"""Length limits from bucket counts of each side alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.advise.bounds import LengthTarget, rank, requests_needed
from analyzer.marginals.buckets import Buckets


@dataclass(frozen=True, slots=True)
class EdgeLimits:
    """Limits in tokens from bucket edges, each `None` where the buckets or the requests do not reach.

    `total_bound` holds whatever the two sides have to do with each other: a request over it is over one of two bounds
    that half of `target_over_share` exceeds, each at half the remaining doubt (Bonferroni).
    """

    target_over_share: float
    confidence: float
    max_input_len: int | None
    max_output_len: int | None
    max_seq_len: int | None
    isl_bound: int | None
    osl_bound: int | None
    total_bound: int | None
    effect: str


def limits_of(isl: Buckets, osl: Buckets, target: LengthTarget) -> EdgeLimits:
    """Limits for the requests whose input lengths are `isl` and output lengths `osl`."""
    sides = [_bound(side, target.over_share, target.confidence) for side in (isl, osl)]
    halves = [_bound(side, target.over_share / 2, (1 + target.confidence) / 2) for side in (isl, osl)]
    total = None if None in halves else sum(half for half in halves if half is not None)
    limits = [_aligned(bound, target) for bound in (*sides, total)]
    return EdgeLimits(
        target_over_share=target.over_share,
        confidence=target.confidence,
        max_input_len=limits[0],
        max_output_len=limits[1],
        max_seq_len=limits[2],
        isl_bound=sides[0],
        osl_bound=sides[1],
        total_bound=total,
        effect=_effect(round(isl.total), sides, limits[2], target),
    )


def _bound(side: Buckets, over_share: float, confidence: float) -> int | None:
    """The upper edge of the bucket with the order statistic that bounds the length which `over_share` exceeds."""
    number = rank(round(side.total), over_share, confidence)
    return None if number is None else side.edge_at(number)


def _aligned(tokens: int | None, target: LengthTarget) -> int | None:
    if tokens is None:
        return None
    aligned = -(-max(tokens, 1) // target.align_to) * target.align_to
    return aligned if target.model_max_seq_len is None else min(aligned, target.model_max_seq_len)


def _effect(requests: int, sides: Sequence[int | None], limit: int | None, target: LengthTarget) -> str:
    needed = requests_needed(target.over_share / 2, (1 + target.confidence) / 2)
    if requests < needed:
        return (
            f"{requests:,} requests are too few for a limit from both sides: at least {needed:,} are needed for at most"
            f" {target.over_share:.4g} of them over it at {target.confidence:.4g} confidence."
        )
    if limit is None:
        side = "input" if sides[0] is None else "output"
        return f"No limit can be said: too many {side} lengths lie above the last finite bucket edge of the metric."
    return (
        f"A max_seq_len of {limit:,} tokens is safe but coarse: it adds two bucket edges, as if the longest inputs had"
        " the longest outputs. Records of single requests give the limit that is really needed."
    )
