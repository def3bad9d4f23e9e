from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.histogram import PER_MILLE, Histogram, interpolated
from tests.fakes.shapes import histogram

lists = st.lists(st.integers(0, 50) | st.integers(0, 10**7), min_size=1, max_size=60)


@given(st.lists(lists, min_size=1, max_size=5))
def test_merging_parts_is_counting_the_whole(parts: list[list[int]]) -> None:
    whole = histogram(value for part in parts for value in part)
    assert Histogram.merged([histogram(part) for part in parts]).items() == whole.items()


@given(lists, st.integers(1, 1000))
def test_a_quantile_is_the_smallest_value_with_enough_at_or_below(values: list[int], per_mille: int) -> None:
    wanted = Fraction(per_mille, 1000)
    smallest = min(v for v in values if Fraction(sum(x <= v for x in values), len(values)) >= wanted)
    assert histogram(values).quantile(per_mille) == smallest


@given(lists)
def test_a_summary_is_what_sorting_gives(values: list[int]) -> None:
    summary, ordered = histogram(values).summary(), sorted(values)
    assert (summary.min, summary.max, summary.mean) == (ordered[0], ordered[-1], sum(values) / len(values))
    assert summary.p50 == ordered[-(-len(values) // 2) - 1]


@given(lists, st.integers(-1, 60))
def test_counting_over_a_limit_is_strict(values: list[int], limit: int) -> None:
    counted = histogram(values)
    assert counted.over(limit) == sum(v > limit for v in values)
    assert counted.between(limit, 2 * limit) == sum(limit < v <= 2 * limit for v in values)


def test_ranks_count_from_one_and_no_rounding_moves_them() -> None:
    thousand = histogram(range(1, 1001))
    assert thousand.at_rank(1) == 1
    assert {name: thousand.quantile(q) for name, q in PER_MILLE.items()} == {
        "p50": 500,
        "p90": 900,
        "p95": 950,
        "p99": 990,
        "p99_9": 999,
    }


@pytest.mark.parametrize("rank", [0, 4])
def test_a_rank_outside_the_observations_is_refused(rank: int) -> None:
    with pytest.raises(ValueError, match="3 observations"):
        histogram([1, 2, 3]).at_rank(rank)


def test_an_empty_histogram_adds_nothing() -> None:
    empty = Histogram.merged([])
    assert empty.total == 0
    assert Histogram.merged([empty, histogram([7, 7])]).items() == [(7, 2)]


def test_bucketed_quantiles_are_interpolated_inside_their_bucket() -> None:
    found = interpolated([10, 20, 40], [50, 50, 0, 0])
    assert found.p50 == pytest.approx(10)
    assert found.p95 == pytest.approx(19)


def test_a_quantile_in_the_open_bucket_is_its_lower_bound() -> None:
    assert interpolated([10, 20], [0, 0, 5]).p50 == 20


def test_nothing_in_any_bucket_has_no_quantile() -> None:
    with pytest.raises(ValueError, match="nothing"):
        interpolated([10, 20], [0, 0, 0])


def test_interpolated_quantiles_are_close_to_the_true_ones_where_buckets_are_narrow() -> None:
    values = np.random.default_rng(3).gamma(3, 10, 20_000)
    bounds = np.arange(1, 200)
    counts = np.histogram(values, bins=[0, *bounds, np.inf])[0]
    found = interpolated(bounds.tolist(), counts.tolist())
    assert found.p99 == pytest.approx(np.quantile(values, 0.99), abs=1)


def test_observations_are_counted() -> None:
    assert Histogram.counted(np.array([3, 1, 3])).items() == [(1, 1), (3, 2)]


def test_observations_can_be_grouped_under_other_values() -> None:
    assert histogram([1, 2, 2, 9]).grouped(np.array([5, 5, 4])).items() == [(4, 1), (5, 3)]
