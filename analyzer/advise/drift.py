"""Whether lengths grow from week to week, tested against days of the same weekday only."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analyzer.histogram import Histogram

TWO_WEEKS = 14
LEAST_REQUESTS = 100  # a day with fewer has no p99
SURE = 0.05
CONFIDENCE = 0.95
P99 = 990
WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Drift:
    """How the daily p99 of one side moves: tokens per week with a 95 % interval, and the p-value of there being none.

    `share_per_week` is the same as a share of the median daily p99, `days` on how many days it rests.
    """

    per_week: float
    interval: tuple[float, float]
    p: float
    share_per_week: float
    days: int

    @property
    def sure(self) -> bool:
        """Whether it is no chance."""
        return self.p <= SURE

    @property
    def growth(self) -> float:
        """By which factor lengths will have grown in a week; 1 where they do not, or where it may be chance."""
        return 1 + max(0.0, self.share_per_week) if self.sure else 1.0


def drift(days: Sequence[tuple[int, Histogram]]) -> Drift | None:
    """The drift of the daily p99 of `days`: pairs of the date's ordinal number and the day's lengths.

    The slope is the median slope of all pairs of the same weekday (Sen 1968, seasonal after Hirsch, Slack & Smith
    1982), the test the seasonal Kendall test of the same paper, without its correction for ties, which makes it
    cautious. A weekend that differs from the week is then no drift. `None` where the days span less than two weeks.
    """
    tails = [(day, lengths.quantile(P99)) for day, lengths in days if lengths.total >= LEAST_REQUESTS]
    if not tails or tails[-1][0] - tails[0][0] + 1 < TWO_WEEKS:
        return None
    slopes: list[float] = []
    score, variance = 0.0, 0.0
    for weekday in range(WEEK_DAYS):
        same = [(day, tail) for day, tail in tails if day % WEEK_DAYS == weekday]
        pairs = [(later, earlier) for place, later in enumerate(same) for earlier in same[:place]]
        slopes += [(later[1] - earlier[1]) / (later[0] - earlier[0]) * WEEK_DAYS for later, earlier in pairs]
        score += sum(float(np.sign(later[1] - earlier[1])) for later, earlier in pairs)
        variance += len(same) * (len(same) - 1) * (2 * len(same) + 5) / 18
    if not slopes:
        return None
    slope = float(np.median(slopes))
    return Drift(
        per_week=slope,
        interval=_interval(sorted(slopes), variance),
        p=_p(score, variance),
        share_per_week=slope / usual if (usual := float(np.median([tail for _, tail in tails]))) else 0.0,
        days=len(tails),
    )


def _p(score: float, variance: float) -> float:
    """Two-sided, from the normal law with a correction for continuity."""
    z = max(0.0, abs(score) - 1) / math.sqrt(variance)
    return float(2 * stats.norm.sf(z))


def _interval(slopes: Sequence[float], variance: float) -> tuple[float, float]:
    """Sen's interval: the slopes at the ranks (N ∓ z · σ) / 2."""
    reach = float(stats.norm.ppf((1 + CONFIDENCE) / 2)) * math.sqrt(variance)
    low = max(0, math.floor((len(slopes) - reach) / 2))
    high = min(len(slopes) - 1, math.ceil((len(slopes) + reach) / 2))
    return slopes[low], slopes[high]
