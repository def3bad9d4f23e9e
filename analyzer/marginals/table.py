"""Marginals as rows of a table: one for each hour, model, side and bucket."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from analyzer.marginals.answer import MarginalHour, Marginals
from analyzer.marginals.buckets import Buckets

SIDES = ("input", "output")


@dataclass(frozen=True, slots=True)
class Row:
    """`count` requests of `model` in the hour from `hour` (microseconds since the epoch) with a length up to `le`.

    They are not cumulative: longer ones than the next smaller `le` only. `tokens` is the sum of all lengths of the hour
    and side, on the row of the open bucket, and not known on the others. `source` is the metric of the input side.
    """

    hour: int
    model: str
    side: str
    le: float
    count: float
    tokens: float | None
    source: str


def rows(marginals: Mapping[str, Marginals]) -> Iterator[Row]:
    """The rows of all models, in order of time."""
    hours = sorted((hour.start, name) for name, one in marginals.items() for hour in one.hours)
    by_place = {(hour.start, name): hour for name, one in marginals.items() for hour in one.hours}
    for start, name in hours:
        hour = by_place[start, name]
        for side, buckets in zip(SIDES, (hour.isl, hour.osl), strict=True):
            for edge, count in zip(buckets.edges, buckets.counts, strict=True):
                tokens = buckets.tokens if math.isinf(edge) else None
                yield Row(start, name, side, edge, count, tokens, marginals[name].source)


def of_rows(found: Iterable[Row]) -> dict[str, Marginals]:
    """The marginals of each model; of a model that two metrics count, the one with more requests is taken.

    An engine and the sidecar beside it count the same requests, which must not be added up.
    """
    places: dict[tuple[str, str], dict[int, dict[str, list[Row]]]] = {}
    for row in found:
        hours = places.setdefault((row.model, row.source), {})
        hours.setdefault(row.hour, {}).setdefault(row.side, []).append(row)
    made: dict[str, list[Marginals]] = {}
    for (model, source), hours in sorted(places.items()):
        made.setdefault(model, []).append(Marginals(source, tuple(_hour(at, hours[at]) for at in sorted(hours))))
    return {model: max(several, key=_requests) for model, several in made.items()}


def _requests(one: Marginals) -> float:
    return sum(hour.isl.total for hour in one.hours)


def _hour(start: int, sides: Mapping[str, list[Row]]) -> MarginalHour:
    isl, osl = (_buckets(sides.get(side, [])) for side in SIDES)
    return MarginalHour(start, isl, osl)


def _buckets(found: list[Row]) -> Buckets:
    ordered = sorted(found, key=lambda row: row.le)
    tokens = [row.tokens for row in ordered if row.tokens is not None]
    return Buckets(
        tuple(row.le for row in ordered), tuple(row.count for row in ordered), sum(tokens) if tokens else None
    )
