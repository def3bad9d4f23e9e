from dataclasses import replace

import pytest

from analyzer.advise.capacity import Peak, StatedCapacity, replicas_for
from analyzer.advise.prices import Traffic
from analyzer.advise.sized import Objectives
from analyzer.advise.sizing.choose import Judged, judge
from analyzer.advise.sizing.fleets import Demanded, fleets
from analyzer.advise.sizing.mix import of_point
from analyzer.advise.sizing.question import candidates
from analyzer.advise.sizing.streams import drawn
from tests.unit.analyzer.advise.sizing.questions import question

MIX = of_point(2000, 200, 0.5)
WISHES = StatedCapacity(rps_per_replica=1)


def load(rate: float) -> Demanded:
    return Demanded(Peak(rate, "given"), Traffic(rate / 2, 2000, 200), rate)


@pytest.fixture(scope="module")
def one() -> Judged:
    able, _ = candidates(question(), MIX.context)
    return judge(able[0], question(), MIX)


def test_a_fleet_is_as_large_as_replicas_behind_one_router_have_to_be(one: Judged) -> None:
    carried = one.capacity.rps or 0.0
    found = fleets(question(), MIX, load(20.1 * carried), WISHES)(one)
    # 21 by the quotient; a router evens out what chance does to each
    assert found.pooled.replicas == found.gpus.expected
    assert 18 <= found.gpus.expected <= 20
    assert found.gpus.headroom == pytest.approx(found.gpus.expected / 20.1 - 1)
    assert found.gpus.slower is not None
    assert found.gpus.expected * 1.1 < found.gpus.slower <= replicas_for(20.1 * carried, one.slow_rps)


def test_the_spare_replica_is_paid_for_and_is_no_headroom(one: Judged) -> None:
    without, spare = (
        fleets(question(), MIX, load(31), replace(WISHES, n_plus_one=wanted))(one).gpus for wanted in (False, True)
    )
    assert spare.expected == without.expected + 1
    assert spare.headroom == without.headroom
    least = fleets(question(), MIX, load(31), replace(WISHES, min_replicas=9))(one).gpus
    assert (least.expected, least.headroom > without.headroom) == (9, True)


def test_recorded_hours_are_what_the_fleet_is_tried_on(one: Judged) -> None:
    calm = drawn(MIX, 3, 10_000)
    found = fleets(question(), MIX, replace(load(31), hours=(calm,)), WISHES)(one)
    assert (found.pooled.replicas, found.gpus.expected) == (1, 1)
    assert found.gpus.headroom < 0  # of the peak, which the hour never saw


def test_without_objectives_or_where_a_share_of_use_is_stated_the_quotient_counts(one: Judged) -> None:
    carried = one.capacity.rps or 0.0
    stated = fleets(question(), MIX, load(2 * carried), replace(WISHES, rho_max=0.5))(one)
    assert (stated.pooled.replicas, stated.gpus.expected) == (None, 4)
    none = fleets(question(Objectives()), MIX, load(2 * carried), WISHES)(one)
    assert (none.pooled.replicas, none.gpus.expected) == (None, 3)  # 2 / 0.7


def test_what_no_number_of_replicas_bears_is_told(one: Judged) -> None:
    long = drawn(of_point(30_000, 200), 3, 3000)
    found = fleets(question(), MIX, replace(load(31), hours=(long,)), WISHES)(one)
    assert (found.pooled.replicas, found.gpus.kept) == (None, False)
    assert found.gpus.expected >= 3


def test_a_load_of_nothing_has_headroom_without_end(one: Judged) -> None:
    found = fleets(question(), MIX, load(0), replace(WISHES, rho_max=0.9))(one)
    assert found.gpus.headroom == float("inf")
