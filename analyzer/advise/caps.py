"""Signs that recorded lengths were cut off by a limit already in force."""

from collections.abc import Iterator

import numpy as np

from analyzer.histogram import Histogram
from analyzer.shape import HourlyShape, Refusals

LEAST_PILE = 10
"""Fewer requests near the longest one are no pile: a single request is always its own longest."""
LEAST_BAND = 2
"""Whole lengths below the longest that it is compared with; among fewer every longest one would be a pile."""
TIMES_NEIGHBOURS = 20
NEAR = 0.1


def caps(shape: HourlyShape, over_share: float, refusals: Refusals | None) -> tuple[str, ...]:
    """The signs of a limit in force, each as a clause; empty without any.

    Each concerns more than the target share `over_share` (0..1) of the requests, so that the recommended limit would
    stand on it: answers that ended for their length, or that used up the `max_tokens` of their client; requests that
    were refused for their length; a pile just below the longest length; and an output length on which many more answers
    end than around it.
    """
    return tuple(_signs(shape, over_share * shape.requests, refusals))


def _signs(shape: HourlyShape, enough: float, refusals: Refusals | None) -> Iterator[str]:
    ended = shape.endings
    if ended.cut_by_length > enough:
        yield f"{ended.cut_by_length:,} of {ended.reason_known:,} answers with a known ending ran into a limit"
    if ended.at_own_limit > max(enough, LEAST_PILE):
        yield (
            f"{ended.at_own_limit:,} of {shape.max_tokens.total:,} answers to clients that name max_tokens used all of "
            "it"
        )
    if refusals is not None and max(refusals.for_length, refusals.longer) > enough:
        yield f"{max(refusals.for_length, refusals.longer):,} requests were refused for their length"
    piles = [
        _pile(side, lengths, enough)
        for side, lengths in (("input", shape.isl), ("output", shape.osl), ("input and output", shape.total))
    ]
    yield from filter(None, piles)
    if not piles[1] and (atom := _atom(shape.osl, enough)):
        yield atom


def _pile(side: str, lengths: Histogram, enough: float) -> str:
    """Requests within 1 % of the longest one: ten or more, and more than in the 10 % of its length before that."""
    longest = int(lengths.values[-1])
    if _short(longest):
        return ""
    pile = lengths.between(0.99 * longest, longest)
    below = lengths.between(0.89 * longest, 0.99 * longest)
    if pile >= LEAST_PILE and pile > below and pile > enough:
        return f"{pile:,} requests lie within 1 % of the longest {side} of {longest:,} tokens"
    return ""


def _short(longest: int) -> bool:
    return int(0.99 * longest) - int(0.89 * longest) < LEAST_BAND


def _atom(lengths: Histogram, enough: float) -> str:
    """A length above the median with twenty times the answers of each length around it, and more than just above."""
    if _short(int(lengths.values[-1])):
        return ""
    above = lengths.values > lengths.quantile(500)
    likely = lengths.values[above & (lengths.counts >= LEAST_PILE) & (lengths.counts > enough)]
    for value in np.sort(likely)[::-1].tolist():
        here = lengths.between(value - 1, value)
        after = lengths.between(value, (1 + NEAR) * value)
        before = lengths.between((1 - NEAR) * value, value - 1)
        around = (before + after) / max(1.0, 2 * NEAR * value)
        if here >= TIMES_NEIGHBOURS * max(around, 1.0) and here > after:
            return f"{here:,} answers have exactly {value:,} tokens, which is many more than just above or below"
    return ""
