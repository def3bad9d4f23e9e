"""How long how many requests were in flight, from their starts and ends kept in a file of four bytes each."""

from collections.abc import Sequence
from typing import IO

import numpy as np
from numpy.typing import NDArray

from analyzer.histogram import Histogram, IntArray
from analyzer.store.counting import hourly, offsets
from analyzer.window import HOUR_US

_BYTES = 4  # an hour has fewer microseconds than four bytes hold
Piece = tuple[int, int]  # place in the file, number of moments


class Levels:
    """The requests of one model in flight; starts and ends come in any order."""

    __slots__ = ("_ends", "_file", "_phases", "_starts")

    def __init__(self, file: IO[bytes], phases: Sequence[tuple[int, int]]) -> None:
        """`file` is a temporary one, which models may share; `phases` say where local hours begin."""
        self._file = file
        self._phases = phases
        self._starts: dict[int, list[Piece]] = {}
        self._ends: dict[int, list[Piece]] = {}

    def add(self, arrival: NDArray[np.integer], lasted: NDArray[np.integer]) -> None:
        """Requests that came at `arrival`, sorted, and took `lasted` microseconds; those below 1 are left out."""
        known = lasted > 0
        if known.any():
            started, stayed = np.compress(known, arrival), np.compress(known, lasted)
            self._keep(started, self._starts)
            self._keep(np.sort(started + stayed, kind="stable"), self._ends)  # which gains from what is nearly sorted

    def by_hour(self, hours: Sequence[int]) -> dict[int, Histogram]:
        """Microseconds with each number in flight, zero left out, in each of `hours`, the starts of local hours."""
        wanted, found, level = set(hours), {}, 0
        every = sorted(self._starts.keys() | self._ends.keys() | wanted) if self._starts else []
        for place, hour in enumerate(every):
            starts, ends = self._read(self._starts.get(hour, ())), self._read(self._ends.get(hour, ()))
            if hour in wanted:
                until = min(HOUR_US, every[place + 1] - hour) if place + 1 < len(every) else HOUR_US
                found[hour] = _at_levels(starts, ends, level, until)
            level += len(starts) - len(ends)
        return found

    def _keep(self, moments: NDArray[np.integer], places: dict[int, list[Piece]]) -> None:
        for hour, cut in hourly(moments, self._phases):
            piece = self._file.tell(), cut.stop - cut.start
            self._file.write(offsets(moments[cut], hour).tobytes())
            places.setdefault(hour, []).append(piece)

    def _read(self, pieces: Sequence[Piece]) -> IntArray:
        parts = []
        for place, length in pieces:
            self._file.seek(place)
            parts.append(np.frombuffer(self._file.read(length * _BYTES), np.uint32).astype(np.int64))
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _at_levels(starts: IntArray, ends: IntArray, level: int, until: int) -> Histogram:
    """The microseconds at each level up to `until`; `level` is that at the beginning, 0."""
    steps = np.concatenate([2 * starts, 2 * ends + 1])
    steps.sort(kind="stable")  # which merges what is sorted in pieces
    moments = np.concatenate([[0], steps >> 1, [until]])
    levels = level + np.concatenate([[0], np.cumsum(1 - 2 * (steps & 1))])
    # a double holds the microseconds of an hour exactly
    spent = np.bincount(levels, weights=np.diff(moments)).astype(np.int64)
    spent[0] = 0
    found = np.flatnonzero(spent)
    return Histogram(found, spent[found])
