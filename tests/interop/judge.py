"""Whether what a client saw and what was recorded agree."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tests.interop.join import Joined
from tests.interop.seen import Definition, Recorded, Seen

MEDIAN_MS = 1.0
P95_MS = 5.0
NOTHING: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Difference:
    """How far a client's figure is from ours: absolute differences in milliseconds over all pairs of values.

    `own_ms` is the client's own time, which was taken off its figure. `bias_ms` is the median with its sign before
    that, positive where the client's figure is longer. `uneven` counts the requests of which one side has more values
    than the other.
    """

    name: str
    values: int
    median_ms: float
    p95_ms: float
    bias_ms: float
    own_ms: float
    uneven: int

    @property
    def met(self) -> bool:
        return bool(self.values) and not self.uneven and self.median_ms <= MEDIAN_MS and self.p95_ms <= P95_MS


@dataclass(frozen=True, slots=True)
class Verdict:
    """One client through the sidecar: the counts of requests, and how far each figure is off."""

    joined_by: str
    requests: int
    with_usage: int
    equal: int
    lost: int
    strange: int
    differences: tuple[Difference, ...]

    @property
    def met(self) -> bool:
        whole = bool(self.requests) and not self.lost and not self.strange and self.equal == self.with_usage
        return whole and all(each.met for each in self.differences)


def verdict(
    joined: Joined, definitions: Sequence[Definition], *, warm_up: int, own_ms: Mapping[str, float] = NOTHING
) -> Verdict:
    """The judgement of all pairs.

    `warm_up` records belong to requests that the client does not tell of. `own_ms` is how much longer each figure of
    this client is than the truth when nothing lies between it and the engine.
    """
    with_usage = [pair for pair in joined.pairs if pair[0].output_tokens is not None]
    return Verdict(
        joined_by=joined.by,
        requests=len(joined.pairs) + joined.without_record,
        with_usage=len(with_usage),
        equal=sum(_same_counts(seen, record) for seen, record in with_usage),
        lost=joined.without_record,
        strange=abs(joined.without_client - warm_up),
        differences=tuple(_difference(each, joined.pairs, own_ms.get(each.name, 0.0)) for each in definitions),
    )


def p95(values: Sequence[float]) -> float:
    """The smallest value that 95 % of the values do not exceed."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def _same_counts(seen: Seen, record: Recorded) -> bool:
    counts = (seen.input_tokens, seen.output_tokens) == (record.input_tokens, record.output_tokens)
    return counts and record.counted_by == {"usage"}


def _difference(definition: Definition, pairs: Sequence[tuple[Seen, Recorded]], own_ms: float) -> Difference:
    apart: list[float] = []
    uneven = 0
    for seen, record in pairs:
        theirs, ours = seen.figures.get(definition.name, ()), definition.ours(record)
        if len(theirs) != len(ours):
            uneven += 1
        else:
            apart += [their - our for their, our in zip(theirs, ours, strict=True)]
    if not apart:
        return Difference(definition.name, 0, math.nan, math.nan, math.nan, own_ms, uneven)
    sizes = [abs(each - own_ms) for each in apart]
    bias = statistics.median(apart)
    return Difference(definition.name, len(apart), statistics.median(sizes), p95(sizes), bias, own_ms, uneven)
