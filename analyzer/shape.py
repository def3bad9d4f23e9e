"""What one hour of traffic looked like, so that hours can be added up exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from analyzer.histogram import Histogram, Quantiles

MINUTE_US = 60_000_000
CELL = 64  # a cell of the grid is CELL · (power of two of ISL) + (power of two of OSL)

ITL_BOUNDS_MS = (
    1, 2, 4, 6, 8, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 300, 400, 500, 750,
    1_000, 2_500, 5_000, 10_000, 20_000, 40_000, 80_000,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where long begins, in tokens: strictly above."""

    isl: int = 1024
    osl: int = 256


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


@dataclass(frozen=True, slots=True)
class Peak:
    """The fullest bin and the moment it began, in microseconds since the epoch; the first one of equals."""

    requests: int
    at: int


@dataclass(frozen=True, slots=True)
class Patterns:
    """Requests of each kind, input named first."""

    short_short: int
    short_long: int
    long_short: int
    long_long: int


@dataclass(frozen=True, slots=True)
class Endings:
    """How requests ended: stopped by a length limit, of those whose reason is known; not completed, of all; with as
    many output tokens as the client allowed, of those that named a limit.
    """

    cut_by_length: int
    reason_known: int
    not_completed: int
    at_own_limit: int = 0


@dataclass(frozen=True, slots=True)
class Residency:
    """How long requests stay in the cache with how many tokens, of requests whose end is recorded.

    `time_us` is the sum of what they took in microseconds, `half_token_us` that of the same times 2 · ISL + OSL: a
    request holds its input, and over its time half of its output on average. Both are exact.
    """

    time_us: int = 0
    half_token_us: int = 0

    @property
    def tokens(self) -> float | None:
        """Tokens that a request in flight holds: Σ E2E · (ISL + OSL / 2) / Σ E2E, as long ones stay longer."""
        return self.half_token_us / (2 * self.time_us) if self.time_us else None


@dataclass(frozen=True, slots=True, eq=False)
class HourlyShape:
    """The requests of one local hour, or, added up, of many.

    `start` is where the (first) hour begins, `first` and `last` the arrivals at its ends, all in microseconds since the
    epoch. `seconds` and `tens` hold the counts of the bins of 1 s and 10 s that are not empty, aligned to UTC;
    `by_minute` holds for each minute since the epoch its requests. `max_tokens` is the output limit the client asked
    for, `asked` the same plus the input, both of requests that named one. `grid` holds cells of powers of two.
    `in_flight` holds for each number of requests in flight the microseconds with that many, zero left out, of requests
    whose end is recorded, and `residency` what those that came in the hour hold.
    """

    start: int
    requests: int
    first: int
    last: int
    isl: Histogram
    osl: Histogram
    total: Histogram
    asked: Histogram
    max_tokens: Histogram
    grid: Histogram
    seconds: Histogram
    tens: Histogram
    by_minute: Histogram
    in_flight: Histogram
    peak_second: Peak
    patterns: Patterns
    endings: Endings
    residency: Residency = Residency()

    @property
    def minutes(self) -> Histogram:
        """The counts of the minutes that are not empty, aligned to UTC."""
        return Histogram.counted(self.by_minute.counts)

    @property
    def peak_minute(self) -> Peak:
        """The fullest minute."""
        fullest = int(self.by_minute.counts.argmax())
        return Peak(int(self.by_minute.counts[fullest]), int(self.by_minute.values[fullest]) * MINUTE_US)


@dataclass(frozen=True, slots=True)
class Prefix:
    """How often prompts begin alike: the prefix blocks that requests name, and the share (0..1) that came before."""

    blocks: int
    seen_before_share: float


@dataclass(frozen=True, slots=True)
class Refusals:
    """Requests that the engine refused as bad or too large (HTTP 400, 413, 422).

    `for_length` are those whose error names a length; `longer` those whose input was counted and is longer than that
    of any request that was answered.
    """

    requests: int
    for_length: int
    longer: int


