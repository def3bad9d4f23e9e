"""What ran beside a request is what counting moment by moment gives."""

from dataclasses import replace

import numpy as np
import pytest

from analyzer.throughput.timings import Timings, new_tokens, replicas_behind, spans, surroundings


def timings(rows: list[tuple[int, int, int, int, int]], engine: list[int] | None = None) -> Timings:
    """Requests of (arrival, ISL, OSL, TTFT, E2E)."""
    arrival, isl, osl, ttft, e2e = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    yes = np.ones(len(rows), np.bool_)
    place = np.array(engine or [0] * len(rows), np.int64)
    return Timings(arrival, isl, np.zeros_like(isl), osl, ttft, e2e, yes, yes, place, len(rows))


def test_two_requests_that_overlap_for_half_their_time() -> None:
    found = surroundings(timings([(0, 100, 20, 10, 110), (50, 300, 40, 10, 110)]))
    assert found.batch.tolist() == [1.5, 1.5]
    assert found.kv_tokens.tolist() == [110 + 160, 320 + 55]
    assert found.prompts.tolist() == [1, 0]
    assert found.prompt_tokens.tolist() == [300, 0]
    assert found.spans.tolist() == [300**2, 0]
    assert found.ahead.tolist() == [0, 1]
    assert (found.writing.tolist(), found.cached_then.tolist()) == ([0, 1], [0, 110])


def test_requests_of_another_engine_are_not_beside() -> None:
    found = surroundings(timings([(0, 100, 20, 10, 110), (50, 300, 40, 10, 110)], engine=[0, 1]))
    assert found.batch.tolist() == [1, 1]
    assert found.ahead.tolist() == [0, 0]


def test_an_answer_without_a_first_token_writes_from_its_arrival() -> None:
    found = surroundings(timings([(0, 100, 20, -1, 100), (0, 100, 20, 50, 100)]))
    assert found.batch.tolist() == [1.5, 2]


def test_a_request_whose_end_is_not_known_is_left_out() -> None:
    found = surroundings(timings([(0, 100, 20, 10, 110), (5, 100, 20, 10, -1)]))
    assert found.batch.tolist() == [1, 0]


def test_many_requests_are_counted_as_plain_python_counts_them() -> None:
    random = np.random.default_rng(3)
    rows = [tuple(int(v) for v in row) for row in random.integers(1, 400, (60, 5))]
    rows = [(at, isl, osl, ttft, ttft + more) for at, isl, osl, ttft, more in rows]
    found = surroundings(timings(rows))
    for place, (at, _, _, ttft, e2e) in enumerate(rows):
        moments = range(at + ttft, at + e2e)
        writing = [[r for r in rows if r[0] + r[3] <= moment < r[0] + r[4]] for moment in moments]
        assert found.batch[place] == pytest.approx(np.mean([len(each) for each in writing]))
        assert found.kv_tokens[place] == pytest.approx(np.mean([sum(r[1] + r[2] / 2 for r in w) for w in writing]))


def test_cached_input_is_not_read_again_but_looked_at() -> None:
    one = replace(timings([(0, 1000, 20, 10, 110)]), cached=np.array([600]))
    assert new_tokens(one).tolist() == [400]
    assert spans(one).tolist() == [400 * (400 + 1200)]


def test_at_least_one_token_is_read() -> None:
    assert new_tokens(replace(timings([(0, 8, 2, 1, 3)]), cached=np.array([8]))).tolist() == [1]


def test_an_engine_without_times_has_no_part_in_the_replicas() -> None:
    rows = [(0, 100, 20, 10, 110), (50, 300, 40, 10, 110), (60, 300, 40, -1, -1)]
    assert replicas_behind(timings(rows, engine=[0, 0, 1]), 4) == 4
    assert replicas_behind(timings(rows, engine=[0, 1, 2]), 4) == 2
