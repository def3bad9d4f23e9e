"""A snapshot is read by catalogue names."""

import pytest

from exporter.catalog import METRICS
from exporter.sinks.snapshot import Distribution, Family, Snapshot


def test_a_family_is_found_by_its_name() -> None:
    families = tuple(Family(metric, {}, {}) for metric in METRICS)
    assert Snapshot(families).family("tokentide_requests").metric.name == "tokentide_requests"


def test_a_name_outside_the_catalogue_is_an_error() -> None:
    with pytest.raises(KeyError, match="tokentide_invented"):
        Snapshot(()).family("tokentide_invented")


def test_the_count_of_a_distribution_is_that_of_all_buckets() -> None:
    assert Distribution((1, 0, 4), 2.5).count == 5
