"""How sure a figure is, from drawing the recorded days again and again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyzer.replay.traffic import Floats, Ints

DRAWS = 1000
LEAST_DAYS = 2
_SEED = 1
# 1 % between two edges, from a microsecond to four months
_EDGES_MS: Floats = 0.001 * np.power(1.01, np.arange(3000))
_OUTSIDE = 2.5, 97.5


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with the interval in which it lies in 95 of 100 draws of days, `None` with fewer than two days."""

    value: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """How often each day is in each draw: one row per draw, one column per day."""

    weights: NDArray[np.float64]

    @property
    def enough(self) -> bool:
        """Whether there are days to draw from."""
        return int(self.weights.shape[1]) >= LEAST_DAYS

    def figure(self, value: float, drawn: Floats) -> Figure:
        """`value` with the interval of what was `drawn`; draws without the figure do not count."""
        known = drawn[np.isfinite(drawn)]
        if not self.enough or not len(known):
            return Figure(value, None)
        low, high = np.percentile(known, _OUTSIDE)
        return Figure(value, (float(low), float(high)))

    def shares(self, hits: Floats, of: Floats) -> Floats:
        """Σ hits / Σ of in each draw, both given by day."""
        total: Floats = self.weights @ of
        share: Floats = np.divide(self.weights @ hits, total, out=np.full(len(total), np.nan), where=total > 0)
        return share

    def quantiles(self, counts: Ints, share: float, value: float) -> Floats:
        """A quantile of the values counted by day and place, in each draw; all days once give exactly `value`."""
        drawn = np.array([_quantile(row, share) for row in self.weights @ counts])
        found: Floats = drawn * (value / _quantile(counts.sum(axis=0).astype(np.float64), share))
        return found


def _quantile(counts: Floats, share: float) -> float:
    """A quantile of values of which only the places are known, spread evenly within each; nan without any."""
    sums = np.cumsum(counts)
    wanted = share * sums[-1]
    if not sums[-1]:
        return float("nan")
    place = int(np.searchsorted(sums, wanted))
    if not 0 < place < len(_EDGES_MS):
        return float(_EDGES_MS[min(place, len(_EDGES_MS) - 1)])
    within = (wanted - (sums[place] - counts[place])) / counts[place]
    return float(_EDGES_MS[place - 1] * (_EDGES_MS[place] / _EDGES_MS[place - 1]) ** within)


def draws(days: int) -> Draws:
    """A thousand draws of as many days as there are, the same ones every time."""
    random = np.random.default_rng(_SEED)
    return Draws(random.multinomial(days, np.full(days, 1 / days), size=DRAWS).astype(np.float64))


def counted(day: Ints, values: Floats, days: int) -> Ints:
    """How many of `values` (milliseconds, those that are nan left out) lie in which place, by day."""
    known = np.isfinite(values)
    places = np.searchsorted(_EDGES_MS, values[known])
    width = len(_EDGES_MS) + 1
    flat = np.bincount(day[known] * width + places, minlength=days * width)
    table: Ints = flat.reshape(days, width)
    return table
