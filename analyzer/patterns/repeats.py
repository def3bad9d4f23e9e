"""Whether what differs between hours of the day comes back on other days, by a block permutation test."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyzer.histogram import Histogram, IntArray
from analyzer.patterns.calendar import HOURS, Calendar, Counts, FloatArray, counts
from analyzer.shape import HourlyShape

PERMUTATIONS = 500
OCTAVE = 32
QUANTILE = 0.99
ENOUGH = 100
TENTH = 10
BLANK = 0.5
SMALLEST = 1e-9


@dataclass(frozen=True, slots=True)
class Repeats:
    """p-values (0..1) of the four statistics; small means that the hours differ alike on all days."""

    mix: float
    isl_p99: float
    osl_p99: float
    rate: float


@dataclass(frozen=True, slots=True, eq=False)
class _Blocks:
    """What the four statistics are made from, by day and hour of the day; `grid` is days × 24 × cells."""

    grid: FloatArray
    isl: Counts
    osl: Counts
    requests: FloatArray
    seconds: FloatArray


def repeats(days: Calendar, permutations: int = PERMUTATIONS, seed: int = 0) -> Repeats:
    """The p-values of mix, p99 of ISL, p99 of OSL and rate; `days` hold at least one request.

    Each day keeps its 24 hourly blocks, and their hour labels are shuffled inside the day; p is the share of the
    shuffles, the one that was seen included, that differ at least as much as what was seen: (1 + count) / (1 + number),
    after Phipson & Smyth (2010). The mix is the mean Jensen–Shannon divergence (base 2) between the hours' joint
    histograms over powers of two of ISL and OSL, all days pooled; p99 and rate are the largest over the smallest of
    the hours. p99 is taken from bins of 1/32 octave. The shuffles are the same on every call.

    For the mix, the blocks of one day are thinned to the same number of requests. A divergence between few requests is
    larger than one between many, so that a rate that follows the clock would look like a mix that does.
    """
    generator = np.random.default_rng(seed)
    blocks = _Blocks(
        grid=thinned(counts(days, lambda shape: shape.grid).counts, generator),
        isl=_narrow(counts(days, lambda shape: _octaves(shape.isl))),
        osl=_narrow(counts(days, lambda shape: _octaves(shape.osl))),
        requests=days.each(_requests),
        seconds=days.seconds,
    )
    still = np.tile(np.arange(HOURS), (days.days, 1))
    seen = _statistics(blocks, still)
    shuffled = np.array([_statistics(blocks, generator.permuted(still, axis=1)) for _ in range(permutations)])
    as_large = (shuffled >= np.array(seen) * (1 - SMALLEST)).sum(axis=0)
    return Repeats(*((1 + count) / (1 + permutations) for count in as_large.tolist()))


def thinned(blocks: FloatArray, generator: np.random.Generator) -> FloatArray:
    """`blocks` (days × 24 × cells) with the same number of requests in each block of a day, drawn without replacement.

    Blocks with fewer than 100 requests and less than a tenth of the day's largest are emptied: they would leave little
    of the others.
    """
    found = np.zeros_like(blocks)
    for day, hours in enumerate(blocks.astype(np.int64)):
        sizes = hours.sum(axis=1)
        taken = np.flatnonzero((sizes > 0) & ((sizes >= ENOUGH) | (sizes * TENTH >= sizes.max())))
        for hour in taken.tolist():
            found[day, hour] = generator.multivariate_hypergeometric(hours[hour], int(sizes[taken].min()))
    return found


def _requests(shape: HourlyShape) -> float:
    return shape.requests


def _octaves(lengths: Histogram) -> Histogram:
    """`lengths` by bins of 1/32 octave; 0 goes with 1."""
    return lengths.grouped(np.floor(OCTAVE * np.log2(np.maximum(lengths.values, 1))).astype(np.int64))


def _narrow(lengths: Counts) -> Counts:
    """Only the values that can be a p99 of any hours: up to the lowest p99 of a block all go into the first one."""
    within = np.cumsum(lengths.counts, axis=2)
    totals = within[:, :, -1]
    first = int(np.argmax(within >= QUANTILE * totals[:, :, None], axis=2)[totals > 0].min())
    kept = lengths.counts[:, :, first:].copy()
    kept[:, :, 0] = within[:, :, first]
    return Counts(lengths.values[first:], kept)


def _statistics(blocks: _Blocks, hours: IntArray) -> Sequence[float]:
    """The four statistics where the block of `hours[day, h]` stands in hour h."""
    days = np.arange(len(hours))[:, None]
    requests = blocks.requests[days, hours].sum(axis=0)
    seconds = blocks.seconds[days, hours].sum(axis=0)
    rates = (requests[seconds > 0] + BLANK) / seconds[seconds > 0]
    return (
        mean_divergence(blocks.grid[days, hours].sum(axis=0)),
        _spread(blocks.isl, blocks.isl.counts[days, hours].sum(axis=0)),
        _spread(blocks.osl, blocks.osl.counts[days, hours].sum(axis=0)),
        float(rates.max() / rates.min()),
    )


def mean_divergence(histograms: FloatArray) -> float:
    """The mean Jensen–Shannon divergence (base 2, so 0..1) over all pairs of rows; rows without requests do not count.

    JSD(P, Q) = H((P + Q) / 2) − (H(P) + H(Q)) / 2, Lin (1991). 0 where fewer than two rows have requests.
    """
    totals = histograms.sum(axis=1)
    shares = histograms[totals > 0] / totals[totals > 0, None]
    if len(shares) < 2:
        return 0.0
    own = _entropy(shares)
    one, other = np.triu_indices(len(shares), 1)
    return float((_entropy((shares[one] + shares[other]) / 2) - (own[one] + own[other]) / 2).mean())


def _entropy(shares: FloatArray) -> FloatArray:
    logarithms = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    found: FloatArray = -(shares * logarithms).sum(axis=1)
    return found


def _spread(lengths: Counts, hours: FloatArray) -> float:
    """The largest p99 of an hour over the smallest, of hours that have requests."""
    within = np.cumsum(hours[hours.sum(axis=1) > 0], axis=1)
    bins = lengths.values[np.argmax(within >= QUANTILE * within[:, -1:], axis=1)]
    return float(2.0 ** ((bins.max() - bins.min()) / OCTAVE))
