"""Exact quantiles of times in two looks: which narrow ranges hold them, then the values in those ranges."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from analyzer.histogram import PER_MILLE, Histogram, Quantiles
from analyzer.store.counting import counted

MEASURES = ("ttft_ms", "tpot_ms", "e2e_ms")
_SHIFT = 13  # ten bits of a float's mantissa are left: 1,024 ranges between a power of two and the next
_ONE = 127 << 10  # the range that begins at 1
_RANGES = 64 << 10


class Ranges:
    """How many values of one measure lie in which range, from 0 to below 2^53 microseconds."""

    __slots__ = ("_counts", "_found", "_wanted")

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._counts = np.zeros(_RANGES, np.int64)
        self._wanted = np.zeros(_RANGES, np.bool_)
        self._found: list[Histogram] = []

    def count(self, values: NDArray[np.integer]) -> None:
        """The first look; values below zero are not recorded."""
        self._counts += np.bincount(_range(_recorded(values)), minlength=_RANGES)

    def choose(self) -> None:
        """Between the looks: which ranges hold the quantiles."""
        if not self.total:
            return
        below = np.cumsum(self._counts)
        for rank in self._ranks().values():
            self._wanted[np.searchsorted(below, rank)] = True

    def keep(self, values: NDArray[np.integer]) -> None:
        """The second look, at the same values in any order."""
        recorded = _recorded(values)
        kept = np.compress(self._wanted.take(_range(recorded)), recorded)
        if len(kept):
            self._found.append(counted(kept))

    @property
    def total(self) -> int:
        """How many values there are."""
        return int(self._counts.sum())

    def quantiles(self) -> Quantiles | None:
        """Nearest-rank quantiles in milliseconds, `None` without values."""
        if not self.total:
            return None
        kept, below = Histogram.merged(self._found), np.cumsum(self._counts)
        unkept = np.cumsum(np.where(self._wanted, 0, self._counts))
        ranks = self._ranks()
        places = {name: int(np.searchsorted(below, rank)) for name, rank in ranks.items()}
        return Quantiles(**{name: kept.at_rank(ranks[name] - int(unkept[places[name]])) / 1000 for name in ranks})

    def _ranks(self) -> Mapping[str, int]:
        return {name: max(1, -(-self.total * per_mille // 1000)) for name, per_mille in PER_MILLE.items()}


def _recorded(values: NDArray[np.integer]) -> NDArray[np.integer]:
    return values if not len(values) or values.min() >= 0 else np.compress(values >= 0, values)


def _range(values: NDArray[np.integer]) -> NDArray[np.int32]:
    """The range of each value: 0 for 0, then equal steps between powers of two. Rounding to a float keeps the order."""
    places: NDArray[np.int32] = (values.astype(np.float32).view(np.int32) >> _SHIFT) - (_ONE - 1)
    return np.maximum(places, 0)
