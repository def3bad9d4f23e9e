"""When the tokens of one answer came: tokens per content event, the steps between events, and their latencies."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exporter.catalog import TIME_PER_TOKEN
from exporter.observe.observation import Content, Integers, Steps, TokenCounter

_BOUNDS_NS = np.array([round(bound * 1e9) for bound in TIME_PER_TOKEN])


@dataclass(frozen=True, slots=True, eq=False)
class TokenTimeline:
    """Arrivals and tokens of one streamed answer, without its text.

    `tokens` has one number per content event, in order of arrival; it is empty where nobody could count them.
    `waits_ns` are the times from one content event to the next of the same completion, `gaps_ns` those between
    successive content events of the request, whatever completion they belong to. `decode_ns` is the sum, and
    `completions` the number, of the completions' times from first to last content event.
    """

    tokens: tuple[int, ...]
    waits_ns: Integers
    steps: Steps
    gaps_ns: Integers
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
    at = np.array([content.at for content in contents], np.int64)
    places: dict[int, int] = {}  # of completions, because an engine may give them numbers of any size
    completion = np.array([places.setdefault(content.index, len(places)) for content in contents], np.int64)
    brought = np.array(tokens, np.int64) if tokens else np.zeros(len(contents), np.int64)
    _, first = np.unique(completion, return_index=True)
    waits, *_ = every = _since_before(at, completion, brought)
    counts = brought > 0
    counts[first] = True
    if not counts.all():
        every = _since_before(at[counts], completion[counts], brought[counts])
    return TokenTimeline(tuple(tokens), waits, every, np.diff(at), int(waits.sum()), len(places))


def _since_before(at: Integers, completion: Integers, brought: Integers) -> Steps:
    """The steps to all events but the first of each completion, in order of arrival."""
    if not len(at) or (completion == completion[0]).all():
        return Steps(np.diff(at), brought[1:], np.cumsum(brought)[1:])
    order = np.argsort(completion, kind="stable")
    at, completion, brought = at[order], completion[order], brought[order]
    later = completion[1:] == completion[:-1]
    first = np.flatnonzero(np.append(True, ~later))
    reached = np.cumsum(brought)
    before = np.repeat(reached[first] - brought[first], np.diff(np.append(first, len(at))))
    back = np.argsort(order[1:][later])
    return Steps(np.diff(at)[later][back], brought[1:][later][back], (reached - before)[1:][later][back])


def latencies(steps: Steps) -> Latencies | None:
    """ITL of each step, `gap / tokens` with weight `tokens`; None where there is no step with a known token."""
    if not len(steps.tokens):
        return None
    itl = steps.gap_ns / steps.tokens
    counts = np.bincount(np.searchsorted(_BOUNDS_NS, itl), weights=steps.tokens, minlength=len(_BOUNDS_NS) + 1)
    order = np.argsort(itl, kind="stable")
    ranks = np.cumsum(steps.tokens[order])

    def percentile(percent: int) -> int:
        return round(float(itl[order[np.searchsorted(ranks, -(-int(ranks[-1]) * percent // 100))]]))

    return Latencies(percentile(50), percentile(95), percentile(100), tuple(counts.astype(np.int64).tolist()))


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
    texts = [content.text for content in contents]
    groups = [(content.index, content.kind) for content in contents]
    if groups.count(groups[0]) == len(groups):
        return _of_one_text(texts, counter)
    tokens = [0] * len(contents)
    members: dict[tuple[int, str], list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    for places in members.values():
        found = _of_one_text([texts[i] for i in places], counter)
        for i, count in zip(places, found, strict=True):
            tokens[i] = count
    return tokens


def _of_one_text(texts: Sequence[str], counter: TokenCounter) -> list[int]:
    """Tokens that each of the pieces of a text completed."""
    text = "".join(texts)
    if len(texts) == 1:
        return [counter.count(text)]
    edges = np.cumsum(np.array(list(map(len, texts)), np.int64))
    places = np.minimum(np.searchsorted(edges, counter.ends(text)), len(texts) - 1)
    found: list[int] = np.bincount(places, minlength=len(texts)).tolist()
    return found


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
