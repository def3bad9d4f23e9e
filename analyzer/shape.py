"""What one hour of traffic looked like, so that hours can be added up exactly."""

from dataclasses import dataclass

from analyzer.histogram import Quantiles


@dataclass(frozen=True, slots=True)
class Joint:
    """Requests by input and output length.

    `counts[i][j]` counts the requests with `isl_edges[i-1] < ISL ≤ isl_edges[i]` and `osl_edges[j-1] < OSL ≤
    osl_edges[j]`; the first cell starts at zero. Edges are powers of two in tokens and reach the longest request.
    """

    isl_edges: tuple[int, ...]
    osl_edges: tuple[int, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class QueryPatterns:
    """Shares (0..1) of the four kinds of request; long means strictly above the threshold in tokens, input named
    first.
    """

    isl_threshold: int
    osl_threshold: int
    short_short: float
    short_long: float
    long_short: float
    long_long: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Times in milliseconds; `None` where no request of the window recorded the time.

    TTFT is taken over every request that had a first token, also over those that were given up afterwards; TPOT, E2E
    and ITL over completed requests. ITL is weighted by tokens and interpolated from the bucket counts of the records.
    """

    ttft_ms: Quantiles | None
    tpot_ms: Quantiles | None
    e2e_ms: Quantiles | None
    itl_ms: Quantiles | None
