"""Which lengths come together: the requests from which a simulated stream is drawn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analyzer.advise.sizing.sample import Sample
from analyzer.engine import EngineLimits
from analyzer.histogram import Histogram, IntArray
from analyzer.shape import CELL, HourlyShape

DRAWN = 20_000
UNNAMED = -1


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """Requests without their times, one array entry each, from which a stream is drawn with replacement.

    `isl` and `osl` are tokens, `max_tokens` the output that the client allowed (-1: none named), `cached` input tokens
    that a prefix cache holds. `told` says in words where the lengths come from. `cache_told` is the share (0..1) of
    records that tell how much of their input was cached, `None` where these are no records.
    """

    isl: IntArray
    osl: IntArray
    max_tokens: IntArray
    cached: IntArray
    told: str
    cache_told: float | None = None

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
        return self._staying(self.isl + self.osl / 2)

    @property
    def unnamed(self) -> float:
        """The share of requests that name no `max_tokens`."""
        return float((self.max_tokens < 0).mean())

    def held(self, limits: EngineLimits) -> float:
        """Mean tokens of the cache that a running request keeps from others: what it asked for where that is reserved.

        And where it named no limit, all that it may come to.
        """
        if limits.admission != "reserved":
            return self.context
        room = np.maximum(limits.max_model_len - self.isl, 1)
        asked = np.where(self.max_tokens < 0, room, np.minimum(self.max_tokens, room))
        return self._staying(np.minimum(self.isl + np.maximum(asked, self.osl), limits.kv_pool_tokens))

    def _staying(self, tokens: NDArray[np.float64] | IntArray) -> float:
        """The mean of `tokens` of each request over those that run, of whom long answers are more."""
        return float(self.osl @ tokens / self.osl.sum())


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

    Inside a cell the two sides are paired at random. Clients' `max_tokens` are drawn from their own counts, apart from
    the lengths; cached input is not counted, so that all is read.
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
    told = (
        f"{DRAWN:,} requests drawn from the lengths of {shape.requests:,}, input and output as they came together by "
        "hourly counts, max_tokens apart from them and no input cached"
    )
    return Mix(isl, np.maximum(osl, 1), _limits(shape, generator), np.zeros(DRAWN, dtype=np.int64), told)


def of_sample(sample: Sample, requests: int) -> Mix:
    """The recorded requests themselves that the engine served, drawn from `requests` that came.

    Input, output, `max_tokens` and cached input stay together as they came. There is one at least.
    """
    served = sample.only_served()
    own = served.requests
    taken = f"{len(own):,}" if sample.one_in == 1 else f"{len(own):,} evenly taken of {requests:,}"
    told = f"drawn from {taken} recorded ones with input, output, max_tokens and cached input as they came together"
    lost = len(sample) - len(own)
    if lost:
        told += f"; {lost / len(sample) * 100:.2g} % that ended early without a token are left out"
    return Mix(own.isl, np.maximum(own.osl, 1), own.max_tokens, own.cached, told, float(served.cache_told.mean()))


def _plain(isl: IntArray, osl: IntArray, told: str) -> Mix:
    return Mix(isl, osl, np.full(len(isl), UNNAMED, dtype=np.int64), np.zeros(len(isl), dtype=np.int64), told)


def _limits(shape: HourlyShape, generator: np.random.Generator) -> IntArray:
    """Clients' limits as often as they were counted, in any order; unnamed for the share that named none."""
    counts = shape.max_tokens.counts
    named = round(DRAWN * shape.max_tokens.total / shape.requests)
    drawn = np.full(DRAWN, UNNAMED, dtype=np.int64)
    if named:
        ranks = (np.arange(named) + 0.5) / named * counts.sum()
        drawn[:named] = shape.max_tokens.values[np.searchsorted(np.cumsum(counts), ranks)]
    shuffled: IntArray = generator.permutation(drawn)
    return shuffled


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
