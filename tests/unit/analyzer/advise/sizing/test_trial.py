from dataclasses import replace

import numpy as np
import pytest

from analyzer.advise.sized import Objectives
from analyzer.advise.sizing.trial import trial
from analyzer.replay import COMPLETED, REJECTED, Replayed, Requests

NUMBER = 1000
NONE = np.zeros(NUMBER, dtype=np.int64)


def requests(gap_ms: float) -> Requests:
    return Requests((np.arange(NUMBER) * gap_ms * 1000).astype(np.int64), NONE + 100, NONE + 10, NONE - 1, NONE)


def replayed(ttft: np.ndarray, e2e: np.ndarray, status: np.ndarray | None = None) -> Replayed:
    status = np.full(NUMBER, COMPLETED, dtype=np.int8) if status is None else status
    return Replayed(status, ttft, (e2e - ttft) / 9, e2e, NONE, np.zeros(1), NONE[:2], 0.0, 0.0, 0, 0, 0)


def level(value: float) -> np.ndarray:
    return np.full(NUMBER, float(value))


def test_percentiles_are_of_the_requests_after_the_warm_up() -> None:
    ttft = np.arange(NUMBER, dtype=float)
    seen = trial(requests(100), replayed(ttft, ttft + 90), 95)
    assert seen.requests == 850
    assert seen.ttft_ms == 150 + 807  # the 808th of 850
    assert seen.itl_ms == pytest.approx(10)


def test_the_warm_up_lasts_two_mean_lives_where_that_is_longer() -> None:
    assert trial(requests(1), replayed(level(50), level(200)), 95).requests == NUMBER - 400


def test_a_queue_that_grows_is_not_steady() -> None:
    waits = np.arange(NUMBER) * 0.5
    assert not trial(requests(1), replayed(waits + 10, waits + 20), 95).steady
    assert trial(requests(1), replayed(level(10), level(20)), 95).steady


def test_missed_objectives_are_named() -> None:
    seen = trial(requests(100), replayed(level(400), level(1300)), 95)
    assert seen.missed(Objectives(500, 50, 2000)) == ("itl",)
    assert seen.missed(Objectives(399, None, 1299)) == ("ttft", "e2e")
    assert seen.missed(Objectives()) == ()


def test_rejected_requests_have_no_latency_and_are_told() -> None:
    status = np.full(NUMBER, COMPLETED, dtype=np.int8)
    status[::4] = REJECTED
    times = level(10)
    times[::4] = np.nan
    seen = trial(requests(100), replayed(times, times + 9, status), 95)
    assert (seen.rejected_share, seen.ttft_ms) == (0.25, 10)


def test_more_refusals_than_may_miss_an_objective_miss_it() -> None:
    status = np.full(NUMBER, COMPLETED, dtype=np.int8)
    status[::25] = REJECTED
    times = np.where(status == REJECTED, np.nan, 10.0)
    done = replayed(times, times + 9, status)
    assert trial(requests(100), done, 95).missed(Objectives(ttft_ms=500)) == ()
    assert trial(requests(100), done, 99).missed(Objectives(ttft_ms=500)) == ("rejected",)
    assert trial(requests(100), done, 99).missed(Objectives()) == ()


def test_single_gaps_between_tokens_are_told_beside_the_means_of_requests() -> None:
    done = replayed(level(10), level(100))
    seen = replace(done, itl_edges_ms=np.array([10.0, 20.0, 400.0]), itl_tokens=np.array([0, 940, 60, 0]))
    assert trial(requests(100), seen, 95).token_itl_ms == 400
    assert trial(requests(100), seen, 90).token_itl_ms == 20
    assert np.isnan(trial(requests(100), done, 95).token_itl_ms)


def test_where_nothing_was_served_every_objective_is_missed() -> None:
    status = np.full(NUMBER, REJECTED, dtype=np.int8)
    nothing = level(np.nan)
    assert trial(requests(1), replayed(nothing, nothing, status), 95).missed(Objectives(500)) == ("ttft", "rejected")


def test_answers_of_one_token_have_no_time_between_tokens_and_miss_none() -> None:
    seen = Replayed(
        np.full(NUMBER, COMPLETED, dtype=np.int8), level(5), level(np.nan), level(5), NONE + 1, np.zeros(1), NONE[:2],
        0.0, 0.0, 0, 0, 0,
    )  # fmt: skip
    assert trial(requests(10), seen, 95).missed(Objectives(itl_ms=1)) == ()
