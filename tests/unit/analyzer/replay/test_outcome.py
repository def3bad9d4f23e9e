"""What a profile makes of traffic."""

import numpy as np
import pytest

from analyzer.replay import Pool, replay
from analyzer.replay.by_day import draws
from analyzer.replay.outcome import Promise, Run, changes, nearest_rank, outcome, queue_grows, scaled
from tests.fakes.replays import LIMITS, PROFILE, TIMES, recorded


def run(rps: float = 5.0, days: int = 1, replicas: int = 2, number: int = 4000) -> Run:
    known = recorded(number, rps, days, replicas=replicas)
    replayed = replay(known.requests, LIMITS, TIMES, Pool(replicas))
    return Run(known, replayed, np.ones(len(known.requests), np.bool_))


def test_a_promise_is_kept_where_enough_requests_keep_each_limit() -> None:
    tried = run()
    p95 = nearest_rank(tried.replayed.ttft_ms, 0.95)
    for limit, meets in ((p95, True), (p95 * 0.99, False)):
        found = outcome(tried, PROFILE, Promise(ttft_ms=limit, percentile=95), draws(1))
        assert found.meets is meets
        assert found.kept["ttft_ms"].value == pytest.approx(0.95, abs=0.005)


def test_all_limits_together_are_kept_by_no_more_than_each_alone() -> None:
    found = outcome(run(), PROFILE, Promise(ttft_ms=30, itl_ms=9.5, e2e_ms=2000), draws(1))
    assert found.attained is not None
    assert 0 < found.attained.value < min(each.value for each in found.kept.values())


def test_without_a_limit_nothing_is_promised() -> None:
    found = outcome(run(), PROFILE, Promise(), draws(1))
    assert (found.meets, found.attained, found.kept) == (None, None, {})


def test_gpu_hours_are_those_of_all_gpus_while_requests_came() -> None:
    tried = run(number=3600, rps=1.0)
    arrival = tried.recorded.requests.arrival_us
    found = outcome(tried, PROFILE, Promise(), draws(1))
    assert found.gpu_hours == pytest.approx(2 * (arrival[-1] - arrival[0]) / 3.6e9)


def test_rejected_requests_never_keep_a_limit() -> None:
    tried = run()
    tried.recorded.requests.isl[:1000] = LIMITS.max_model_len + 1
    replayed = replay(tried.recorded.requests, LIMITS, TIMES, Pool(2))
    again = Run(tried.recorded, replayed, tried.counts)
    found = outcome(again, PROFILE, Promise(ttft_ms=1e9), draws(1))
    assert (found.rejected.value, found.kept["ttft_ms"].value, found.meets) == (0.25, 0.75, False)


def test_a_queue_that_grows_is_seen_and_a_busy_one_is_not() -> None:
    assert queue_grows(run(rps=200, replicas=1))
    assert not queue_grows(run(rps=10, replicas=1))


def test_changes_are_measured_on_the_same_days() -> None:
    before, after = run(days=4), run(days=4, replicas=1)
    found = changes(before, after, "ttft_ms", draws(4))["p95"]
    assert found.value > 0
    assert found.interval is not None
    assert found.interval[0] <= found.value <= found.interval[1]


def test_steps_are_corrected_for_reading_and_for_writing_apart() -> None:
    found = scaled(TIMES, 2.0, 0.5)
    assert (found.a0, found.a1, found.b0, found.b2) == (8.0, 0.04, 4.0, 2e-5)
    assert found.outside_ms == TIMES.outside_ms
