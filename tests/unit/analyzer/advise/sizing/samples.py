"""Samples of recorded requests, made up."""

import numpy as np

from analyzer.advise.sizing.sample import Sample
from analyzer.replay import Requests

Rows = list[tuple[int, int, int, int, int]]  # arrival in µs, input, output, max_tokens (-1: none), cached


def sample(rows: Rows, *, told: bool = True, one_in: int = 1, lost: int = 0) -> Sample:
    """The rows as a sample of records that tell what was cached, or do not; the last `lost` ended without a token."""
    columns = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    served = np.arange(len(rows)) < len(rows) - lost
    return Sample(Requests(*columns), np.full(len(rows), told), served, one_in)
