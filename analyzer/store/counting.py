"""Requests counted hour by hour, batch after batch, so that the rows themselves are never kept."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from analyzer.histogram import Histogram, IntArray
from analyzer.shape import CELL, Endings, HourlyShape, Patterns, Peak, Residency
from analyzer.window import HOUR_US

SIDES = ("isl", "osl", "total", "asked", "max_tokens", "grid", "second")
SECOND_US = 1_000_000
KINDS = 64
KEPT = (*SIDES, "kind", "first", "last")
_NONE = Histogram.of(())
Columns = Mapping[str, NDArray[np.integer]]


class Hours:
    """The local hours of one model, filled by batches in any order."""

    __slots__ = ("_found", "_phases")

    def __init__(self, phases: Sequence[tuple[int, int]]) -> None:
        """`phases` say where local hours begin, as `window.hour_phases` gives them."""
        self._phases = phases
        self._found: dict[int, _Hour] = {}

    def add(self, columns: Columns) -> None:
        """Count rows sorted by arrival, with the columns of counted.sql, or of timed.sql."""
        arrival, lasted = columns["arrival"], columns.get("lasted")
        asking = columns["max_tokens"] >= 0
        rows = {
            "isl": columns["isl"],
            "osl": columns["osl"],
            "total": columns["isl"] + columns["osl"],
            "grid": CELL * bits(columns["isl"]) + bits(columns["osl"]),
        }
        for start, cut in hourly(arrival, self._phases):
            hour, named = self._found.setdefault(start, _Hour()), asking[cut]
            hour.seen(int(arrival[cut.start]), int(arrival[cut.stop - 1]), columns["kind"][cut])
            hour.pieces["second"].append(counted(offsets(arrival[cut], start) // SECOND_US))
            for side, values in rows.items():
                hour.pieces[side].append(counted(values[cut]))
            if lasted is not None:
                hour.stayed(lasted[cut], columns["isl"][cut], columns["osl"][cut])
            if named.any():
                limits = columns["max_tokens"][cut][named]
                hour.pieces["max_tokens"].append(counted(limits))
                hour.pieces["asked"].append(counted(columns["isl"][cut][named] + limits))

    def take(self, hour: IntArray, side: IntArray, value: IntArray, requests: IntArray) -> None:
        """Count what `kept` gave, of this or other hours."""
        for cut in cuts(hour * len(KEPT) + side):
            found = self._found.setdefault(int(hour[cut.start]), _Hour())
            found.take(KEPT[int(side[cut.start])], Histogram(value[cut], requests[cut]))

    def kept(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """Everything that is counted, exactly: hour, side (a place in `KEPT`), value and requests, row by row."""
        none = np.zeros(0, np.int64)
        columns: list[list[IntArray]] = [[none], [none], [none], [none]]
        for start in self.starts:
            for side, part in self._found[start].kept():
                filled = (np.full(len(part.values), number) for number in (start, KEPT.index(side)))
                for column, values in zip(columns, (*filled, part.values, part.counts), strict=True):
                    column.append(values)
        hour, side_of, value, requests = (np.concatenate(column) for column in columns)
        return hour, side_of, value, requests

    @property
    def starts(self) -> tuple[int, ...]:
        """Where the hours with requests begin, ascending."""
        return tuple(sorted(self._found))

    def shapes(self, in_flight: Mapping[int, Histogram]) -> tuple[HourlyShape, ...]:
        """The hours, ascending; `in_flight` are the microseconds at each level by hour. The counts are given away."""
        return tuple(self._found.pop(start).shape(start, in_flight.get(start, _NONE)) for start in self.starts)


class _Hour:
    """What is known of one hour so far."""

    __slots__ = ("first", "half_token_us", "kinds", "last", "pieces", "time_us")

    def __init__(self) -> None:
        self.first, self.last = np.iinfo(np.int64).max, np.iinfo(np.int64).min
        self.kinds = np.zeros(KINDS, np.int64)
        self.pieces: dict[str, list[Histogram]] = {side: [] for side in SIDES}
        self.time_us, self.half_token_us = 0, 0

    def seen(self, first: int, last: int, kinds: NDArray[np.integer]) -> None:
        self.first, self.last = min(self.first, first), max(self.last, last)
        self.kinds += np.bincount(kinds, minlength=KINDS)

    def stayed(self, lasted: NDArray[np.integer], isl: NDArray[np.integer], osl: NDArray[np.integer]) -> None:
        known = np.maximum(lasted, 0).astype(np.int64)
        self.time_us += int(known.sum())
        products = known * (2 * isl + osl)  # below 2^62: no request has 2^24 tokens, or takes more than a day
        self.half_token_us += (int((products >> 32).sum()) << 32) + int((products & 0xFFFFFFFF).sum())

    def take(self, side: str, part: Histogram) -> None:
        if side == "kind":
            self.kinds[part.values] += part.counts
        elif side == "first":
            self.first = min(self.first, int(part.values[0]))
        elif side == "last":
            self.last = max(self.last, int(part.values[0]))
        else:
            self.pieces[side].append(part)

    def kept(self) -> Iterator[tuple[str, Histogram]]:
        for side in SIDES:
            yield side, Histogram.merged(self.pieces[side])
        found = np.flatnonzero(self.kinds)
        yield "kind", Histogram(found, self.kinds[found])
        yield "first", Histogram.of([(self.first, 1)])
        yield "last", Histogram.of([(self.last, 1)])

    def shape(self, start: int, in_flight: Histogram) -> HourlyShape:
        sides = {side: Histogram.merged(self.pieces.pop(side)) for side in SIDES}
        seconds = sides["second"]
        second = seconds.values + start // SECOND_US
        fullest = int(seconds.counts.argmax())
        return HourlyShape(
            start=start,
            requests=int(self.kinds.sum()),
            first=self.first,
            last=self.last,
            isl=sides["isl"],
            osl=sides["osl"],
            total=sides["total"],
            asked=sides["asked"],
            max_tokens=sides["max_tokens"],
            grid=sides["grid"],
            seconds=counted(seconds.counts),
            tens=counted(seconds.grouped(second // 10).counts),
            by_minute=seconds.grouped(second // 60),
            in_flight=in_flight,
            peak_second=Peak(int(seconds.counts[fullest]), int(second[fullest]) * SECOND_US),
            patterns=Patterns(*(int(self.kinds[kind::4].sum()) for kind in range(4))),
            endings=Endings(*(self._flagged(flag) for flag in (4, 8, 16, 32))),
            residency=Residency(self.time_us, self.half_token_us),
        )

    def _flagged(self, flag: int) -> int:
        return int(self.kinds[np.arange(KINDS) & flag > 0].sum())


def counted(values: NDArray[np.integer]) -> Histogram:
    """A histogram of whole numbers from zero, each an observation; by a table where they are dense enough."""
    if int(values.max()) > 8 * len(values) + 4096:
        return Histogram.counted(values.astype(np.int64))
    counts = np.bincount(values)
    found = np.flatnonzero(counts)
    return Histogram(found, counts[found])


def bits(lengths: NDArray[np.integer]) -> NDArray[np.int64]:
    """The power of two that holds each length: 0 for 0 and 1, 1 for 2, 2 for 3 and 4, 3 up to 8."""
    below = np.maximum(lengths - 1, 0)
    top = int(below.max()) + 1
    if top <= len(below):  # a table of all lengths is cheaper
        table = np.frexp(np.arange(top))[1].astype(np.int64)
        powers: NDArray[np.int64] = table[below]
    else:
        powers = np.frexp(below)[1].astype(np.int64)
    return powers


def hour_of(moments: NDArray[np.integer], phases: Sequence[tuple[int, int]]) -> IntArray:
    """Where the local hour of each moment begins, all in microseconds since the epoch."""
    if len(phases) == 1:
        return moments - (moments + phases[0][1]) % HOUR_US
    since, phase = (np.array(column, dtype=np.int64) for column in zip(*phases, strict=True))
    place = np.maximum(np.searchsorted(since, moments, side="right") - 1, 0)
    return moments - (moments + phase[place]) % HOUR_US


def hourly(moments: NDArray[np.integer], phases: Sequence[tuple[int, int]]) -> list[tuple[int, slice]]:
    """The local hours of moments that are sorted, ascending: where each begins, and its stretch of the moments."""
    if not len(moments):
        return []
    first, last = hour_of(moments[[0, -1]], phases).tolist()
    if len(phases) > 1 or last - first > len(moments) * HOUR_US:
        starts = hour_of(moments, phases)
        return [(int(starts[cut.start]), cut) for cut in cuts(starts)]
    starts = np.arange(first, last + 1, HOUR_US)
    ends = [*np.searchsorted(moments, starts[1:]).tolist(), len(moments)]
    every = zip(starts.tolist(), [0, *ends[:-1]], ends, strict=True)
    return [(start, slice(begin, end)) for start, begin, end in every if end > begin]


def offsets(moments: NDArray[np.integer], start: int) -> NDArray[np.uint32]:
    """Microseconds since `start`, the beginning of the hour of all `moments`: four bytes hold an hour of them."""
    found: NDArray[np.uint32] = (moments - start).astype(np.uint32)
    return found


def cuts(column: NDArray[np.integer]) -> list[slice]:
    """The stretches of equal values in a column that is sorted."""
    ends = [*(np.flatnonzero(column[1:] != column[:-1]) + 1).tolist(), len(column)]
    return [slice(first, last) for first, last in zip([0, *ends[:-1]], ends, strict=True) if last > first]
