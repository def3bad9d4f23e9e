import numpy as np

from analyzer.advise.sizing import streams
from analyzer.advise.sizing.mix import of_point
from analyzer.advise.sizing.pool import for_hours, for_rate
from analyzer.advise.sizing.search import QUICK
from analyzer.replay import Requests
from tests.unit.analyzer.advise.sizing.questions import H100, WITHIN

MIX = of_point(2000, 200, 0.8)


def test_a_pool_behind_a_router_that_sees_load_needs_no_more_replicas_than_its_parts_alone() -> None:
    pooled = for_rate(MIX, H100, WITHIN, 60, (5, 9), QUICK)
    by_turns = for_rate(MIX, H100, WITHIN, 60, (5, 9), QUICK, "round_robin")
    assert pooled.replicas is not None
    assert by_turns.replicas is not None
    assert pooled.replicas <= by_turns.replicas
    assert pooled.at is not None
    assert not pooled.at.missed(WITHIN)


def test_one_replica_less_does_not_keep_the_objectives() -> None:
    found = for_rate(MIX, H100, WITHIN, 60, (1, 9), QUICK)
    assert found.replicas is not None
    again = for_rate(MIX, H100, WITHIN, 60, (found.replicas - 1, found.replicas - 1), QUICK)
    assert again.replicas == found.replicas


def test_where_no_number_keeps_the_objectives_none_is_said() -> None:
    assert for_rate(of_point(30_000, 10), H100, WITHIN, 1, (1, 1), QUICK).replicas is None


def test_recorded_hours_are_replayed_as_they_came() -> None:
    calm = streams.drawn(MIX, 5, 5000)
    surge = Requests(np.sort(calm.arrival_us // 12), calm.isl, calm.osl, calm.max_tokens, calm.cached)
    assert for_hours([calm], H100, WITHIN, (1, 8)).replicas == 1
    both = for_hours([calm, surge], H100, WITHIN, (1, 8)).replicas
    assert both is not None
    assert both > 3


def test_the_hour_that_is_answered_is_the_one_that_asks_for_most() -> None:
    calm, surge = streams.drawn(MIX, 2, 2000), streams.drawn(MIX, 40, 12_000)
    assert [for_hours(hours, H100, WITHIN, (1, 8)).hour for hours in ([calm, surge], [surge, calm])] == [1, 0]
    assert for_rate(MIX, H100, WITHIN, 10, (1, 2), QUICK).hour is None


def test_a_surge_far_beyond_the_expected_load_gets_the_replicas_that_it_takes() -> None:
    calm = streams.drawn(MIX, 5, 5000)
    surge = Requests(np.sort(calm.arrival_us // 12), calm.isl, calm.osl, calm.max_tokens, calm.cached)
    expected = for_hours([surge], H100, WITHIN, (1, 8)).replicas
    assert expected is not None
    assert for_hours([surge], H100, WITHIN, (1, 1)).replicas == expected


def test_a_peak_of_no_request_a_second_takes_one_replica() -> None:
    found = for_rate(MIX, H100, WITHIN, 0.0, (1, 1), QUICK)
    assert found.replicas == 1
    assert found.at is not None
    assert not found.at.missed(WITHIN)
