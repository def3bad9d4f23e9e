"""Which replica gets a request, and when it is sent."""

import numpy as np

from analyzer.engine import StepTimes
from analyzer.replay import Pool, Requests, replay
from tests.unit.analyzer.replay.cases import EASY, WIDE, at_once, requests


def test_round_robin_does_not_look_who_is_busy() -> None:
    traffic = requests([(0, 60, 2, -1, 0), (0, 1, 1, -1, 0), (2000, 10, 1, -1, 0)])
    found = replay(traffic, WIDE, EASY, Pool(2, "round_robin"))
    assert found.ttft_ms.tolist() == [60, 1, 58 + 10 + 10]


def test_the_least_busy_replica_gets_the_request() -> None:
    traffic = requests([(0, 60, 2, -1, 0), (0, 1, 1, -1, 0), (2000, 10, 1, -1, 0)])
    found = replay(traffic, WIDE, EASY, Pool(2, "least_outstanding"))
    assert found.ttft_ms.tolist() == [60, 1, 10]


def test_of_equally_busy_replicas_each_gets_its_turn() -> None:
    found = replay(at_once((10, 1), (10, 1), (10, 1), (10, 1)), WIDE, EASY, Pool(4))
    assert found.ttft_ms.tolist() == [10, 10, 10, 10]


def test_clients_send_no_more_than_they_keep_open() -> None:
    found = replay(at_once((10, 2), (10, 4), (10, 1)), WIDE, EASY, Pool(1, most_in_flight=2))
    # the third is sent when the first is over, at 30; its times count from then
    assert found.ttft_ms.tolist() == [20, 20, 10 + 10]
    assert found.e2e_ms.tolist() == [30, 20 + 20 + 10 + 10, 20]


def test_a_client_hears_of_the_end_outside_the_engine_later() -> None:
    times = StepTimes(a0=0, a1=1, a2=0, b0=10, b1=0, b2=0, outside_ms=5)
    found = replay(at_once((10, 1), (10, 1)), WIDE, times, Pool(1, most_in_flight=1))
    assert found.ttft_ms.tolist() == [15, 15]
    assert found.span_ms == 10 + 5 + 10


def test_a_request_that_arrives_in_a_step_is_read_in_the_next_one() -> None:
    traffic = requests([(0, 10, 9, -1, 0), (25_000, 10, 1, -1, 0)])
    found = replay(traffic, WIDE, EASY, Pool(1))
    assert found.ttft_ms.tolist() == [10, 5 + 10 + 10]


def test_a_request_that_arrives_when_a_step_ends_is_read_in_the_next_one() -> None:
    traffic = requests([(0, 10, 9, -1, 0), (30_000, 10, 1, -1, 0)])
    found = replay(traffic, WIDE, EASY, Pool(1))
    assert found.ttft_ms.tolist() == [10, 10 + 10]


def test_a_pool_shares_the_work_of_many_requests() -> None:
    one = at_once(*[(10, 5)] * 64)
    found = replay(one, WIDE, EASY, Pool(64))
    assert np.allclose(found.e2e_ms, 50)
    assert isinstance(one, Requests)
