from dataclasses import replace

import pytest

from analyzer.advise.capacity import CapacityAdvice, Peak, Profile, StatedCapacity, fleet
from analyzer.advise.prices import Assumptions, Prices, Traffic
from analyzer.advise.sizing.money import overflow, priced, reach
from analyzer.histogram import Histogram
from tests.unit.analyzer.advise.sizing.questions import PRICES

STATED = StatedCapacity(rps_per_replica=10, gpu="h100-sxm", n_plus_one=True)
TRAFFIC = Traffic(8, 900, 100)


def advised(stated: StatedCapacity = STATED) -> CapacityAdvice:
    profile = Profile("meta-llama/Llama-3.1-8B-Instruct", "h100-sxm", 1, None, 0)
    return fleet(profile, Peak(25, "given"), stated, TRAFFIC.tokens_per_hour)


def test_the_first_price_of_the_list_is_the_cost() -> None:
    found = priced(advised(), STATED, PRICES, TRAFFIC, None)
    assert (found.currency, found.cost_per_hour) == ("USD", 12.0)
    assert found.cost_per_million_tokens == pytest.approx(12 / 28.8)


def test_a_gpu_without_a_price_costs_what_nobody_knows() -> None:
    found = priced(advised(), STATED, Prices("EUR"), TRAFFIC, None)
    assert (found.currency, found.cost_per_hour, found.costs, found.hybrid) == ("EUR", None, (), ())


def test_the_overflow_of_fewer_replicas_is_counted_second_by_second() -> None:
    seconds = Histogram.of([(5, 100), (25, 10)])
    # one carries 10 of the 25, two carry 20; the advised three and the spare one leave nothing
    assert overflow(advised(), seconds) == ((1, pytest.approx(150 / 750)), (2, pytest.approx(50 / 750)), (3, 0.0))
    assert overflow(advised(), Histogram.of(())) == ()


def test_users_are_the_requests_of_a_day_over_those_of_one_user() -> None:
    found = reach(advised(), TRAFFIC, 16, Assumptions(requests_per_user_day=5))
    # three replicas carry a peak of 30 where the mean of 8 has one of 25, whatever the mean of the busiest hour is
    assert found.daily_users == 170_000  # 8 * 30 / 25 * 86,400 / 5 = 165,888, of which the assumption bears two digits
    assert "about 830,000 requests, that is about 170,000 daily users if each sends 5" in found.sentence
    assert found.tokens_per_day == pytest.approx(30 * 86_400 * 1000)
    assert "(an assumption, requests_per_user_day" in found.sentence


def test_without_a_busy_hour_no_users_are_said() -> None:
    assert reach(advised(), replace(TRAFFIC, mean_rps=0), 0, Assumptions()).daily_users == 0
