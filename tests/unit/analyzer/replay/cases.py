"""Traffic for a replay, and engines whose steps are easy to add up by hand."""

from collections.abc import Sequence

import numpy as np

from analyzer.engine import EngineLimits, StepTimes
from analyzer.replay import Requests

Row = tuple[int, int, int, int, int]  # microseconds since the one before, input, output, max_tokens, cached

# reading costs 1 ms a token, writing 10 ms a step
EASY = StepTimes(a0=0, a1=1, a2=0, b0=10, b1=0, b2=0)
WIDE = EngineLimits(
    max_num_seqs=64, max_num_batched_tokens=64, chunked_prefill=True, kv_pool_tokens=1000, max_model_len=500
)


def requests(rows: Sequence[Row], zero: int = 0) -> Requests:
    """`zero` is added to each arrival."""
    columns = np.array(rows, np.int64).reshape(-1, 5).T
    return Requests(zero + np.cumsum(columns[0]), *columns[1:])


def at_once(*lengths: tuple[int, int]) -> Requests:
    """Requests of these inputs and outputs that all arrive at the same moment."""
    return requests([(0, isl, osl, -1, 0) for isl, osl in lengths])
