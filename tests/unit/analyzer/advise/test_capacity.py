import dataclasses

import pytest

from analyzer.advise.capacity import (
    CapacityAdvice,
    Deployment,
    Load,
    Objectives,
    StatedCapacity,
    advise,
    arithmetic,
    nodes_for,
    peak,
    replicas_for,
    short,
)
from analyzer.demand import Bins, Cell, poisson_p95, rate
from tests.fakes.shapes import SECOND, shape

# 31 requests/s on the mean, from 0 to 62 within a second, so that the second moment is large
BURSTY = shape([(s * SECOND + i, 1000, 100) for s in range(60) for i in range(62 if s % 2 else 1)])
LOAD = Load(rate(BURSTY, None), None, 1100)
STATED = StatedCapacity(rps_per_replica=2.4)


def advice(stated: StatedCapacity, load: Load = LOAD) -> CapacityAdvice:
    return advise("m", load, stated, 8192, 1860, 1)[0]


@pytest.mark.parametrize(
    ("peak_rps", "per_replica", "rho", "replicas"),
    [
        (31, 2.4, 1, 13),
        (40, 2.4, 1, 17),
        (77, 70.7, 1, 2),
        (77, 70.7, 0.7, 2),
        (4.2, 1.4, 1, 3),
        (0.1, 2.4, 1, 1),
    ],
)
def test_replicas_are_the_peak_over_what_one_carries(
    peak_rps: float, per_replica: float, rho: float, replicas: int
) -> None:
    assert replicas_for(peak_rps, per_replica, rho) == replicas


def test_a_stated_peak_of_31_at_2_4_per_system_takes_13_systems() -> None:
    found = advice(dataclasses.replace(STATED, peak_rps=31, gpus_per_replica=8))
    assert (found.replicas, found.gpus, found.nodes) == (13, 104, 13)


def test_a_mean_of_31_under_the_poisson_law_takes_17_systems() -> None:
    steady = dataclasses.replace(LOAD, rate=dataclasses.replace(LOAD.rate, poisson_p95_1s=poisson_p95(31)))
    found = advice(dataclasses.replace(STATED, law="poisson"), steady)
    assert (found.peak_rps, found.replicas) == (40, 17)


@pytest.mark.parametrize(
    ("replicas", "gpus_per_replica", "gpus_per_node", "nodes"),
    [(13, 8, 8, 13), (5, 4, 8, 3), (5, 3, 8, 3), (3, 1, 8, 1), (2, 16, 8, 4), (2, 12, 8, 4)],
)
def test_a_replica_is_not_split_over_nodes_unless_it_is_larger_than_one(
    replicas: int, gpus_per_replica: int, gpus_per_node: int, nodes: int
) -> None:
    assert nodes_for(replicas, gpus_per_replica, gpus_per_node) == nodes


def test_the_peak_is_that_of_the_negative_binomial_law_unless_said_otherwise() -> None:
    assert peak(LOAD, STATED).rps == LOAD.rate.negative_binomial_p95_1s
    assert peak(LOAD, dataclasses.replace(STATED, law="poisson")).rps == LOAD.rate.poisson_p95_1s
    assert peak(LOAD, dataclasses.replace(STATED, law="busy")).rps == LOAD.rate.busy_p95_1s == 62
    assert LOAD.rate.negative_binomial_p95_1s > LOAD.rate.poisson_p95_1s


def test_the_busiest_hours_count_where_they_were_seen() -> None:
    busy = dataclasses.replace(LOAD, busiest=Cell("09:00 to 10:00", 1, Bins(3600, 64 * 3600, 64 * 64 * 3600), ()))
    found = peak(busy, STATED)
    assert found.rps == 77
    assert "09:00 to 10:00" in found.sentence


def test_one_replica_more_is_added_where_one_may_fail() -> None:
    assert advice(dataclasses.replace(STATED, peak_rps=31, n_plus_one=True)).replicas == 14
    assert advice(dataclasses.replace(STATED, peak_rps=1, min_replicas=3)).replicas == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"peak_rps": 9, "rho_max": 0.7, "n_plus_one": True}, "9 / (2.4 × 0.7) = 5.36 → 6, + 1 spare = 7"),
        ({"peak_rps": 9, "min_replicas": 8}, "9 / 2.4 = 3.75 → 4, at least 8 by the settings"),
        ({"peak_rps": 9}, "9 / 2.4 = 3.75 → 4"),
        ({"peak_rps": 1}, "1 / 2.4 = 0.42 → 1"),
    ],
)
def test_the_arithmetic_can_be_recomputed(changes: dict[str, float], said: str) -> None:
    found, evidence = advise("m", LOAD, dataclasses.replace(STATED, **changes), 8192, 5, 1)
    assert arithmetic(found) == said
    assert evidence.sentence.endswith(f" replica{'' if found.replicas == 1 else 's'}: {said}.")


def test_cost_is_told_where_a_price_is_stated() -> None:
    priced = dataclasses.replace(STATED, peak_rps=31, gpus_per_replica=8, price_per_gpu_hour=2.5)
    found = advice(priced)
    assert found.cost_per_hour == 260
    hourly_tokens = LOAD.rate.mean_rps * 3600 * 1100
    assert found.cost_per_million_tokens == pytest.approx(260 / hourly_tokens * 1e6)
    assert advice(STATED).cost_per_hour is None


def test_the_change_is_against_what_runs_today() -> None:
    today = dataclasses.replace(STATED, peak_rps=31, gpus_per_replica=8, current_replicas=16)
    assert advice(today).current == Deployment(16, 128, None)
    assert advice(today).change_gpus == -24
    assert advice(STATED).change_gpus is None


def test_a_stated_figure_is_marked_as_such() -> None:
    found, evidence = advise("m", LOAD, dataclasses.replace(STATED, objectives=Objectives(ttft_ms=500)), 8192, 5, 1)
    assert found.source == "stated"
    assert found.profile.max_model_len == 8192
    assert "do not check" in evidence.sentence


def test_a_figure_has_three_significant_digits_and_no_exponent() -> None:
    assert [short(number) for number in (0.1234, 26.33, 99.94, 123.4, 5000)] == [
        "0.123",
        "26.3",
        "99.9",
        "123",
        "5,000",
    ]
