"""How requests arrive, as counted and under the Poisson and the negative binomial law."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from scipy import stats

from analyzer.histogram import Histogram
from analyzer.shape import Caller, HourlyShape

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
BUSY = 0.95


@dataclass(frozen=True, slots=True)
class ClientShare:
    """One caller and its share (0..1) of the requests."""

    client_id: str
    share: float


@dataclass(frozen=True, slots=True)
class Rate:
    """How requests arrive, from bins aligned to UTC between the first and the last request, empty ones counted.

    `mean_rps` is requests over (last − first), or over one second where all requests share one instant. `peak_1s` and
    `peak_60s` are requests in the largest second and minute; `busy_p95_1s`, `poisson_p95_1s` and
    `negative_binomial_p95_1s` are requests in one second that 95 % of the seconds stay at or below, as counted and
    under the two laws. Dispersion is variance (n − 1) over mean of the bins, `None` with a single bin.
    """

    mean_rps: float
    peak_1s: int
    peak_60s: int
    busy_p95_1s: int
    poisson_p95_1s: int
    negative_binomial_p95_1s: int
    dispersion_1s: float | None
    dispersion_60s: float | None
    peak_60s_at: datetime
    peak_60s_client: ClientShare | None


@dataclass(frozen=True, slots=True)
class Bins:
    """Equal bins of arrivals: their number, the sum of their counts and the sum of the squares."""

    bins: int
    sum: int
    squares: int

    @property
    def mean(self) -> float:
        """Requests per bin."""
        return self.sum / self.bins

    @property
    def variance(self) -> float | None:
        """Variance of the counts with n − 1, reckoned in whole numbers; `None` with a single bin."""
        if self.bins < 2:
            return None
        return float((Fraction(self.squares) - Fraction(self.sum**2, self.bins)) / (self.bins - 1))

    @property
    def dispersion(self) -> float | None:
        """Variance over mean: 1 for Poisson arrivals, more where they come in bursts."""
        variance = self.variance
        return None if variance is None or self.sum == 0 else variance / self.mean


def poisson_p95(mean: float) -> int:
    """The smallest count that a Poisson law of this mean stays at or below with 95 %."""
    return int(stats.poisson.ppf(BUSY, mean))


def negative_binomial_p95(mean: float, variance: float | None) -> int:
    """The same under the negative binomial law with this mean and variance; Poisson where variance ≤ mean.

    With VMR = variance / mean the law has p = 1 / VMR and r = mean · p / (1 − p).
    """
    if variance is None or variance <= mean:
        return poisson_p95(mean)
    p = mean / variance
    return int(stats.nbinom.ppf(BUSY, mean * p / (1 - p), p))


def bins(counts: Histogram, number: int) -> Bins:
    """The sums over `number` bins, of which `counts` holds those that are not empty."""
    return Bins(number, counts.sum, sum(value * value * count for value, count in counts.items()))


def rate(shape: HourlyShape, peak_caller: Caller | None) -> Rate:
    """The arrivals of `shape`; `peak_caller` is the largest named caller of its fullest minute."""
    seconds_seen = shape.last // SECOND_US - shape.first // SECOND_US + 1
    seconds = bins(shape.seconds, seconds_seen)
    minutes = bins(shape.minutes, shape.last // MINUTE_US - shape.first // MINUTE_US + 1)
    mean_rps = shape.requests * SECOND_US / ((shape.last - shape.first) or SECOND_US)
    return Rate(
        mean_rps=mean_rps,
        peak_1s=shape.peak_second.requests,
        peak_60s=shape.peak_minute.requests,
        busy_p95_1s=with_empty(shape.seconds, seconds_seen).quantile(950),
        poisson_p95_1s=poisson_p95(mean_rps),
        negative_binomial_p95_1s=negative_binomial_p95(seconds.mean, seconds.variance),
        dispersion_1s=seconds.dispersion,
        dispersion_60s=minutes.dispersion,
        peak_60s_at=datetime.fromtimestamp(shape.peak_minute.at // SECOND_US, UTC),
        peak_60s_client=None if peak_caller is None else _share(peak_caller, shape.peak_minute.requests),
    )


def with_empty(counts: Histogram, number: int) -> Histogram:
    """`counts` of the bins that are not empty, completed by the empty ones up to `number` bins."""
    empty = number - counts.total
    return Histogram.merged([counts, Histogram.of([(0, empty)])]) if empty > 0 else counts


def client_shares(callers: Sequence[Caller], requests: int) -> tuple[ClientShare, ...] | None:
    """The callers' shares of all `requests`, `None` where no request names a caller."""
    return tuple(_share(caller, requests) for caller in callers) or None


def _share(caller: Caller, requests: int) -> ClientShare:
    return ClientShare(caller.client_id, caller.requests / requests)
