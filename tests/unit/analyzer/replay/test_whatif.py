"""What another profile would change."""

from dataclasses import replace

import numpy as np
import pytest

from analyzer.replay.outcome import Promise, scaled
from analyzer.replay.words import sentences
from tests.fakes.replays import LIMITS, TIMES, asked, recorded, setup

PROMISE = Promise(ttft_ms=300, itl_ms=20)


def test_half_the_replicas_are_half_the_gpu_hours_and_longer_waits() -> None:
    found = asked(recorded(days=3), setup(2), setup(1), PROMISE, "least_outstanding")
    assert found.against is not None
    assert found.confidence == "checked"
    assert found.against.outcome.gpu_hours == pytest.approx(found.current.outcome.gpu_hours / 2)
    assert found.changes["ttft_ms"]["p95"].value > 0
    assert found.days == 3


def test_the_same_profile_changes_nothing() -> None:
    found = asked(recorded(days=3), setup(2), setup(2), PROMISE, "least_outstanding")
    assert {change.value for each in found.changes.values() for change in each.values()} == {0.0}
    assert found.against is not None
    assert found.against.outcome == found.current.outcome


def test_a_profile_that_is_too_small_cannot_carry_the_traffic() -> None:
    found = asked(recorded(rps=60, replicas=8), setup(8), setup(1), PROMISE, "round_robin")
    assert found.against is not None
    assert found.current.outcome.meets
    assert found.against.outcome.queue_grows
    assert found.against.outcome.meets is False


def test_the_correction_of_today_holds_for_the_other_profile_as_well() -> None:
    known = recorded(times=scaled(TIMES, 1.6, 1.6))
    found = asked(known, setup(2), setup(2), PROMISE, "least_outstanding")
    assert found.confidence == "low"
    assert found.against is not None
    assert found.against.outcome.times == found.current.outcome.times


def test_the_warm_up_does_not_count() -> None:
    found = asked(recorded(), setup(2), None, PROMISE, "least_outstanding")
    assert found.requests * 0.9 <= found.counted < found.requests


@pytest.mark.parametrize(("number", "enough"), [(600, False), (6000, True)])
def test_records_of_less_than_ten_minutes_are_too_short(number: int, enough: bool) -> None:
    assert asked(recorded(number), setup(2), None, PROMISE, "least_outstanding").long_enough is enough


def test_limits_that_refuse_requests_are_counted() -> None:
    short = replace(LIMITS, max_model_len=900)
    found = asked(recorded(), setup(2), setup(2, limits=short), PROMISE, "least_outstanding")
    assert found.against is not None
    assert found.current.outcome.rejected.value == 0
    assert 0.1 < found.against.outcome.rejected.value < 0.9
    assert found.against.outcome.truncated.value > 0


def test_more_at_once_than_was_measured_is_called_extrapolated() -> None:
    today = setup(2)
    known = replace(today, throughput=replace(today.throughput, largest_batch=1.0))
    found = asked(recorded(), known, None, PROMISE, "least_outstanding")
    assert ["extrapolated" in caution for caution in found.current.cautions] == [True]


def test_other_step_times_are_called_model_only() -> None:
    found = asked(recorded(), setup(2), setup(2, scaled(TIMES, 0.5, 0.5)), PROMISE, "least_outstanding")
    assert found.against is not None
    assert found.against.cautions[-1].startswith("Model only")


def test_without_latency_it_is_not_checked() -> None:
    known = recorded()
    nothing = np.full(len(known.requests), np.nan)
    known = replace(known, ttft_ms=nothing, itl_ms=nothing, e2e_ms=nothing)
    assert asked(known, setup(2), None, PROMISE, "least_outstanding").confidence == "unchecked"


def test_a_single_request_and_one_that_is_refused_have_an_answer() -> None:
    tiny = replace(LIMITS, max_model_len=2)
    for number in (1, 3):
        found = asked(recorded(number), setup(2), setup(1, limits=tiny), PROMISE, "round_robin")
        assert found.against is not None
        assert (found.current.outcome.meets, found.against.outcome.meets) == (True, False)
        assert found.against.outcome.rejected.value == 1
        assert found.against.outcome.times == {"ttft_ms": {}, "itl_ms": {}, "e2e_ms": {}}
        assert all(sentences(found))
