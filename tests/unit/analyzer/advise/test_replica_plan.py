import numpy as np
import pytest

from analyzer.advise.capacity import StatedCapacity
from analyzer.advise.replica_plan import carried, gpu_hours, needed, replica_plan, same_windows
from tests.unit.analyzer.advise.planned_weeks import flat, made, office

ONE = StatedCapacity(rps_per_replica=1)


def test_an_hour_needs_what_the_capacity_advice_would_count() -> None:
    peaks = np.array([0.0, 2.4, 4.2, 9.0])
    assert needed(peaks, StatedCapacity(rps_per_replica=1.4)).tolist() == [1, 2, 3, 7]
    careful = StatedCapacity(rps_per_replica=2.4, rho_max=0.7, n_plus_one=True, min_replicas=3)
    assert needed(peaks, careful).tolist() == [4, 4, 4, 7]


def test_replicas_follow_the_clock_where_that_is_cheaper() -> None:
    needs = np.array([5 if 9 <= hour % 24 < 18 else 2 for hour in range(168)])
    plan = replica_plan(needs, ONE)
    assert plan.replicas == tuple(needs.tolist())
    assert (plan.static, plan.static_gpu_hours) == (5, 840)
    assert plan.gpu_hours == 7 * (9 * 5 + 15 * 2) + 14 * 3 * 10 / 60
    assert plan.saving == pytest.approx(1 - 532 / 840)


def test_one_busy_hour_gets_a_window_of_four() -> None:
    needs = np.full(168, 2)
    needs[50] = 5
    plan = replica_plan(needs, ONE)
    assert plan.replicas.count(5) == 4
    assert plan.replicas[50] == 5


def test_changes_that_cost_more_than_they_save_are_not_made() -> None:
    needs = np.array([3 if hour % 12 < 6 else 2 for hour in range(168)])
    assert replica_plan(needs, ONE).saving > 0.1
    never = replica_plan(needs, StatedCapacity(rps_per_replica=1, switch_minutes=6 * 60))
    assert (set(never.replicas), never.saving) == ({3}, 0)


def test_more_than_six_numbers_of_replicas_are_made_fewer_and_none_is_too_small() -> None:
    needs = np.array([1 + hour // 4 for hour in range(168)])
    plan = replica_plan(needs, ONE)
    assert len(set(plan.replicas)) == 6
    assert (np.array(plan.replicas) >= needs).all()
    assert max(plan.replicas) == 42


def test_a_change_is_paid_for_while_replicas_start_and_drain() -> None:
    replicas = np.array([1] * 84 + [3] * 84)
    stated = StatedCapacity(rps_per_replica=1, gpus_per_replica=4, switch_minutes=15)
    assert gpu_hours(replicas, stated) == 4 * (84 + 252 + 2 * 2 * 0.25)


def test_windows_can_be_counted_anew_for_other_needs() -> None:
    needs = np.array([5 if 9 <= hour % 24 < 18 else 2 for hour in range(168)])
    other = needs + 1
    other[10] = 9
    anew = same_windows(replica_plan(needs, ONE), other, ONE)
    assert (set(anew.replicas), anew.static) == ({3, 9}, 9)


def test_what_is_carried_counts_the_requests_that_fit_into_their_second() -> None:
    weeks = made([flat(2.0)])
    all_of_it = carried(np.full(168, 50), weeks, ONE)
    assert (all_of_it.requests_share, all_of_it.worst_seconds_share) == (1, 1)
    some = carried(np.full(168, 2), weeks, ONE)
    assert some.requests_share == pytest.approx(1.4587 / 2, abs=0.01)  # E min(X, 2) of a Poisson law of mean 2
    assert some.worst_seconds_share == pytest.approx(0.6767, abs=0.01)  # P(X ≤ 2)


def test_spare_replicas_are_not_counted_on() -> None:
    weeks, spare = made([flat(2.0)]), StatedCapacity(rps_per_replica=1, n_plus_one=True)
    assert carried(np.full(168, 3), weeks, spare) == carried(np.full(168, 2), weeks, ONE)


def test_the_worst_window_is_the_one_with_the_fewest_seconds_that_fit() -> None:
    replicas = np.array([8 if one > 1 else 1 for one in office()])
    found = carried(replicas, made([office()]), ONE)
    assert found.worst_seconds_share == pytest.approx(0.979, abs=0.005)  # P(X ≤ 8) of mean 4; of mean 0.2 0.982


def test_hours_of_other_lengths_need_other_numbers_of_replicas() -> None:
    hours = tuple(4.0 if hour < 84 else 1.0 for hour in range(168))
    mixed = StatedCapacity(rps_per_replica=1, rps_by_hour=hours)
    assert needed(np.full(168, 8.0), mixed).tolist() == [2] * 84 + [8] * 84
    assert needed(np.array([8.0]), mixed).tolist() == [8], "one peak is of no hour"
