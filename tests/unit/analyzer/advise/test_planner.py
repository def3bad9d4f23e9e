import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.advise.planner import FloatArray, Plan, best_static, cheapest

INF = float("inf")


def by_brute_force(cost: FloatArray, switch: FloatArray, least: int) -> float:
    """The cheapest of all ways round, windows shorter than `least` left out; inf where there is none."""
    slots, profiles = cost.shape
    best = INF
    for way in itertools.product(range(profiles), repeat=slots):
        changes = [slot for slot in range(slots) if way[slot] != way[slot - 1]]
        windows = [(changes[(i + 1) % len(changes)] - at) % slots for i, at in enumerate(changes)]
        if all(window >= least for window in windows):
            price = sum(cost[slot, way[slot]] for slot in range(slots))
            best = min(best, float(price + sum(switch[way[slot - 1], way[slot]] for slot in changes)))
    return best


def paid(plan: Plan, cost: FloatArray, switch: FloatArray) -> float:
    own = plan.profiles
    return float(
        sum(
            cost[slot, one] + (switch[own[slot - 1], one] if own[slot - 1] != one else 0)
            for slot, one in enumerate(own)
        )
    )


costs = st.lists(
    st.lists(st.one_of(st.integers(0, 9), st.just(INF)), min_size=3, max_size=3), min_size=6, max_size=6
).map(lambda rows: np.array(rows, dtype=np.float64))
switches = st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=3, max_size=3).map(
    lambda rows: np.array(rows, dtype=np.float64)
)


@settings(deadline=None, max_examples=60)
@given(costs, switches, st.integers(1, 4))
def test_the_plan_is_as_cheap_as_the_cheapest_of_all_ways_round(
    cost: FloatArray, switch: FloatArray, least: int
) -> None:
    best = by_brute_force(cost, switch, least)
    if best == INF:
        with pytest.raises(ValueError, match=r"no (profile can run|way round)"):
            cheapest(cost, switch, least)
        return
    plan = cheapest(cost, switch, least)
    assert plan.cost == best == paid(plan, cost, switch)


@pytest.mark.parametrize("price", [0, 0.5, 1, 2, 3, 5, 8, 13, 100])
def test_one_price_for_every_change_is_a_matrix_of_it(price: float) -> None:
    cost = np.random.default_rng(3).integers(0, 9, (6, 3)).astype(np.float64)
    assert cheapest(cost, price).cost == by_brute_force(cost, np.full((3, 3), price), 1)


def test_dearer_changes_are_fewer_until_one_profile_is_left_at_its_own_cost() -> None:
    cost = np.random.default_rng(5).integers(0, 20, (168, 4)).astype(np.float64)
    plans = [cheapest(cost, price) for price in (0, 1, 2, 4, 8, 16, 32, 64, 1000)]
    switches = [plan.switches for plan in plans]
    assert switches == sorted(switches, reverse=True)
    assert switches[0] > 50
    assert (switches[-1], plans[-1]) == (0, best_static(cost))
    assert [plan.cost for plan in plans] == sorted(plan.cost for plan in plans)


def test_a_window_lasts_as_long_as_asked_also_over_the_end_of_the_cycle() -> None:
    cost = np.tile([[1.0, 3.0]], (12, 1))
    cost[[0, 11], 0] = INF  # the first and the last slot need the dear profile
    plan = cheapest(cost, 0, least=4)
    assert plan.profiles.count(1) == 4
    assert plan.switches == 2
    assert plan.profiles[0] == plan.profiles[11] == 1


def test_of_ways_that_cost_the_same_one_without_changes_is_taken() -> None:
    assert cheapest(np.ones((24, 3)), 0, least=4).profiles == (0,) * 24


def test_a_slot_in_which_nothing_can_run_has_no_plan() -> None:
    cost = np.ones((6, 2))
    cost[3] = INF
    with pytest.raises(ValueError, match="no profile can run"):
        cheapest(cost, 1)
    with pytest.raises(ValueError, match="no profile can run in every slot"):
        best_static(cost)
