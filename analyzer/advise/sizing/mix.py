"""Which lengths come together: the requests from which a simulated stream is drawn."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analyzer.histogram import Histogram, IntArray
from analyzer.replay import Requests
from analyzer.shape import CELL, HourlyShape

DRAWN = 20_000
MOST_KEPT = 200_000
UNNAMED = -1


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """Requests without their times, one array entry each, from which a stream is drawn with replacement.

    `isl` and `osl` are tokens, `max_tokens` the output that the client allowed (-1: none named), `cached` input tokens
    that a prefix cache holds. `told` says in words where the lengths come from.
    """

    isl: IntArray
    osl: IntArray
    max_tokens: IntArray
    cached: IntArray
    told: str

    @property
    def mean_isl(self) -> float:
        """Mean input tokens."""
        return float(self.isl.mean())

    @property
    def mean_osl(self) -> float:
        """Mean output tokens."""
        return float(self.osl.mean())

    @property
    def mean_cached(self) -> float:
        """Mean input tokens that are in the cache already."""
        return float(self.cached.mean())

    @property
    def context(self) -> float:
        """Mean tokens that a running request has in the cache, long answers weighing more as they stay longer."""
        written = self.osl.astype(np.float64)
        return float(written @ (self.isl + written / 2) / written.sum())


def of_point(isl: int, osl: int, spread: float = 0.0) -> Mix:
    """Requests of these mean lengths: log-normal with `spread` (σ of the logarithm), all alike where it is 0.

    The lengths are the quantiles of the law at evenly spaced probabilities, input and output paired at random.
    """
    if spread == 0:
        one = np.ones(1, dtype=np.int64)
        return _plain(one * isl, one * osl, f"every request has exactly {isl:,} tokens in and {osl:,} out")
    at = stats.norm.ppf((np.arange(DRAWN) + 0.5) / DRAWN) * spread - spread**2 / 2
    paired = np.random.default_rng(0).permutation(DRAWN)
    told = f"log-normal lengths with means of {isl:,} tokens in and {osl:,} out (σ = {spread:g}), independent"
    return _plain(_tokens(isl * np.exp(at)), _tokens(osl * np.exp(at[paired])), told)


def of_shape(shape: HourlyShape) -> Mix:
    """Requests as counted in `shape`: cells of its ISL × OSL grid, inside a cell the exact lengths of each side.

    Inside a cell the two sides are paired at random; clients' `max_tokens` and cached prefixes are not in it.
    """
    generator = np.random.default_rng(0)
    shares = shape.grid.counts / shape.grid.counts.sum()
    cells = np.repeat(shape.grid.values, np.floor(shares * DRAWN).astype(np.int64))
    cells = np.concatenate([cells, generator.choice(shape.grid.values, DRAWN - len(cells), p=shares)])
    rows, columns = np.divmod(cells, CELL)
    isl, osl = np.zeros(DRAWN, dtype=np.int64), np.zeros(DRAWN, dtype=np.int64)
    for lengths, exact, powers in ((isl, shape.isl, rows), (osl, shape.osl, columns)):
        for power in np.unique(powers):
            inside = powers == power
            lengths[inside] = _between(exact, int(power), int(inside.sum()), generator)
    told = f"{DRAWN:,} requests drawn from the lengths of {shape.requests:,}, input and output as they came together"
    return _plain(isl, np.maximum(osl, 1), told)


def of_requests(requests: Requests) -> Mix:
    """The recorded requests themselves, at most 200,000 of them, evenly taken."""
    kept = np.unique(np.linspace(0, len(requests) - 1, min(len(requests), MOST_KEPT)).round().astype(np.int64))
    return Mix(
        isl=requests.isl[kept],
        osl=np.maximum(requests.osl[kept], 1),
        max_tokens=requests.max_tokens[kept],
        cached=requests.cached[kept],
        told=f"drawn from {len(requests):,} recorded requests with their cached prefixes and max_tokens",
    )


def _plain(isl: IntArray, osl: IntArray, told: str) -> Mix:
    return Mix(isl, osl, np.full(len(isl), UNNAMED, dtype=np.int64), np.zeros(len(isl), dtype=np.int64), told)


def _tokens(lengths: np.ndarray) -> IntArray:
    whole: IntArray = np.maximum(np.rint(lengths), 1).astype(np.int64)
    return whole


def _between(exact: Histogram, power: int, number: int, generator: np.random.Generator) -> IntArray:
    """`number` lengths of those in the cell whose upper edge is 2^power, as often as they were counted."""
    low = 1 << (power - 1) if power else -1
    inside = (exact.values > low) & (exact.values <= 1 << power)
    values, counts = exact.values[inside], exact.counts[inside]
    ranks = (np.arange(number) + 0.5) / number * counts.sum()
    drawn = values[np.searchsorted(np.cumsum(counts), ranks)]
    shuffled: IntArray = generator.permutation(drawn)
    return shuffled
