"""Whether a replay comes near to what was recorded."""

from dataclasses import replace

import numpy as np
import pytest

from analyzer.engine import StepTimes
from analyzer.replay import Pool, Recorded, replay
from analyzer.replay.checking import Checked, check
from analyzer.replay.outcome import Run, scaled
from tests.fakes.replays import LIMITS, TIMES, recorded


def checked(known: Recorded, times: StepTimes) -> Checked:
    def again(tried: StepTimes) -> Run:
        replayed = replay(known.requests, LIMITS, tried, Pool(2))
        return Run(known, replayed, np.ones(len(known.requests), np.bool_))

    return check(times, again)


def test_the_right_step_times_need_no_correction() -> None:
    found = checked(recorded(), TIMES)
    assert found.accepted
    assert (found.prefill, found.decode, found.times) == (1, 1, TIMES)
    assert max(abs(each.error) for quantiles in found.first.values() for each in quantiles.values()) < 1e-9


@pytest.mark.parametrize("factor", [0.6, 1.7])
def test_step_times_that_are_off_are_corrected_to_the_recorded_median(factor: float) -> None:
    found = checked(recorded(), scaled(TIMES, factor, factor))
    assert not found.accepted
    assert found.decode == pytest.approx(1 / factor, rel=0.1)
    assert all(abs(each["p50"].error) < 0.25 for each in found.corrected.values())


def test_no_correction_goes_beyond_twice_or_half() -> None:
    found = checked(recorded(), scaled(TIMES, 10, 10))
    assert (found.decode, found.prefill) == (0.5, 0.5)
    assert not found.accepted


def test_only_what_is_off_is_corrected() -> None:
    found = checked(recorded(), scaled(TIMES, 1, 1.6))
    assert found.decode == pytest.approx(1 / 1.6, rel=0.1)
    assert found.prefill == 1


def test_records_without_latency_cannot_be_compared() -> None:
    known = recorded()
    nothing = np.full(len(known.requests), np.nan)
    found = checked(replace(known, ttft_ms=nothing, itl_ms=nothing, e2e_ms=nothing), TIMES)
    assert (found.first, found.accepted, found.times) == ({}, False, TIMES)
