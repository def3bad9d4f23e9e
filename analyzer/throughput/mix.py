"""The lengths of the requests that a replica serves, as far as its step times depend on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyzer.histogram import Histogram
from analyzer.shape import CELL, HourlyShape


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """The input lengths, each counted, and what the output adds; all lengths in tokens.

    `mean_osl` is at least 1. `context` is how long the cached text of a running request is on average over its decode
    steps, Σ OSL·(ISL + OSL/2) / Σ OSL: long answers stay longer, so that the plain mean would be too small.
    `cached_share` (0..1) of the input is found in a prefix cache.
    """

    isl: Histogram
    mean_osl: float
    context: float
    cached_share: float = 0.0

    @classmethod
    def of(cls, isl: NDArray[np.integer], osl: NDArray[np.integer], cached_share: float = 0.0) -> "Mix":
        """The mix of requests, one entry each; raises `ValueError` without any."""
        if not len(isl):
            raise ValueError("there are no requests to mix")
        written = np.maximum(osl, 1).astype(np.float64)
        context = float(written @ (isl + written / 2) / written.sum())
        return cls(Histogram.counted(isl.astype(np.int64)), float(written.mean()), context, cached_share)

    @classmethod
    def of_shape(cls, shape: HourlyShape, cached_share: float = 0.0) -> "Mix":
        """The mix of the hours added up in `shape`: exact lengths, and which go together by its grid.

        In each cell of the grid the lengths count as the means of those between its powers of two.
        """
        rows, columns = np.divmod(shape.grid.values, CELL)
        isl, osl = _means(shape.isl)[rows], np.maximum(_means(shape.osl)[columns], 1)
        written = osl * shape.grid.counts
        mean_osl = max(shape.osl.sum / shape.osl.total, 1.0)
        return cls(shape.isl, mean_osl, float(written @ (isl + osl / 2) / written.sum()), cached_share)

    @classmethod
    def constant(cls, isl: int, osl: int, cached_share: float = 0.0) -> "Mix":
        """Requests that are all alike."""
        return cls.of(np.array([isl]), np.array([osl]), cached_share)

    @property
    def mean_isl(self) -> float:
        """The mean input in tokens."""
        return self.isl.sum / self.isl.total


def _means(lengths: Histogram) -> NDArray[np.float64]:
    """The mean of the lengths in each range between powers of two; nan where none is."""
    places = np.frexp(np.maximum(lengths.values - 1, 0))[1]
    requests = np.bincount(places, weights=lengths.counts, minlength=CELL)
    tokens = np.bincount(places, weights=lengths.counts * lengths.values.astype(np.float64), minlength=CELL)
    means: NDArray[np.float64] = np.divide(tokens, requests, out=np.full(CELL, np.nan), where=requests > 0)
    return means
