"""The requests that are replayed, and what became of each."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Routing = Literal["round_robin", "least_outstanding"]

COMPLETED, TRUNCATED, REJECTED = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Requests:
    """Requests in order of arrival, one array entry each.

    `arrival_us` is in microseconds from any zero, ascending; `isl`, `osl` are input and output tokens, `max_tokens`
    the output tokens that the client allowed, -1 where it named none, `cached` the input tokens that a prefix cache
    holds already.
    """

    arrival_us: Ints
    isl: Ints
    osl: Ints
    max_tokens: Ints
    cached: Ints

    def __len__(self) -> int:
        """How many requests there are."""
        return len(self.arrival_us)


@dataclass(frozen=True, slots=True)
class Pool:
    """Replicas behind one router. `most_in_flight` is how many requests the clients keep open at once, none: no limit.

    A request that finds the clients' limit reached is sent when another one has ended; its times count from then.
    """

    replicas: int
    routing: Routing = "least_outstanding"
    most_in_flight: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """What became of each request, in order of arrival, and of the pool.

    `status` is COMPLETED, TRUNCATED (cut at the longest length) or REJECTED (input too long, or never fits). Times are
    milliseconds, nan for what was rejected: `ttft_ms` from arrival to the first token, `e2e_ms` to the last, `itl_ms`
    the mean (E2E - TTFT) / (tokens - 1), nan where one token was written. `tokens` are the output tokens written.
    `itl_edges_ms` and `itl_tokens` count tokens by the time since the one before, token by token: `itl_tokens[i]` lie
    in (edges[i-1], edges[i]], the first from zero, the last beyond all edges. `busy_ms` is the time that replicas spent
    in steps, `span_ms` from the first arrival to the last end; `peak_kv_tokens` the most of one replica's cache that
    was in use; `preemptions` how often a running request was sent back.
    """

    status: NDArray[np.int8]
    ttft_ms: Floats
    itl_ms: Floats
    e2e_ms: Floats
    tokens: Ints
    itl_edges_ms: Floats
    itl_tokens: Ints
    busy_ms: float
    span_ms: float
    steps: int
    preemptions: int
    peak_kv_tokens: int


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """Recorded requests with what became of them, one array entry each, in order of arrival.

    `ttft_ms`, `itl_ms` (the mean of each request) and `e2e_ms` are milliseconds, nan where not recorded. `day` numbers
    the local calendar days. `left_out` are requests that ended without a token for another reason than their length:
    nobody knows what they were to the engine.
    """

    requests: Requests
    ttft_ms: Floats
    itl_ms: Floats
    e2e_ms: Floats
    day: Ints
    left_out: int
