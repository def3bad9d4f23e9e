"""All metrics at one moment, as values that nothing changes any more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from exporter.catalog import Metric

Labels: TypeAlias = tuple[str, ...]
"""Label values in the order of the metric's label names."""


class Exemplar(NamedTuple):
    """One observation and the trace in which it was made; `at_us` is in microseconds since the epoch."""

    value: float
    trace_id: str
    span_id: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """One histogram series: observations per bucket (not cumulative, the last one open) and the sum of their values.

    `exemplars` are the latest of some buckets, by the number of the bucket.
    """

    counts: tuple[int, ...]
    sum: float
    exemplars: Mapping[int, Exemplar] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def count(self) -> int:
        """All observations."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Family:
    """All series of one metric; `distributions` for a histogram, `numbers` for every other kind."""

    metric: Metric
    numbers: Mapping[Labels, float]
    distributions: Mapping[Labels, Distribution]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All metrics of the catalogue in its order, each with the series it has so far."""

    families: tuple[Family, ...]

    def family(self, name: str) -> Family:
        """The family of a catalogue name; KeyError for a name that is not in the catalogue."""
        for family in self.families:
            if family.metric.name == name:
                return family
        raise KeyError(name)
