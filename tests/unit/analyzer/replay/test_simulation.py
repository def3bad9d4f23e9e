"""The fast simulation gives what the plain one gives, exactly."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.engine import EngineLimits, StepTimes
from analyzer.replay import REJECTED, Pool, Requests, replay
from tests.unit.analyzer.replay.cases import requests
from tests.unit.analyzer.replay.reference import simulate

# multiples of 1/64 ms: sums of them are exact in a double, so that two ways to add them up must agree to the last bit
PARTS = st.integers(0, 400).map(lambda parts: parts / 64)
POSITIVE = st.integers(1, 400).map(lambda parts: parts / 64)
TIMES = st.builds(StepTimes, PARTS, PARTS, PARTS, POSITIVE, PARTS, PARTS, PARTS, PARTS, PARTS, PARTS)
LIMITS = st.builds(
    EngineLimits,
    max_num_seqs=st.integers(1, 6),
    max_num_batched_tokens=st.integers(1, 24),
    chunked_prefill=st.booleans(),
    kv_pool_tokens=st.integers(8, 60),
    max_model_len=st.integers(4, 40),
    admission=st.sampled_from(["as_used", "reserved"]),
    prefix_caching=st.booleans(),
    async_scheduling=st.booleans(),
)
POOLS = st.builds(
    Pool,
    replicas=st.integers(1, 3),
    routing=st.sampled_from(["round_robin", "least_outstanding"]),
    most_in_flight=st.none() | st.integers(1, 7),
)
REQUEST = st.tuples(
    st.sampled_from([0, 0, 1, 500, 15_625, 31_250, 250_000, 2_000_000]),  # since the one before; steps are of such
    st.integers(0, 30),
    st.integers(0, 20),
    st.just(-1) | st.integers(0, 25),
    st.integers(0, 12),
)

TRAFFIC = st.lists(REQUEST, min_size=1, max_size=25).map(requests)


@settings(max_examples=400, deadline=None)
@given(TRAFFIC, LIMITS, TIMES, POOLS)
def test_it_gives_what_every_step_one_by_one_gives(
    traffic: Requests, limits: EngineLimits, times: StepTimes, pool: Pool
) -> None:
    fast, plain = replay(traffic, limits, times, pool), simulate(traffic, limits, times, pool)
    for job in plain.jobs:
        if job.refused:
            assert fast.status[job.number] == REJECTED
            continue
        outside = times.outside_ms * 1000
        assert fast.ttft_ms[job.number] == (job.stamps[0] - job.sent + outside) / 1000
        assert fast.e2e_ms[job.number] == (job.stamps[-1] - job.sent + outside) / 1000
        assert fast.tokens[job.number] == min(job.written, job.target)
    counted = np.zeros(len(fast.itl_tokens), np.int64)
    for gap, tokens in plain.gaps.items():
        counted[np.searchsorted(fast.itl_edges_ms * 1000, gap)] += tokens
    assert fast.itl_tokens.tolist() == counted.tolist()
    assert (fast.steps, fast.preemptions, fast.peak_kv_tokens) == (plain.steps, plain.preemptions, plain.peak)
    assert fast.busy_ms == plain.busy / 1000
