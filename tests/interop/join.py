"""Which record belongs to which request of a client."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from tests.interop.seen import Recorded, Seen

APART_S = 0.1
"""A client without request ids is joined by time: its starts and ends lie this close to the record's, in seconds."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Pairs, and what found no partner on either side; `by` says how they were joined."""

    pairs: tuple[tuple[Seen, Recorded], ...]
    without_record: int
    without_client: int
    by: str


def joined(seen: Sequence[Seen], records: Sequence[Recorded]) -> Joined:
    """By `x-request-id` where every request of the client has one, else by when it began and ended."""
    if all(each.request_id is not None for each in seen):
        return _by_id(seen, records)
    return _by_time(seen, records)


def _by_id(seen: Sequence[Seen], records: Sequence[Recorded]) -> Joined:
    known: dict[str | None, list[Recorded]] = {}
    for record in records:
        known.setdefault(record.request_id, []).append(record)
    pairs, lonely = [], 0
    for each in seen:
        found = known.pop(each.request_id, [])
        if len(found) == 1:
            pairs.append((each, found[0]))
        else:
            lonely += 1  # none, or two that claim to be it
    return Joined(tuple(pairs), lonely, sum(map(len, known.values())), "x-request-id")


def _by_time(seen: Sequence[Seen], records: Sequence[Recorded]) -> Joined:
    """The pairs whose starts and last tokens lie closest together in sum; counts of tokens have no say in it."""
    apart = np.array([[_apart(each, record) for record in records] for each in seen]).reshape(len(seen), len(records))
    rows, columns = linear_sum_assignment(apart)
    chosen = [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if apart[i, j] <= APART_S]
    pairs = tuple((seen[i], records[j]) for i, j in chosen)
    return Joined(pairs, len(seen) - len(pairs), len(records) - len(pairs), "time")


def _apart(seen: Seen, record: Recorded) -> float:
    return abs(seen.started - record.started) + abs(seen.ended - record.ended)
