"""Prompts that were read in one step have their first tokens together."""

from dataclasses import replace

import numpy as np
import pytest

from analyzer.engine import StepTimes
from analyzer.throughput.readings import readings, without_reading
from analyzer.throughput.timings import Timings

# a step writes for 10 ms; a token that is read costs 0.02 ms beyond the 2 ms that hide, and 1 ms besides
TIMES = StepTimes(4.0, 0.02, 0.0, 10.0, 0.0, 0.0, m0=1.0, overlap_ms=2.0)


def five(late_us: int = 0) -> Timings:
    """One alone, two whose prompts are read in one step beside it, one in the next, and one on another engine."""
    ttft = np.array([10_000, 12_000, 11_000 + late_us, 20_000, 15_000], np.int64)
    arrival = np.array([0, 30_000, 31_000, 42_000, 30_000], np.int64)
    ones = np.ones(5, np.bool_)
    return Timings(
        arrival_us=arrival, isl=np.array([100, 200, 300, 400, 500]), cached=np.array([0, 50, 0, 0, 0]),
        osl=np.array([20, 11, 11, 11, 11]), ttft_us=ttft, e2e_us=ttft + 100_000,
        completed=ones, counted=ones, engine=np.array([0, 0, 0, 0, 1]), requests=5,
    )  # fmt: skip


def test_first_tokens_that_come_together_are_of_one_step() -> None:
    found = readings(five(), np.ones(5, np.bool_))
    assert found.own.tolist() == [0, 1, 1, 2, 3]
    assert found.tokens.tolist() == [100, 150 + 300, 400, 500]
    assert found.spans.tolist() == [100**2, 150 * (150 + 2 * 50) + 300**2, 400**2, 500**2]
    assert found.prompts.tolist() == [1, 2, 1, 1]


def test_a_token_that_is_stamped_a_little_later_is_of_the_same_step_still() -> None:
    assert readings(five(late_us=2000), np.ones(5, np.bool_)).own.tolist() == [0, 1, 1, 2, 3]


def test_what_wrote_beside_a_prompt_is_counted_and_other_engines_are_not() -> None:
    found = readings(five(), np.ones(5, np.bool_))
    assert found.writing.tolist() == [0, 1, 3, 0]
    assert found.kv_tokens.tolist() == [0, 110, 110 + 205.5 + 305.5, 0]


def test_the_steps_that_were_in_the_way_of_a_request_are_those_until_its_end() -> None:
    found = readings(five(), np.ones(5, np.bool_))
    assert (found.until - found.own - 1).tolist() == [2, 1, 1, 0, 0]


def test_a_step_takes_longer_by_what_does_not_hide_behind_the_weights() -> None:
    found = readings(five(), np.ones(5, np.bool_))
    # a token that is written takes 0.02 ms of the 2 ms as well
    assert found.more_ms(TIMES).tolist() == pytest.approx(
        [1 + 0.02 * 100 - 2, 1 + 0.02 * 450 - 1.98, 1 + 0.02 * 400 - 1.94, 1 + 0.02 * 500 - 2]
    )


def test_a_prompt_beyond_the_tokens_of_a_step_hides_in_each_of_its_steps() -> None:
    found = readings(five(), np.ones(5, np.bool_), budget=200)
    assert found.steps.tolist() == [1, 3, 3, 3]
    assert found.more_ms(TIMES)[3] == pytest.approx(3 + 0.02 * 500 - 3 * 2)


def test_of_replicas_behind_one_address_each_did_its_share() -> None:
    ones = np.ones(5, np.bool_)
    alone, shared = readings(five(), ones), readings(five(), ones, replicas=2.0)
    assert shared.more_ms(replace(TIMES, overlap_ms=0.0)).tolist() == pytest.approx(
        (alone.more_ms(replace(TIMES, overlap_ms=0.0)) / 2).tolist()
    )


def test_one_without_a_first_token_read_its_prompt_when_it_came() -> None:
    silent = replace(five(), ttft_us=np.array([10_000, 12_000, 11_000, -1, 15_000]))
    found = readings(silent, np.array([True, True, True, False, True]))
    assert found.own.tolist() == [0, 1, 1, 1, 2]


def test_without_reading_a_request_takes_as_long_as_its_steps_that_only_write() -> None:
    some = five()
    found = readings(some, np.ones(5, np.bool_))
    steady = without_reading(some, found, TIMES)
    less = found.more_ms(TIMES)
    assert steady.e2e_us.tolist() == pytest.approx(
        [100_000 - 1000 * (less[1] + less[2]), 100_000 - 1000 * less[2], 100_000 - 1000 * less[2], 100_000, 100_000],
        abs=1,
    )
