"""What the simulation remembers of each request and of each replica, laid out for machine code."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = Any  # a structured array of one of the kinds below
Row = Any  # one entry of it, which is written through

# One row per request. `prompt`, `target`, `cached` and `reserve` are tokens and stay as they are: the input, the output
# that will be written, what needs no reading, what is held from the start where the cache is reserved. Of the rest:
# `goal` tokens have to be read before the next one is written (the input, and what was written before it was sent
# back), `read` of them are. `place` is the place in a heap, -1 where it is in none, and `key` what it is ordered by:
# the tick of its last token while it writes, the moment its client hears of the end after that. `base` + tick is its
# part of the cache while it writes. `before` and `after` are its neighbours in the queue or among the running, -1 for
# none. Times are microseconds; `last` is that of the last token before it was sent back.
REQUEST = np.dtype(
    [
        *((name, np.float64) for name in ("sent", "key", "first", "last", "end")),
        ("base", np.int64),
        *((name, np.int32) for name in ("prompt", "target", "cached", "reserve", "goal", "read", "written")),
        *((name, np.int32) for name in ("place", "before", "after", "refused")),
    ],
    align=True,
)

# One row per replica. It is in the middle of `steps` steps, the first of which takes `first` microseconds and each
# following one `growth` more, from `now` to `ends`; with no `steps` nothing is decided after `now`, and the last step
# `began` then, inf where it left nobody running. `tick` counts steps, `writing` requests of the `running` ones write
# and hold `kv` tokens of the cache, `used` are taken in all. `newest` is the end of the list of running requests,
# `head` and `tail` are the queue's, -1 for none; `open` are all that are not over yet.
REPLICA = np.dtype(
    [
        *((name, np.float64) for name in ("now", "ends", "first", "growth", "began")),
        *((name, np.int64) for name in ("number", "steps", "tick", "writing", "kv", "used", "running", "open")),
        *((name, np.int64) for name in ("newest", "head", "tail")),
    ],
    align=True,
)

# One row: sums over all replicas, the most of a cache in use, how many requests the clients have `open` and of how many
# of those the client will hear of the `ending`.
TOTALS = np.dtype(
    [("busy", np.float64), *((name, np.int64) for name in ("steps", "preemptions", "peak", "open", "ending"))],
    align=True,
)


class Rules(NamedTuple):
    """The limits of one replica, and of the pool; `cap` is 0 where clients keep to none."""

    seqs: int
    budget: int
    pool: int
    chunked: bool
    reserved: bool
    least_outstanding: bool
    cap: int
    ahead: bool


class Costs(NamedTuple):
    """The parameters of a step in microseconds."""

    a0: float
    a1: float
    a2: float
    b0: float
    b1: float
    b2: float
    m0: float
    r0: float
    outside: float
    overlap: float


class Simulation(NamedTuple):
    """All that a simulation works on.

    `heaps` has one row per replica: the requests that write, the one that is over first in front. `releases` is the
    same for requests that are over and whose clients will hear of it; it is empty where clients keep to no limit.
    `gaps` counts tokens by the time since the one before, `edges` being the upper edges in microseconds.
    """

    requests: Rows
    replicas: Rows
    heaps: NDArray[np.int32]
    releases: NDArray[np.int32]
    edges: NDArray[np.float64]
    gaps: NDArray[np.int64]
    totals: Rows
    rules: Rules
    costs: Costs
