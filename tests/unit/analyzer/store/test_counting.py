import numpy as np
import pytest
from numpy.typing import NDArray

from analyzer.histogram import Histogram
from analyzer.shape import Patterns, Residency
from analyzer.store.counting import Hours, bits, counted, cuts, hour_of, hourly, offsets
from analyzer.window import HOUR_US

SECOND = 1_000_000
EVERYWHERE = ((0, 0),)
LASTED = np.array([86_400_000_000, 10, -1])


def rows(*requests: tuple[int, int, int, int, int]) -> dict[str, NDArray[np.int64]]:
    names = ("arrival", "isl", "osl", "max_tokens", "kind")
    return dict(zip(names, np.array(requests, dtype=np.int64).T, strict=True))


def test_batches_in_any_order_add_up_to_the_same_hour() -> None:
    early, late = (SECOND, 3, 4, -1, 0), (2 * SECOND, 5, 6, 9, 3)
    together, apart = Hours(EVERYWHERE), Hours(EVERYWHERE)
    together.add(rows(early, late))
    apart.add(rows(late))
    apart.add(rows(early))
    (one,), (other,) = together.shapes({}), apart.shapes({})
    assert (one.first, one.last, one.requests) == (other.first, other.last, other.requests) == (SECOND, 2 * SECOND, 2)
    for side in ("isl", "osl", "total", "asked", "max_tokens", "grid", "seconds", "tens", "by_minute"):
        assert getattr(one, side).items() == getattr(other, side).items(), side
    assert one.asked.items() == [(14, 1)]
    assert one.patterns == other.patterns == Patterns(1, 0, 0, 1)


def test_what_requests_hold_over_their_time_is_exact_in_any_order() -> None:
    """A request of a day with 2^24 tokens on each side is the largest that counts; −1 is one whose end is unknown."""
    day, most = 86_400_000_000, 1 << 24
    requests = rows((1, most, most, -1, 0), (2, 100, 50, -1, 0), (3, 7, 7, -1, 0))
    for order in ([0, 1, 2], [2, 1, 0]):
        hours = Hours(EVERYWHERE)
        for place in order:
            hours.add({name: column[[place]] for name, column in requests.items()} | {"lasted": LASTED[[place]]})
        (shape,) = hours.shapes({})
        assert shape.residency == Residency(day + 10, day * 3 * most + 10 * 250)
    assert Residency(10, 10 * 250).tokens == 125
    assert Residency().tokens is None


def test_hours_without_requests_are_not_there() -> None:
    hours = Hours(EVERYWHERE)
    hours.add(rows((0, 1, 1, -1, 0), (2 * HOUR_US, 1, 1, -1, 0)))
    assert hours.starts == (0, 2 * HOUR_US)
    assert [shape.start for shape in hours.shapes({0: Histogram.of([(1, 7)])})] == [0, 2 * HOUR_US]


def test_the_first_of_the_fullest_seconds_is_the_peak() -> None:
    hours = Hours(EVERYWHERE)
    hours.add(rows(*((at * SECOND, 1, 1, -1, 0) for at in (5, 7, 7, 9, 9))))
    (shape,) = hours.shapes({})
    assert (shape.peak_second.requests, shape.peak_second.at) == (2, 7 * SECOND)
    assert shape.seconds.items() == [(1, 1), (2, 2)]
    assert shape.tens.items() == [(5, 1)]


@pytest.mark.parametrize("values", [[0, 0, 3], [16_000_000, 5, 5]], ids=["dense", "sparse"])
def test_dense_and_sparse_numbers_are_counted_alike(values: list[int]) -> None:
    assert counted(np.array(values)).items() == Histogram.of([(value, 1) for value in values]).items()


@pytest.mark.parametrize("more", [0, 2000], ids=["few rows", "many rows"])
def test_a_cell_of_the_grid_ends_with_its_power_of_two(more: int) -> None:
    lengths = np.array([0, 1, 2, 3, 4, 5, 1024, 1025] + [1] * more)
    assert bits(lengths)[:8].tolist() == [0, 0, 1, 2, 2, 3, 10, 11]


def test_hours_begin_where_the_phases_say() -> None:
    half = HOUR_US // 2
    moments = np.array([HOUR_US + 1, 10 * HOUR_US + half + 1])
    assert hour_of(moments, ((0, 0), (10 * HOUR_US, half))).tolist() == [HOUR_US, 10 * HOUR_US + half]
    assert hour_of(moments, ((0, half),)).tolist() == [half, 10 * HOUR_US + half]


def test_stretches_of_equal_values_cover_a_column() -> None:
    assert [(cut.start, cut.stop) for cut in cuts(np.array([1, 1, 4]))] == [(0, 2), (2, 3)]
    assert cuts(np.array([], dtype=np.int64)) == []


@pytest.mark.parametrize("phase", [0, HOUR_US // 2])
@pytest.mark.parametrize("spread", [1, 40, 90_000], ids=["one hour", "some hours", "hardly any in an hour"])
def test_stretches_of_hours_are_those_of_each_moment(phase: int, spread: int) -> None:
    moments = np.sort(np.random.default_rng(3).integers(0, spread * HOUR_US, 100))
    for phases in (((0, phase),), ((0, phase), (20 * HOUR_US, HOUR_US // 2))):
        found = hourly(moments, phases)
        assert [place for _, cut in found for place in range(cut.start, cut.stop)] == list(range(100))
        starts = hour_of(moments, phases).tolist()
        assert [start for start, cut in found for _ in range(cut.start, cut.stop)] == starts
        assert all(offsets(moments[cut], start).max() < HOUR_US for start, cut in found)
    assert hourly(moments[:0], EVERYWHERE) == []
