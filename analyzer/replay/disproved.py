"""What of a profile that is said to run today the records disprove: lengths that it refuses, and more at once."""

from dataclasses import dataclass
from math import floor

import numpy as np

from analyzer.engine import ServingProfile
from analyzer.replay.traffic import Requests
from analyzer.throughput.timings import Timings, replicas_behind

OFTEN = 0.01  # of the requests: fewer may be stamps that came late, or requests that were sent back to the queue
LEAST = 10


@dataclass(frozen=True, slots=True)
class Longer:
    """How many of `served` requests are longer than a limit, and the longest of all, in tokens of input and output."""

    requests: int
    served: int
    longest: int


def longer(requests: Requests, limit: int | None) -> Longer | None:
    """Which of `requests` were served, with output, although they are longer than `limit`; `None` without any."""
    total = (requests.isl + requests.osl)[requests.osl > 0]
    over = 0 if limit is None else int((total > limit).sum())
    return Longer(over, len(total), int(total.max())) if over else None


def disproved(profile: ServingProfile, seen: Longer | None, timings: Timings | None) -> tuple[str, ...]:
    """A sentence for each knob that cannot be what ran; none where nothing speaks against `profile`."""
    said = []
    if seen is not None:
        said.append(
            f"The profile's max_model_len is {profile.max_model_len:,}, and {seen.requests:,} of {seen.served:,} "
            f"recorded requests that were answered are longer, up to {seen.longest:,} tokens: it is not what ran."
        )
    if timings is not None:
        said += _crowded(profile, timings)
    return tuple(said)


def _crowded(profile: ServingProfile, timings: Timings) -> tuple[str, ...]:
    """That more requests were being written at once than `max_num_seqs` allows.

    Those in the queue do not count: a request does from its first token to its last.
    """
    behind = replicas_behind(timings, profile.replicas)
    allowed = floor(profile.max_num_seqs * behind)
    levels = writing(timings)
    over = int((levels > allowed).sum())
    if over < max(LEAST, OFTEN * len(levels)):
        return ()
    where = "one replica" if behind == 1 else f"the {behind:g} replicas behind one address"
    often = f"{over:,} of {len(levels):,} recorded requests"
    return (
        (
            f"The profile's max_num_seqs is {profile.max_num_seqs:,}, and {often} got their first token while {where} "
            f"wrote more than {allowed:,} at once, up to {int(levels.max()):,}: it is not what ran."
        ),
    )


def writing(timings: Timings) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """How many requests each engine was writing when one got its first token, that one included.

    One entry for each request of at least two tokens whose first and last one are recorded.
    """
    known = (timings.ttft_us > 0) & (timings.e2e_us > timings.ttft_us) & (timings.osl > 1)
    found = [np.zeros(0, np.int64)]
    for engine in np.unique(timings.engine):
        rows = known & (timings.engine == engine)
        first = timings.arrival_us[rows] + timings.ttft_us[rows]
        last = np.sort(timings.arrival_us[rows] + timings.e2e_us[rows])
        begun = np.searchsorted(np.sort(first), first, side="right")
        found.append((begun - np.searchsorted(last, first, side="right")).astype(np.int64))
    return np.concatenate(found)
