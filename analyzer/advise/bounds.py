"""Upper confidence bounds that assume no shape of the distribution."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analyzer.histogram import Histogram, IntArray

RESAMPLES = 1000
DAYS_FOR_VARIATION = 7
NEAR_BOUND = 1.25  # a longest request below this multiple of its bound is covered as well
BATCH = 20  # resamples reckoned at once: bounds memory where lengths are many


@dataclass(frozen=True, slots=True)
class LengthTarget:
    """What limits are wanted: the share of requests that may be over, at which confidence, rounded up to what.

    `current_max_seq_len` is the limit in force today, `model_max_seq_len` the longest the model allows, `pool_tokens`
    what the KV cache of one replica holds, all in tokens.
    """

    over_share: float = 0.001
    confidence: float = 0.95
    align_to: int = 64
    current_max_seq_len: int | None = None
    model_max_seq_len: int | None = None
    pool_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """One side's lengths, the quantile seen, and its upper bound with where that came from."""

    lengths: Histogram
    seen: int
    rank: int
    by_rank: int
    by_days: int | None
    growth: float = 1.0

    @property
    def value(self) -> int:
        """The larger of the two bounds: requests of one day are not independent of each other."""
        return max(self.by_rank, self.by_days or 0)

    @property
    def to_cover(self) -> int:
        """The bound with its growth, or the longest request where it is near enough to be covered as well."""
        longest, grown = int(self.lengths.values[-1]), math.ceil(self.value * self.growth)
        return max(longest, grown) if longest < NEAR_BOUND * self.value else grown


def rank(requests: int, over_share: float, confidence: float) -> int | None:
    """The rank r of the order statistic X₍r₎ that bounds the (1 − over_share) quantile from above.

    r = binom.ppf(confidence, n, 1 − over_share) + 1: with at least `confidence` the quantile is at or below X₍r₎, for
    independent requests of any distribution (David & Nagaraja, Order Statistics, 7.1). `None` where r > n.
    """
    if requests < 1:
        return None
    found = int(stats.binom.ppf(confidence, requests, 1 - over_share)) + 1
    return found if found <= requests else None


def requests_needed(over_share: float, confidence: float) -> int:
    """The fewest requests with which `rank` is defined: the smallest n with (1 − over_share)^n ≤ 1 − confidence."""
    return math.ceil(math.log(1 - confidence) / math.log1p(-over_share))


def share_bound(over: int, requests: int, confidence: float) -> float:
    """The one-sided Clopper–Pearson upper bound of a share of which `over` among `requests` were seen."""
    return 1.0 if over >= requests else float(stats.beta.ppf(confidence, over + 1, requests - over))


def day_block_bound(days: Sequence[Histogram], over_share: float, confidence: float, seed: int = 0) -> int:
    """The `confidence` quantile of the (1 − over_share) quantile over resamples of whole days.

    Days are drawn with replacement, as many as there are, 1000 times with a fixed seed; requests of one day stay
    together, so that days that differ from each other widen the bound as they should. Quantiles are nearest-rank.
    """
    own = [_exceeded_by(day, over_share) for day in days]
    every = np.unique(np.concatenate([day.values for day in days]))
    # the quantile of any mixture of days lies between the smallest and the largest of theirs
    values = every[(every >= min(own)) & (every <= max(own))]
    beyond = np.array([day.total - _upto(day, values) for day in days], dtype=np.float64)
    totals = np.array([day.total for day in days], dtype=np.float64)
    generator = np.random.default_rng(seed)
    weights = generator.multinomial(len(days), np.full(len(days), 1 / len(days)), size=RESAMPLES)
    found: list[int] = []
    for start in range(0, RESAMPLES, BATCH):
        drawn = weights[start : start + BATCH]
        # X at or below v for a share of 1 − over_share ⇔ at most over_share lies above v
        allowed = np.floor(drawn @ totals * over_share + 1e-9)
        found.extend(values[np.argmax(drawn @ beyond <= allowed[:, None], axis=1)].tolist())
    return Histogram.of((value, 1) for value in found).quantile(math.ceil(confidence * 1000))


def _exceeded_by(lengths: Histogram, over_share: float) -> int:
    """The shortest length that at most `over_share` of the requests exceed."""
    return lengths.at_rank(max(1, lengths.total - math.floor(lengths.total * over_share + 1e-9)))


def _upto(lengths: Histogram, values: IntArray) -> IntArray:
    """Requests at or below each of `values`."""
    within = np.concatenate([[0], np.cumsum(lengths.counts)])
    found: IntArray = within[np.searchsorted(lengths.values, values, side="right")]
    return found


def bound(
    lengths: Histogram, days: Sequence[Histogram], number: int, target: LengthTarget, growth: float = 1.0
) -> Bound:
    """The bound of one side from the order statistic of rank `number` and, with seven days or more, whole days.

    `growth` is the factor by which lengths are expected to grow until the limit is looked at again.
    """
    by_days = None
    if len(days) >= DAYS_FOR_VARIATION:
        by_days = day_block_bound(days, target.over_share, target.confidence)
    seen = _exceeded_by(lengths, target.over_share)
    return Bound(lengths, seen, number, lengths.at_rank(number), by_days, growth)
