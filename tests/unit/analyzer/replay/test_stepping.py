"""What is counted at the end of a step."""

from dataclasses import replace

import numpy as np

from analyzer.replay import TRUNCATED, Pool, replay
from tests.unit.analyzer.replay.cases import EASY, WIDE, at_once

ONE = Pool(1)


def test_tokens_are_counted_by_the_time_since_the_one_before() -> None:
    found = replay(at_once((20, 4), (20, 3)), WIDE, EASY, ONE)
    place = np.searchsorted(found.itl_edges_ms, 10.0)
    assert found.itl_tokens[place] == found.itl_tokens.sum() == 5


def test_steps_that_grow_are_counted_each_in_its_own_place() -> None:
    times = replace(EASY, b2=0.5)
    found = replay(at_once((20, 101)), WIDE, times, ONE)
    steps = [10 + 0.5 * (20 + written) for written in range(1, 101)]
    counted = np.bincount(np.searchsorted(found.itl_edges_ms, steps), minlength=len(found.itl_tokens))
    assert found.itl_tokens.tolist() == counted.tolist()


def test_the_first_token_after_a_preemption_comes_late() -> None:
    found = replay(at_once((10, 9), (10, 6)), replace(WIDE, kv_pool_tokens=26), EASY, ONE)
    # written until 50, the first is over at 100, then 14 tokens are read
    late = np.searchsorted(found.itl_edges_ms, 64.0)
    assert found.itl_tokens[late] == 1
    assert found.itl_tokens.sum() == 8 + 5


def test_an_answer_is_cut_at_the_longest_length() -> None:
    found = replay(at_once((20, 40)), replace(WIDE, max_model_len=25), EASY, ONE)
    assert (found.status.tolist(), found.tokens.tolist(), found.e2e_ms.tolist()) == ([TRUNCATED], [5], [60])


def test_a_request_without_output_is_over_when_it_is_read() -> None:
    found = replay(at_once((20, 0)), WIDE, EASY, ONE)
    assert (found.e2e_ms.tolist(), found.tokens.tolist(), found.peak_kv_tokens) == ([20], [0], 20)
    assert np.isnan(found.itl_ms[0])


def test_nothing_at_all_is_no_time() -> None:
    found = replay(at_once(), WIDE, EASY, ONE)
    assert (len(found.status), found.steps, found.busy_ms, found.span_ms) == (0, 0, 0, 0)
