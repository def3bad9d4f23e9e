"""Counters and histograms that grow: plain lists and dictionaries, one bisection for each observation."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from exporter.catalog import BY_NAME, Kind, Metric
from exporter.sinks.snapshot import Distribution, Exemplar, Labels

Mark: TypeAlias = tuple[str, str, int]
"""Where an observation was made: trace and span in hexadecimal, and microseconds since the epoch."""


def catalogued(name: str, *kinds: Kind) -> Metric:
    """The metric of a catalogue name; ValueError where there is none of one of these kinds."""
    metric = BY_NAME.get(name)
    if metric is None or metric.kind not in kinds:
        raise ValueError(f"The catalogue has no {' or '.join(kind.value for kind in kinds)} named {name!r}.")
    return metric


def checked(metric: Metric, labels: Labels) -> Labels:
    """The labels; ValueError where their number is not the metric's."""
    if len(labels) != len(metric.labels):
        raise ValueError(f"{metric.name} has the labels {metric.labels}, not the values {labels}.")
    return labels


class Counter:
    """One number for each combination of labels; it only grows. ValueError for a name that is not a counter's."""

    def __init__(self, name: str) -> None:
        self.metric = catalogued(name, Kind.COUNTER)
        self._numbers: dict[Labels, int] = {}

    def add(self, labels: Labels, amount: int = 1) -> None:
        """Adds `amount`; ValueError for a wrong number of labels or a negative amount."""
        if amount < 0:
            raise ValueError(f"{self.metric.name} is a counter and cannot grow by {amount}.")
        known = self._numbers.get(labels)
        if known is None:
            known = self._numbers.setdefault(checked(self.metric, labels), 0)
        self._numbers[labels] = known + amount

    def numbers(self) -> dict[Labels, float]:
        """A copy of what was counted."""
        return dict(self._numbers)


@dataclass(slots=True)
class Cell:
    """One histogram series while it grows; it keeps the latest exemplar of each bucket, once there is one."""

    bounds: tuple[float, ...]
    counts: list[int]
    sum: float = 0.0
    exemplars: dict[int, Exemplar] | None = None

    def observe(self, value: float, mark: Mark | None = None) -> None:
        """Counts `value` once; with a mark it becomes the exemplar of its bucket."""
        bucket = bisect_left(self.bounds, value)
        self.counts[bucket] += 1
        self.sum += value
        if mark is not None:
            if self.exemplars is None:
                self.exemplars = {}
            self.exemplars[bucket] = Exemplar(value, *mark)

    def observe_all(self, values: Iterable[float]) -> None:
        """Counts each value once: sorted, many take a third of the time that they take one by one."""
        rising = sorted(values)
        below = 0
        for bucket, bound in enumerate(self.bounds):
            reached = bisect_right(rising, bound, below)
            self.counts[bucket] += reached - below
            below = reached
        self.counts[-1] += len(rising) - below
        self.sum += sum(rising)

    def add(self, counts: Sequence[int], total: float) -> None:
        """Takes values that were counted already: how many in each bucket, and their sum."""
        self.counts = [known + more for known, more in zip(self.counts, counts, strict=True)]
        self.sum += total

    def copy(self) -> Distribution:
        """What it holds now."""
        if self.exemplars is None:
            return Distribution(tuple(self.counts), self.sum)
        return Distribution(tuple(self.counts), self.sum, MappingProxyType(dict(self.exemplars)))


class Histogram:
    """One distribution for each combination of labels. ValueError for a name that is not a histogram's."""

    def __init__(self, name: str) -> None:
        self.metric = catalogued(name, Kind.HISTOGRAM)
        self._cells: dict[Labels, Cell] = {}

    def cell(self, labels: Labels) -> Cell:
        """The series with these labels, a new one where there is none; ValueError for a wrong number of labels."""
        cell = self._cells.get(labels)
        if cell is None:
            bounds = self.metric.buckets
            cell = self._cells[checked(self.metric, labels)] = Cell(bounds, [0] * (len(bounds) + 1))
        return cell

    def observe(self, labels: Labels, value: float, mark: Mark | None = None) -> None:
        """Counts `value` once, in the bucket whose upper bound is the first not below it."""
        self.cell(labels).observe(value, mark)

    def distributions(self) -> dict[Labels, Distribution]:
        """A copy of what was observed."""
        return {labels: cell.copy() for labels, cell in self._cells.items()}