@dataclass(frozen=True, slots=True)
class Caller:
    """Requests of one caller."""

    client_id: str
    requests: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was recorded of one model: its hours in order of time, its largest callers, and its latency.

    `callers` are the ten largest, `peak_caller` the largest of the fullest minute; both without requests that name no
    caller. `timed` counts the requests behind each figure of `latency`, by its name. `prefix` is `None` where no
    request names its prefix blocks.
    """

    hours: tuple[HourlyShape, ...]
    callers: tuple[Caller, ...]
    peak_caller: Caller | None
    latency: Latency | None
    timed: Mapping[str, int] = field(default_factory=dict)
    prefix: Prefix | None = None
    refusals: Refusals | None = None


def merged(shapes: Sequence[HourlyShape]) -> HourlyShape:
    """What one shape over all requests of `shapes`, which are of different hours, would hold, exactly.

    Adding up is associative and commutative. Raises `ValueError` without any shape.
    """
    if not shapes:
        raise ValueError("there are no hours to add up")
    return HourlyShape(
        start=min(s.start for s in shapes),
        requests=sum(s.requests for s in shapes),
        first=min(s.first for s in shapes),
        last=max(s.last for s in shapes),
        isl=Histogram.merged([s.isl for s in shapes]),
        osl=Histogram.merged([s.osl for s in shapes]),
        total=Histogram.merged([s.total for s in shapes]),
        asked=Histogram.merged([s.asked for s in shapes]),
        max_tokens=Histogram.merged([s.max_tokens for s in shapes]),
        grid=Histogram.merged([s.grid for s in shapes]),
        seconds=Histogram.merged([s.seconds for s in shapes]),
        tens=Histogram.merged([s.tens for s in shapes]),
        by_minute=Histogram.merged([s.by_minute for s in shapes]),
        in_flight=Histogram.merged([s.in_flight for s in shapes]),
        peak_second=highest([s.peak_second for s in shapes]),
        patterns=Patterns(
            sum(s.patterns.short_short for s in shapes),
            sum(s.patterns.short_long for s in shapes),
            sum(s.patterns.long_short for s in shapes),
            sum(s.patterns.long_long for s in shapes),
        ),
        endings=Endings(
            sum(s.endings.cut_by_length for s in shapes),
            sum(s.endings.reason_known for s in shapes),
            sum(s.endings.not_completed for s in shapes),
            sum(s.endings.at_own_limit for s in shapes),
        ),
        residency=Residency(sum(s.residency.time_us for s in shapes), sum(s.residency.half_token_us for s in shapes)),
    )


def highest(peaks: Sequence[Peak]) -> Peak:
    """The fullest of `peaks`, the earliest of equals."""
    return min(peaks, key=lambda peak: (-peak.requests, peak.at))


def joint(shape: HourlyShape) -> Joint:
    """The ISL × OSL grid of `shape` with edges up to the smallest power of two that holds the longest request."""
    rows, columns = np.divmod(shape.grid.values, CELL)
    counts = np.zeros((int(rows.max()) + 1, int(columns.max()) + 1), dtype=np.int64)
    counts[rows, columns] = shape.grid.counts
    return Joint(
        isl_edges=tuple(1 << i for i in range(counts.shape[0])),
        osl_edges=tuple(1 << j for j in range(counts.shape[1])),
        counts=tuple(tuple(row) for row in counts.tolist()),
    )


def query_patterns(shape: HourlyShape, thresholds: Thresholds) -> QueryPatterns:
    """The shares of the four kinds of request; `thresholds` are those that the shape was counted with."""
    counted, requests = shape.patterns, shape.requests
    return QueryPatterns(
        isl_threshold=thresholds.isl,
        osl_threshold=thresholds.osl,
        short_short=counted.short_short / requests,
        short_long=counted.short_long / requests,
        long_short=counted.long_short / requests,
        long_long=counted.long_long / requests,
    )
