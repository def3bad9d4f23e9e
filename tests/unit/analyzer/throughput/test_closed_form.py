"""The closed form gives the figures of its formula, for Llama-3.1-8B on one H100."""

import numpy as np
import pytest

from analyzer.engine import EngineLimits, StepTimes
from analyzer.throughput.closed_form import Objectives, carried, largest_batch, mean_prefill_ms, most_carried
from analyzer.throughput.mix import Mix

FITTED = StepTimes(4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5)
LIMITS = EngineLimits(256, 8192, chunked_prefill=True, kv_pool_tokens=448_675, max_model_len=131_072)
CHAT = Mix.constant(2000, 200)


@pytest.mark.parametrize(
    ("batch", "step_ms", "rps", "itl_ms"),
    [(32, 9.80, 9.37, 17.1), (64, 12.85, 11.67, 27.4), (128, 18.78, 13.36, 47.9)],
)
def test_stated_steps_give_the_rate_and_the_time_between_tokens(
    batch: int, step_ms: float, rps: float, itl_ms: float
) -> None:
    found = carried(StepTimes(45.5, 0, 0, step_ms, 0, 0), CHAT, batch)
    assert found.rps == pytest.approx(rps, abs=0.005)
    assert found.itl_ms == pytest.approx(itl_ms, abs=0.05)


@pytest.mark.parametrize(("batch", "rps"), [(32, 9.52), (64, 11.86), (128, 13.52)])
def test_the_fitted_form_gives_the_rate(batch: int, rps: float) -> None:
    assert carried(FITTED, CHAT, batch).rps == pytest.approx(rps, abs=0.01)


def test_prompts_of_different_lengths_take_longer_than_their_mean() -> None:
    spread = Mix.of(np.array([0, 16_000]), np.array([200, 200]))
    same = Mix.constant(8000, 200)
    assert mean_prefill_ms(FITTED, spread) > mean_prefill_ms(FITTED, same) == pytest.approx(FITTED.prefill_ms(8000))


def test_a_prefix_cache_takes_work_off_the_prompts() -> None:
    half = Mix.constant(2000, 200, cached_share=0.5)
    assert mean_prefill_ms(FITTED, half) == pytest.approx(FITTED.prefill_ms(2000, 1000))
    assert carried(FITTED, half, 64).rps > carried(FITTED, CHAT, 64).rps


def test_what_a_client_waits_for_is_made_of_prompt_steps_and_tokens() -> None:
    found = carried(StepTimes(45.5, 0, 0, 9.8, 0, 0, outside_ms=3.0), CHAT, 32)
    assert found.ttft_ms == pytest.approx(3.0 + 45.5 + 9.8)
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
