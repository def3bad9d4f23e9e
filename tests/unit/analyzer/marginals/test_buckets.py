import math

import pytest

from analyzer.marginals.buckets import Buckets, merged, summary
from tests.fakes.marginals import EDGES, buckets


def test_every_quantile_is_the_upper_edge_of_its_bucket() -> None:
    lengths = [50] * 50 + [150] * 40 + [400] * 9 + [900]
    found = summary(buckets(lengths))
    assert (found.p50, found.p90, found.p95, found.p99, found.p99_9, found.max) == (100, 200, 500, 500, 1000, 1000)
    assert found.mean == sum(lengths) / 100


def test_no_true_quantile_is_above_its_edge() -> None:
    lengths = [(i * 7919) % 1000 + 1 for i in range(5000)]
    found = summary(buckets(lengths))
    for per_mille, edge in ((500, found.p50), (900, found.p90), (990, found.p99), (999, found.p99_9)):
        assert edge is not None
        assert sorted(lengths)[-(-5000 * per_mille // 1000) - 1] <= edge


def test_beyond_the_last_edge_nothing_is_known() -> None:
    found = summary(buckets([50, 5000]))
    assert (found.p50, found.p99, found.max) == (100, None, None)


def test_hours_with_the_same_edges_are_added_up() -> None:
    both = merged([buckets([50, 150]), buckets([150])])
    assert both == Buckets(EDGES, (1.0, 2.0, 0.0, 0.0, 0.0), 350.0)


def test_counts_between_edges_that_not_every_hour_has_go_to_the_next_common_edge_above() -> None:
    fine = buckets([50, 300, 700], (100.0, 400.0, 800.0, math.inf))
    coarse = buckets([90], (100.0, 800.0, math.inf))
    both = merged([fine, coarse])
    assert (both.edges, both.counts) == ((100.0, 800.0, math.inf), (2.0, 2.0, 0.0))


def test_a_mean_needs_every_sum() -> None:
    assert merged([buckets([1]), Buckets(EDGES, (1.0, 0.0, 0.0, 0.0, 0.0), None)]).tokens is None
    assert summary(Buckets(EDGES, (1.0, 0.0, 0.0, 0.0, 0.0), None)).mean is None


@pytest.mark.parametrize("nothing", [[], [Buckets((), ())]])
def test_nothing_adds_up_to_nothing(nothing: list[Buckets]) -> None:
    assert merged(nothing) == Buckets((), ())
    assert summary(merged(nothing)).p50 is None


def test_counts_that_are_no_whole_numbers_round_nothing_up() -> None:
    extrapolated = Buckets(EDGES, (99.00000001, 0.99999999, 0.0, 0.0, 0.0))
    assert (extrapolated.edge_at(99), extrapolated.edge_at(100)) == (100, 200)
