"""Mean latencies of one replica under a steady load."""

from dataclasses import replace

import numpy as np
import pytest

from analyzer.engine import EngineLimits, StepTimes
from analyzer.replay import Pool, Requests, replay
from analyzer.throughput.sweeps.expected import RUNAWAY, expected

TIMES = StepTimes(a0=5.0, a1=0.025, a2=4.4e-7, b0=7.0, b1=0.01, b2=4e-5, m0=2.0, outside_ms=15.0, overlap_ms=4.9)
LIMITS = EngineLimits(1000, 8192, chunked_prefill=False, kv_pool_tokens=1_000_000, max_model_len=4096)


def test_a_request_alone_waits_for_nothing() -> None:
    found = expected(TIMES, 1e-6, 200, 64)
    assert found.ttft == pytest.approx(15.0 + TIMES.prefill_ms(200), rel=1e-3)
    assert found.itl == pytest.approx(TIMES.b0, rel=1e-3)


def test_requests_at_once_are_rate_times_the_time_they_write() -> None:
    found = expected(TIMES, 0.06, 200, 64)
    assert found.decoding == pytest.approx(0.06 * 63 * found.itl, rel=1e-4)


def test_a_prompt_costs_more_the_more_of_them_there_are() -> None:
    one, two, three = (expected(TIMES, rate, 200, 64).itl for rate in (0.02, 0.04, 0.06))
    assert three - two > two - one > 0


def test_beyond_saturation_there_is_no_steady_load() -> None:
    assert expected(TIMES, 0.5, 200, 64).itl == pytest.approx(RUNAWAY * TIMES.b0, rel=0.01)


@pytest.mark.parametrize("rate", [1.0, 30.0, 60.0, 80.0])
@pytest.mark.parametrize(("overlap", "ahead"), [(0.0, False), (4.9, False), (4.9, True)])
def test_the_means_are_those_of_a_simulation(rate: float, overlap: float, ahead: bool) -> None:
    count = max(int(rate * 300), 2000)
    arrival = np.cumsum(np.random.default_rng(7).exponential(1e6 / rate, count)).astype(np.int64)
    isl, osl = np.full(count, 200), np.full(count, 64)
    times = replace(TIMES, overlap_ms=overlap, b0=6.0, m0=0.5)
    limits = replace(LIMITS, async_scheduling=ahead)
    done = replay(Requests(arrival, isl, osl, osl, np.zeros(count, np.int64)), limits, times, Pool(1))
    found = expected(times, rate / 1000, 200, 64, ahead=ahead)
    assert found.itl == pytest.approx(float(np.mean(done.itl_ms)), rel=0.04)
    assert found.ttft == pytest.approx(float(np.mean(done.ttft_ms)), rel=0.06)
