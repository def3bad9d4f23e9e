"""The closed form gives the figures of its formula, for Llama-3.1-8B on one H100."""

from dataclasses import replace

import numpy as np
import pytest

from analyzer.engine import EngineLimits, StepTimes
from analyzer.replay import Pool, Requests, replay
from analyzer.throughput.closed_form import Objectives, carried, largest_batch, most_carried
from analyzer.throughput.mix import Mix

FITTED = StepTimes(4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5)
LIMITS = EngineLimits(256, 8192, chunked_prefill=True, kv_pool_tokens=448_675, max_model_len=131_072)
CHAT = Mix.constant(2000, 200)
SWEPT = StepTimes(4.94, 0.0253, 4.42e-7, 7.12, 0, 4.25e-5, m0=2.69, outside_ms=14.7, overlap_ms=4.87)
PURE = StepTimes(1.43, 0.0253, 4.42e-7, 6.4, 0, 5.59e-5, overlap_ms=6.4)


@pytest.mark.parametrize(
    ("batch", "step_ms", "rps", "itl_ms"),
    [(32, 9.80, 9.37, 17.1), (64, 12.85, 11.67, 27.4), (128, 18.78, 13.36, 47.9)],
)
def test_prompts_that_cost_the_same_beside_others_add_up_with_the_steps(
    batch: int, step_ms: float, rps: float, itl_ms: float
) -> None:
    found = carried(StepTimes(0, 0, 0, step_ms, 0, 0, r0=45.5), CHAT, batch)
    assert found.rps == pytest.approx(rps, abs=0.005)
    assert found.itl_ms == pytest.approx(itl_ms, abs=0.05)


@pytest.mark.parametrize(("batch", "rps"), [(32, 9.52), (64, 11.86), (128, 13.52)])
def test_the_fitted_form_gives_the_rate_where_each_prompt_pays_its_constant(batch: int, rps: float) -> None:
    assert carried(replace(FITTED, a0=0, r0=FITTED.a0), CHAT, batch).rps == pytest.approx(rps, abs=0.01)


@pytest.mark.parametrize("times", [FITTED, SWEPT, PURE], ids=["plain", "of a sweep", "roofline"])
@pytest.mark.parametrize(("batch", "isl", "osl"), [(32, 204, 64), (128, 204, 64), (256, 50, 100), (64, 2000, 200)])
def test_it_is_what_the_replay_of_a_full_engine_carries(times: StepTimes, batch: int, isl: int, osl: int) -> None:
    count, random = 6000, np.random.default_rng(0)
    reads, writes = np.full(count, isl, np.int64), random.geometric(1 / osl, count).astype(np.int64)
    requests = Requests(np.arange(count, dtype=np.int64), reads, writes, writes, np.zeros(count, np.int64))
    limits = replace(LIMITS, max_num_seqs=batch, kv_pool_tokens=10_000_000)
    ends = np.sort(replay(requests, limits, times, Pool(1)).e2e_ms)
    rps = 1000 * 0.7 * count / (ends[int(0.85 * count)] - ends[int(0.15 * count)])
    assert carried(times, Mix.of(reads, writes), batch).rps == pytest.approx(rps, rel=0.02)


def test_prompts_of_different_lengths_take_longer_than_their_mean() -> None:
    spread = Mix.of(np.array([0, 16_000]), np.array([200, 200]))
    assert carried(FITTED, spread, 8).rps < carried(FITTED, Mix.constant(8000, 200), 8).rps


def test_long_prompts_among_short_ones_hide_less_than_their_mean() -> None:
    spread = Mix.of(np.array([10, 250]), np.array([200, 200]))
    assert carried(PURE, spread, 8).itl_ms > carried(PURE, Mix.constant(130, 200), 8).itl_ms


def test_a_prefix_cache_takes_work_off_the_prompts() -> None:
    half = Mix.constant(2000, 200, cached_share=0.5)
    saved = FITTED.prefill_ms(2000) - FITTED.prefill_ms(2000, 1000)
    before, after = carried(FITTED, CHAT, 64), carried(FITTED, half, 64)
    assert before.itl_ms - after.itl_ms == pytest.approx(64 / 200 * saved)


def test_one_request_at_a_time_reads_then_writes() -> None:
    found = carried(FITTED, CHAT, 1)
    writing = FITTED.decode_ms(1, CHAT.context)
    assert found.rps == pytest.approx(1000 / (FITTED.prefill_ms(2000) + 199 * writing))


def test_answers_of_one_token_are_nothing_but_prompts() -> None:
    found = carried(FITTED, Mix.constant(2000, 1), 4)
    together = FITTED.a0 + 4 * (FITTED.prefill_ms(2000) - FITTED.a0)
    assert found.rps == pytest.approx(4000 / together)
    assert found.e2e_ms == found.ttft_ms == pytest.approx(1.5 * together)


def test_what_a_client_waits_for_is_the_rest_of_a_step_its_own_and_tokens() -> None:
    found = carried(StepTimes(0, 0, 0, 9.8, 0, 0, r0=45.5, outside_ms=3.0), CHAT, 32)
    assert 3.0 + 9.8 / 2 + 45.5 + 9.8 < found.ttft_ms < 3.0 + 1.5 * (45.5 * 1.2 + 9.8)
    assert found.e2e_ms == pytest.approx(found.ttft_ms + 199 * found.itl_ms)


def test_the_largest_batch_is_bound_by_the_cache_or_by_the_engine() -> None:
    assert largest_batch(LIMITS, CHAT) == 213
    assert largest_batch(LIMITS, Mix.constant(100, 10)) == 256
    assert largest_batch(LIMITS, Mix.constant(900_000, 10)) == 1


def test_an_objective_is_met_by_the_largest_batch_that_meets_it() -> None:
    found = most_carried(FITTED, CHAT, LIMITS, Objectives(itl_ms=30))
    assert found is not None
    assert found.itl_ms <= 30 < carried(FITTED, CHAT, found.batch + 1).itl_ms


def test_without_an_objective_the_replica_is_full() -> None:
    found = most_carried(FITTED, CHAT, LIMITS, Objectives())
    assert found is not None
    assert found.batch == 213


@pytest.mark.parametrize("objectives", [Objectives(ttft_ms=20), Objectives(itl_ms=5), Objectives(e2e_ms=100)])
def test_what_one_request_alone_exceeds_cannot_be_met(objectives: Objectives) -> None:
    assert most_carried(FITTED, CHAT, LIMITS, objectives) is None
