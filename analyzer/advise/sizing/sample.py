"""Recorded requests of a window, evenly taken, so that what comes together in one request stays together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyzer.replay import Requests
from analyzer.window import HOUR_US

MOST_SAMPLED = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One in `one_in` of the recorded requests of a window, in order of arrival in microseconds since the epoch.

    `cache_told` says of each whether its record tells how many input tokens the engine had already; where it does not,
    `cached` is 0. `served` is False for what ended early and without a token: nobody knows what it was to the engine.
    """

    requests: Requests
    cache_told: NDArray[np.bool_]
    served: NDArray[np.bool_]
    one_in: int

    def __len__(self) -> int:
        """How many requests there are, served or not."""
        return len(self.requests)

    def inside(self, starts: Sequence[int]) -> "Sample":
        """Those that came in the hours that begin at `starts`, in microseconds since the epoch."""
        arrival, begun = self.requests.arrival_us, np.sort(np.array([-HOUR_US, *starts], dtype=np.int64))
        last = begun[np.searchsorted(begun, arrival, side="right") - 1]  # the hour that began last
        return self._only(arrival < last + HOUR_US)

    def only_served(self) -> "Sample":
        """Those that the engine served."""
        return self._only(self.served)

    def _only(self, rows: NDArray[np.bool_]) -> "Sample":
        columns = (getattr(self.requests, name)[rows] for name in Requests.__slots__)
        return Sample(Requests(*columns), self.cache_told[rows], self.served[rows], self.one_in)


def one_in(requests: int) -> int:
    """One in how many of `requests` is taken, so that about 200,000 are at most."""
    return max(1, -(-requests // MOST_SAMPLED))
