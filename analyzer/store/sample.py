"""An even sample of single requests, with the lengths, limits and cached input that come together."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analyzer.advise.sizing.sample import Sample
from analyzer.replay import Requests

COLUMNS = ("arrival", "isl", "osl", "max_tokens", "cached", "cache_told", "served")


def sample(batches: Iterable[pa.RecordBatch], one_in: int) -> Sample:
    """The requests in the batches of sample.sql, which took one in `one_in`; about 50 bytes of memory each."""
    parts: dict[str, list[NDArray[np.int64]]] = {name: [np.zeros(0, np.int64)] for name in COLUMNS}
    for batch in batches:
        for name in COLUMNS:
            parts[name].append(batch.column(name).to_numpy(zero_copy_only=False).astype(np.int64))
    arrival, isl, osl, max_tokens, cached, told, served = (np.concatenate(parts[name]) for name in COLUMNS)
    requests = Requests(arrival, isl, osl, max_tokens, cached)
    return Sample(requests, told.astype(np.bool_), served.astype(np.bool_), one_in)
