"""What holds whatever is replayed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.engine import EngineLimits, StepTimes
from analyzer.replay import COMPLETED, REJECTED, TRUNCATED, Pool, Requests, replay
from tests.unit.analyzer.replay.cases import Row, requests
from tests.unit.analyzer.replay.reference import simulate

MILLISECONDS = st.floats(0, 20, allow_subnormal=False)
TIMES = st.builds(StepTimes, *[MILLISECONDS] * 10)
LIMITS = st.builds(
    EngineLimits,
    max_num_seqs=st.integers(1, 300),
    max_num_batched_tokens=st.integers(1, 5000),
    chunked_prefill=st.booleans(),
    kv_pool_tokens=st.integers(50, 20_000),
    max_model_len=st.integers(4, 5000),
    admission=st.sampled_from(["as_used", "reserved"]),
    prefix_caching=st.booleans(),
    async_scheduling=st.booleans(),
)
POOLS = st.builds(
    Pool,
    replicas=st.integers(1, 9),
    routing=st.sampled_from(["round_robin", "least_outstanding"]),
    most_in_flight=st.none() | st.integers(1, 40),
)
ROW = st.tuples(
    st.integers(0, 200_000), st.integers(0, 3000), st.integers(0, 800), st.integers(-1, 900), st.integers(0, 3000)
)
ROWS = st.lists(ROW, min_size=1, max_size=200)
LAWS = settings(max_examples=60, deadline=None)


@LAWS
@given(ROWS, LIMITS, TIMES, POOLS)
def test_every_request_ends_once_with_its_tokens(
    rows: list[Row], limits: EngineLimits, times: StepTimes, pool: Pool
) -> None:
    traffic = requests(rows)
    found = replay(traffic, limits, times, pool)
    room = limits.max_model_len - np.maximum(traffic.isl, 1)
    over = found.status == REJECTED
    assert (found.tokens[over] == 0).all()
    assert (found.tokens[~over] == np.minimum(traffic.osl, room)[~over]).all()
    assert ((found.status == COMPLETED) == (~over & (found.tokens == traffic.osl))).all()
    assert ((found.status == TRUNCATED) == (~over & (found.tokens < traffic.osl))).all()
    assert (np.isnan(found.ttft_ms) == over).all()
    assert found.itl_tokens.sum() == np.maximum(found.tokens - 1, 0).sum()


@LAWS
@given(ROWS, LIMITS, TIMES, POOLS)
def test_the_cache_is_never_fuller_than_it_is_large(
    rows: list[Row], limits: EngineLimits, times: StepTimes, pool: Pool
) -> None:
    found = replay(requests(rows), limits, times, pool)
    assert found.peak_kv_tokens <= limits.kv_pool_tokens
    if limits.admission == "reserved":
        assert found.preemptions == 0


@LAWS
@given(ROWS, LIMITS, TIMES, POOLS)
def test_time_does_not_run_backwards(rows: list[Row], limits: EngineLimits, times: StepTimes, pool: Pool) -> None:
    found = replay(requests(rows), limits, times, pool)
    served = found.status != REJECTED
    assert (found.ttft_ms[served] >= 0).all()
    assert (found.e2e_ms[served] >= found.ttft_ms[served]).all()
    assert (found.itl_ms[np.isfinite(found.itl_ms)] >= 0).all()
    assert found.busy_ms <= pool.replicas * found.span_ms * (1 + 1e-9) + 1e-6


@LAWS
@given(ROWS, LIMITS, TIMES, POOLS, st.sampled_from([0, 10**12, -(10**12), 1_744_000_000_000_000]))
def test_the_zero_of_time_does_not_matter(
    rows: list[Row], limits: EngineLimits, times: StepTimes, pool: Pool, zero: int
) -> None:
    one, other = replay(requests(rows), limits, times, pool), replay(requests(rows, zero), limits, times, pool)
    assert np.array_equal(one.e2e_ms, other.e2e_ms, equal_nan=True)
    assert np.array_equal(one.ttft_ms, other.ttft_ms, equal_nan=True)
    assert one.itl_tokens.tolist() == other.itl_tokens.tolist()


@settings(max_examples=30, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=40), LIMITS, TIMES, POOLS)
def test_requests_are_first_let_in_in_the_order_of_their_arrival(
    rows: list[Row], limits: EngineLimits, times: StepTimes, pool: Pool
) -> None:
    limits = replace(limits, kv_pool_tokens=min(limits.kv_pool_tokens, 4000))
    traffic = requests([(gap, isl % 200, osl % 40, most, cached) for gap, isl, osl, most, cached in rows])
    first = [job.admitted[0] for job in simulate(traffic, limits, times, Pool(1)).jobs if job.admitted]
    assert first == sorted(first)
    # what is read first has its first token first
    found = replay(traffic, limits, times, Pool(1))
    moments = traffic.arrival_us / 1000 + found.ttft_ms
    assert (np.diff(moments[found.status != REJECTED]) >= -1e-6).all()


ONE_REQUEST = requests([(0, 1, 1, -1, 0)])
SMALL = EngineLimits(1, 1, True, 10, 10)
STEP = StepTimes(0, 0, 0, 1, 0, 0)


@pytest.mark.parametrize(
    ("traffic", "limits", "times", "pool", "said"),
    [
        (Requests(np.array([5, 3]), *(np.array([1, 1]) for _ in range(4))), SMALL, STEP, Pool(1), "order"),
        (ONE_REQUEST, replace(SMALL, max_num_seqs=0), STEP, Pool(1), "limit"),
        (ONE_REQUEST, SMALL, replace(STEP, b0=-1), Pool(1), "less than no time"),
        (ONE_REQUEST, SMALL, STEP, Pool(0), "replica"),
        (ONE_REQUEST, SMALL, STEP, Pool(1, most_in_flight=0), "request"),
    ],
)
def test_what_makes_no_sense_is_not_replayed(
    traffic: Requests, limits: EngineLimits, times: StepTimes, pool: Pool, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        replay(traffic, limits, times, pool)
