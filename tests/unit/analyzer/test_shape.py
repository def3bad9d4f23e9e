import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.shape import CELL, HourlyShape, Peak, Thresholds, highest, joint, merged, query_patterns
from tests.fakes.shapes import HOUR, SECOND, Request, hours, shape

REQUESTS = [(i * 613 * SECOND, (i * 37) % 5000, (i * 11) % 700) for i in range(200)]


A_REQUEST = st.tuples(st.integers(0, HOUR - 1), st.integers(0, 9), st.integers(0, 9))


def an_hour(number: int) -> st.SearchStrategy[list[Request]]:
    """At least one request of the hour `number` since the epoch."""
    moved = st.lists(A_REQUEST, min_size=1, max_size=6)
    return moved.map(lambda requests: [(number * HOUR + at, isl, osl) for at, isl, osl in requests])


def plain(one: HourlyShape) -> list[object]:
    histograms = (
        one.isl, one.osl, one.total, one.asked, one.max_tokens, one.grid, one.seconds, one.tens, one.by_minute,
        one.minutes, one.in_flight,
    )  # fmt: skip
    return [
        one.start, one.requests, one.first, one.last, one.peak_second, one.peak_minute, one.patterns, one.endings,
        *(histogram.items() for histogram in histograms),
    ]  # fmt: skip


def test_hours_add_up_to_exactly_what_counting_all_at_once_gives() -> None:
    assert plain(merged(hours(REQUESTS))) == plain(shape(REQUESTS))


def test_the_order_of_the_hours_does_not_matter() -> None:
    assert plain(merged(hours(REQUESTS)[::-1])) == plain(merged(hours(REQUESTS)))


@given(an_hour(0), an_hour(1), an_hour(5))
def test_adding_up_hours_is_associative_commutative_and_exact(
    first: list[Request], second: list[Request], third: list[Request]
) -> None:
    a, b, c = shape(first), shape(second), shape(third)
    all_at_once = plain(shape([*first, *second, *third]))
    for found in (merged([merged([a, b]), c]), merged([a, merged([b, c])]), merged([c, a, b]), merged([b, c, a])):
        assert plain(found) == all_at_once


def test_minutes_know_when_they_were() -> None:
    found = shape([(0, 1, 1), (61 * SECOND, 1, 1), (62 * SECOND, 1, 1)])
    assert found.by_minute.items() == [(0, 1), (1, 2)]
    assert found.minutes.items() == [(1, 1), (2, 1)]
    assert found.peak_minute == Peak(2, 60 * SECOND)


def test_nothing_cannot_be_added_up() -> None:
    with pytest.raises(ValueError, match="no hours"):
        merged([])


def test_of_equal_peaks_the_first_counts() -> None:
    assert highest([Peak(3, 50), Peak(4, 90), Peak(4, 20)]) == Peak(4, 20)


@pytest.mark.parametrize(
    ("isl", "osl", "row", "column"),
    [(0, 1, 0, 0), (1, 2, 0, 1), (3, 4, 2, 2), (4, 5, 2, 3), (1024, 1025, 10, 11)],
)
def test_a_cell_holds_what_is_above_the_edge_before_and_at_most_its_own(
    isl: int, osl: int, row: int, column: int
) -> None:
    grid = joint(shape([(0, isl, osl)]))
    assert grid.counts[row][column] == 1
    assert len(grid.isl_edges) == row + 1
    assert grid.isl_edges[row] == 2**row
    assert grid.osl_edges[column] == 2**column


def test_the_grid_counts_every_request_once() -> None:
    grid = joint(shape(REQUESTS))
    assert sum(map(sum, grid.counts)) == len(REQUESTS)
    assert {len(row) for row in grid.counts} == {len(grid.osl_edges)}
    assert len(grid.osl_edges) <= CELL


def test_long_is_strictly_above_the_threshold() -> None:
    requests = [(0, 10, 5), (1, 11, 5), (2, 10, 6), (3, 11, 6), (4, 99, 99)]
    found = query_patterns(shape(requests, Thresholds(10, 5)), Thresholds(10, 5))
    assert (found.short_short, found.short_long, found.long_short, found.long_long) == (0.2, 0.2, 0.2, 0.4)
