"""The sidecar's own metrics, read from its page."""

import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True, slots=True)
class Page:
    """All samples of one reading: (name, labels, value)."""

    samples: tuple[tuple[str, Mapping[str, str], float], ...] = ()

    def total(self, name: str) -> int:
        """The sum over all series of a counter or gauge; 0 where there is none."""
        return int(sum(value for each, _, value in self.samples if each == name))

    def by(self, name: str, label: str) -> dict[str, int]:
        """The sums by one label; those that are 0 are left out."""
        sums: dict[str, int] = {}
        for each, labels, value in self.samples:
            if each == name and value:
                sums[labels[label]] = sums.get(labels[label], 0) + int(value)
        return sums

    def buckets(self, name: str, **wanted: str) -> tuple[tuple[float, int], ...]:
        """Upper bound and cumulative count of each bucket of a histogram's series; empty where there is none."""
        found = [
            (float(labels["le"]), int(value))
            for each, labels, value in self.samples
            if each == f"{name}_bucket" and wanted.items() <= labels.items()
        ]
        return tuple(sorted(found))


def read(url: str, seconds: float = 10.0) -> Page:
    """Reads the page at `url`. Raises OSError where it does not answer within `seconds`."""
    with urllib.request.urlopen(url, timeout=seconds) as answer:  # noqa: S310 - the loopback
        return parsed(answer.read().decode())


def parsed(text: str) -> Page:
    """The samples of a page in Prometheus' text format."""
    families = text_string_to_metric_families(text)
    return Page(tuple((each.name, each.labels, each.value) for family in families for each in family.samples))
