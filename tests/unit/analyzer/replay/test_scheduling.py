"""What a step holds, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from analyzer.replay import REJECTED, Pool, Replayed, Requests, replay
from tests.unit.analyzer.replay.cases import EASY, WIDE, at_once, requests

ONE = Pool(1)


def ttft(found: Replayed) -> list[float]:
    return found.ttft_ms.tolist()


def test_a_prompt_that_fits_is_read_in_one_step_and_written_token_by_token() -> None:
    found = replay(at_once((20, 4)), WIDE, EASY, ONE)
    assert (ttft(found), found.e2e_ms.tolist(), found.itl_ms.tolist()) == ([20], [50], [10])


def test_prompts_share_the_tokens_of_a_step_in_order_of_arrival() -> None:
    # 40 and 24 of the second in the first step, its other 16 and the third's 10 beside a token of the first
    found = replay(at_once((40, 9), (40, 9), (10, 9)), WIDE, EASY, ONE)
    assert ttft(found) == [64, 64 + 10 + 26, 64 + 10 + 26]


def test_what_writes_takes_its_token_of_a_step_before_any_prompt() -> None:
    limits = replace(WIDE, max_num_batched_tokens=10)
    # the second prompt is read with nine tokens a step, while the first writes
    found = replay(at_once((10, 9), (18, 1)), limits, EASY, ONE)
    assert ttft(found) == [10, 10 + 2 * (10 + 9)]


def test_without_chunks_a_prompt_waits_until_it_fits_as_a_whole() -> None:
    limits = replace(WIDE, chunked_prefill=False)
    found = replay(at_once((40, 2), (40, 2)), limits, EASY, ONE)
    assert ttft(found) == [40, 40 + 10 + 40]


def test_without_chunks_a_prompt_longer_than_a_step_is_read_alone() -> None:
    limits = replace(WIDE, chunked_prefill=False)
    found = replay(at_once((10, 3), (100, 2)), limits, EASY, ONE)
    assert ttft(found) == [10, 10 + 2 * 10 + 100]


def test_who_arrives_during_a_step_waits_for_the_next_one_too_where_it_was_decided_on_before() -> None:
    # the first is read by 20 ms and writes; the second arrives at 25 ms, in a step that ends at 30 ms
    traffic = requests([(0, 20, 9, -1, 0), (25_000, 5, 2, -1, 0)])
    at_once, ahead = (replay(traffic, replace(WIDE, async_scheduling=each), EASY, ONE) for each in (False, True))
    assert ttft(at_once) == [20, 5 + 10 + 5]
    assert ttft(ahead) == [20, 5 + 10 + 10 + 5]
    assert ahead.itl_ms[0] == at_once.itl_ms[0]


def test_who_finds_nobody_running_waits_for_nothing_however_steps_are_decided_on() -> None:
    traffic = requests([(0, 20, 2, -1, 0), (90_000, 5, 2, -1, 0), (0, 5, 2, -1, 0)])
    assert ttft(replay(traffic, replace(WIDE, async_scheduling=True), EASY, ONE)) == [20, 10, 10]


def test_no_more_run_at_once_than_the_engine_allows() -> None:
    found = replay(at_once((10, 3), (10, 3), (10, 3)), replace(WIDE, max_num_seqs=2), EASY, ONE)
    assert ttft(found) == [20, 20, 20 + 2 * 10 + 10]


def test_cached_tokens_cost_no_reading_but_hold_their_cache() -> None:
    traffic = requests([(0, 30, 2, -1, 20)])
    plain = replay(traffic, WIDE, EASY, ONE)
    cached = replay(traffic, replace(WIDE, prefix_caching=True), EASY, ONE)
    assert (ttft(plain), ttft(cached)) == ([30], [10])
    assert plain.peak_kv_tokens == cached.peak_kv_tokens == 31


def test_at_least_one_token_of_a_prompt_is_read() -> None:
    found = replay(requests([(0, 30, 2, -1, 30)]), replace(WIDE, prefix_caching=True), EASY, ONE)
    assert ttft(found) == [1]


def test_the_newest_goes_back_to_the_queue_where_the_cache_is_full_and_reads_again() -> None:
    # both hold 10 and write three tokens until 13 + 13 are used: the second goes back with its four tokens
    limits = replace(WIDE, kv_pool_tokens=26)
    found = replay(at_once((10, 9), (10, 6)), limits, EASY, ONE)
    assert found.preemptions == 1
    first_is_over = 20 + 8 * 10
    assert found.e2e_ms.tolist() == [first_is_over, first_is_over + (10 + 4) + 10]
    assert found.tokens.tolist() == [9, 6]


def test_reserved_cache_lets_in_only_what_can_be_written_to_its_end() -> None:
    limits = replace(WIDE, kv_pool_tokens=40, admission="reserved")
    traffic = requests([(0, 10, 5, 20, 0), (0, 10, 5, 20, 0)])
    found = replay(traffic, limits, EASY, ONE)
    assert (ttft(found), found.peak_kv_tokens) == ([10, 10 + 4 * 10 + 10], 30)


def test_reserved_cache_counts_on_the_longest_length_where_the_client_names_none() -> None:
    limits = replace(WIDE, kv_pool_tokens=1000, max_model_len=500, admission="reserved")
    found = replay(at_once((10, 5), (10, 5), (10, 5)), limits, EASY, ONE)
    assert (ttft(found), found.peak_kv_tokens) == ([20, 20, 20 + 4 * 10 + 10], 1000)


@pytest.mark.parametrize("admission", ["as_used", "reserved"])
def test_what_never_fits_is_refused(admission: str) -> None:
    limits = replace(WIDE, kv_pool_tokens=40, admission=admission)
    found = replay(at_once((38, 3), (38, 4)), limits, EASY, ONE)
    assert (found.status == REJECTED).tolist() == [False, True]
    assert np.isnan(found.ttft_ms[1])


def test_a_step_takes_the_time_of_all_its_parts() -> None:
    times = replace(EASY, a0=3, a1=1, a2=0.5, b0=10, b1=2, b2=0.25, m0=7, r0=5, outside_ms=100)
    late = Requests(np.array([0, 1]), *(np.array(v, np.int64) for v in ([4, 6], [3, 1], [-1, -1], [0, 0])))
    found = replay(late, WIDE, times, ONE)
    alone = 3 + 5 + 4 + 0.5 * 16
    both = 10 + 2 + 0.25 * 5 + 7 + 5 + 6 + 0.5 * 36
    after = 10 + 2 + 0.25 * 6
    assert ttft(found) == pytest.approx([alone + 100, alone + both + 100 - 0.001])
    assert found.e2e_ms[0] == pytest.approx(alone + both + after + 100)
    assert found.busy_ms == pytest.approx(alone + both + after)
