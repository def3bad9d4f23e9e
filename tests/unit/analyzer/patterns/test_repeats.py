import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from analyzer.patterns.repeats import PERMUTATIONS, mean_divergence, repeats, thinned
from tests.unit.analyzer.patterns.weeks import by_day_and_night, requests, steady, week


def test_the_mean_divergence_is_that_of_scipy_over_all_pairs() -> None:
    drawn = np.random.default_rng(2).integers(0, 50, (5, 30)).astype(float)
    pairs = [jensenshannon(drawn[i], drawn[j], base=2) ** 2 for i in range(5) for j in range(i)]
    assert mean_divergence(drawn) == pytest.approx(np.mean(pairs))
    assert mean_divergence(np.vstack([drawn, np.zeros(30)])) == pytest.approx(np.mean(pairs))


def busy_by_day(hour: int) -> int:
    return 60 if 9 <= hour % 24 < 18 else 20


def test_one_hour_differs_from_no_other() -> None:
    assert mean_divergence(np.ones((1, 4))) == 0


def test_a_mix_that_follows_the_clock_comes_back() -> None:
    found = repeats(week(requests(7, lambda _: 40, by_day_and_night)))
    assert found.mix == 1 / (1 + PERMUTATIONS)
    assert max(found.isl_p99, found.osl_p99) <= 0.01


def test_a_rate_that_follows_the_clock_comes_back_although_lengths_do_not() -> None:
    """Of few requests in an hour two histograms differ more than of many: that must not look like another mix."""
    found = [repeats(week(requests(7, busy_by_day, steady, seed)), permutations=99) for seed in range(10)]
    assert all(one.rate <= 0.05 for one in found)
    assert sum(one.mix <= 0.1 for one in found) <= 3


def test_blocks_of_a_day_are_thinned_to_one_size_and_tiny_ones_are_emptied() -> None:
    blocks = np.zeros((2, 24, 3))
    blocks[0, :3] = [[500, 400, 100], [60, 50, 10], [5, 0, 0]]
    blocks[1, 0] = [7, 0, 0]
    found = thinned(blocks, np.random.default_rng(0))
    assert found.sum(axis=2)[:, :4].tolist() == [[120, 120, 0, 0], [7, 0, 0, 0]]
    assert (found <= blocks).all()
    assert found[0, 1].tolist() == [60, 50, 10]


def test_shuffles_of_nothing_but_chance_have_evenly_spread_p_values() -> None:
    """40 weeks without any pattern: p is at or below 0.1 in about 4 of them, at or below 0.5 in about 20."""
    found = [repeats(week(requests(5, lambda _: 8, steady, seed)), permutations=39).mix for seed in range(40)]
    assert 0 < sum(p <= 0.1 for p in found) <= 9
    assert 11 <= sum(p <= 0.5 for p in found) <= 29


def test_the_same_traffic_gives_the_same_p_values() -> None:
    days = week(requests(5, lambda _: 10))
    assert repeats(days) == repeats(days)


def test_a_day_on_which_only_some_hours_came_can_be_shuffled_too() -> None:
    found = repeats(week(requests(6, lambda hour: 30 if 8 <= hour % 24 < 20 else 0, by_day_and_night)))
    assert 0 < found.mix <= 1
