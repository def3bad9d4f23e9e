"""When the tokens of one answer came: tokens per content event, the steps between events, and their latencies."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from exporter.catalog import TIME_PER_TOKEN
from exporter.observe.observation import Content, Interval, TokenCounter

_BOUNDS_NS = np.array([round(bound * 1e9) for bound in TIME_PER_TOKEN])


@dataclass(frozen=True, slots=True)
class TokenTimeline:
    """Arrivals and tokens of one streamed answer, without its text.

    `tokens` has one number per content event, in order of arrival; it is empty where nobody could count them.
    `intervals` has one entry per content event but the first of each completion. `gaps_ns` are the times between
    successive content events of the request, whatever completion they belong to. `decode_ns` is the sum, and
    `completions` the number, of the completions' times from first to last content event.
    """

    tokens: tuple[int, ...]
    intervals: tuple[Interval, ...]
    gaps_ns: tuple[int, ...]
    decode_ns: int
    completions: int


@dataclass(frozen=True, slots=True)
class Latencies:
    """ITL of one request, weighted by tokens: nearest-rank percentiles in ns, and tokens per bucket of
    `TIME_PER_TOKEN`, the open one last.
    """

    p50_ns: int
    p95_ns: int
    max_ns: int
    counts: tuple[int, ...]


def timeline(contents: Sequence[Content], tokens: Sequence[int]) -> TokenTimeline:
    """The timeline of content events that brought `tokens` each (empty where unknown)."""
    latest: dict[int, int] = {}
    position: dict[int, int] = {}
    intervals: list[Interval] = []
    decode = 0
    for i, content in enumerate(contents):
        brought = tokens[i] if tokens else 0
        index = content.index
        reached = position[index] = position.get(index, 0) + brought
        before = latest.get(index)
        if before is not None:
            gap = content.at - before
            decode += gap
            intervals.append(Interval(gap, brought, reached, index))
        latest[index] = content.at
    gaps = tuple(after.at - before.at for before, after in pairwise(contents))
    return TokenTimeline(tuple(tokens), tuple(intervals), gaps, decode, len(latest))


def latencies(contents: Sequence[Content], tokens: Sequence[int]) -> Latencies | None:
    """ITL of each step, `gap / tokens` with weight `tokens`; None where there is no step with a known token.

    The time before an event that completed no token belongs to the next token of that completion, so that the sum of
    ITL stays the decode time.
    """
    since: dict[int, int] = {}
    gaps: list[int] = []
    weights: list[int] = []
    for content, brought in zip(contents, tokens, strict=False):
        before = since.get(content.index)
        if before is None:
            since[content.index] = content.at
        elif brought > 0:
            gaps.append(content.at - before)
            weights.append(brought)
            since[content.index] = content.at
    if not gaps:
        return None
    weight = np.array(weights)
    itl = np.array(gaps) / weight
    counts = np.bincount(np.searchsorted(_BOUNDS_NS, itl), weights=weight, minlength=len(_BOUNDS_NS) + 1)
    order = np.argsort(itl, kind="stable")
    ranks = np.cumsum(weight[order])

    def percentile(percent: int) -> int:
        return round(float(itl[order[np.searchsorted(ranks, -(-int(ranks[-1]) * percent // 100))]]))

    return Latencies(percentile(50), percentile(95), percentile(100), tuple(int(count) for count in counts))


def tokens_per_event(
    contents: Sequence[Content], total: int | None, counter: TokenCounter | None, own: Sequence[int] | None = None
) -> tuple[int, ...]:
    """How many of `total` tokens each content event brought; their sum is `total`. Empty where `total` is unknown.

    Best first: what the engine said of each event; one each where there are as many events as tokens; `own` counts, or
    those of `counter` when it is a tokenizer; shares by length of text.
    """
    if total is None or not contents:
        return ()
    if len(contents) == 1:
        return (total,)
    told = [content.tokens for content in contents if content.tokens is not None]
    if len(told) == len(contents):
        return spread(total, told)
    if total == len(contents):
        return (1,) * total
    if own is None and counter is not None and counter.source == "tokenizer":
        own = own_tokens(contents, counter)
    return spread(total, own if own is not None else [len(content.text) for content in contents])


def own_tokens(contents: Sequence[Content], counter: TokenCounter) -> list[int]:
    """Tokens of each content event by our own count: each completion's text of one kind is joined and counted once,
    and a token belongs to the event that completed it.
    """
    tokens = [0] * len(contents)
    groups: dict[tuple[int, str], list[int]] = {}
    for i, content in enumerate(contents):
        groups.setdefault((content.index, content.kind), []).append(i)
    for members in groups.values():
        text = "".join(contents[i].text for i in members)
        if len(members) == 1:
            tokens[members[0]] = counter.count(text)
            continue
        edges: list[int] = []
        reached = 0
        for i in members:
            reached += len(contents[i].text)
            edges.append(reached)
        at = 0
        for end in counter.ends(text):
            if end > edges[at]:
                at = min(bisect_left(edges, end, at), len(edges) - 1)
            tokens[members[at]] += 1
    return tokens


def spread(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Whole shares of `total` in proportion to `weights`, by largest remainder (ties to the earlier).

    Where the total allows, each share is at least 1: visible text takes a token.
    """
    if total == sum(weights) and min(weights) > 0:
        return tuple(weights)
    if not any(weights):
        weights = [1] * len(weights)
    if total < len(weights):
        return tuple(_largest_remainder(total, weights))
    whole = sum(weights)
    excess = [max(weight * total - whole, 0) for weight in weights]
    rest = total - len(weights)
    return tuple(1 + extra for extra in _largest_remainder(rest, excess)) if rest else (1,) * len(weights)


def _largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    whole = sum(weights)
    shares = [weight * total // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(weights[i] * total % whole))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares
