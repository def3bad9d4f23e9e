"""TTFT of an engine with known step times, and what of it is outside."""

from dataclasses import replace

import numpy as np
import pytest

from analyzer.engine import StepTimes
from analyzer.throughput.live_first import alone, with_constants
from analyzer.throughput.readings import readings
from analyzer.throughput.timings import Timings, surroundings
from tests.fakes.replayed import LIMITS, recorded
from tests.fakes.served import poisson, served

TRUE = StepTimes(4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5, outside_ms=30.0)


def constants(some: Timings, *, ahead: bool = False) -> StepTimes:
    yes, times = np.ones(len(some), np.bool_), replace(TRUE, a0=0.0, outside_ms=0.0)
    return with_constants(times, some, surroundings(some), readings(some, yes), yes, ahead=ahead)


def test_what_is_outside_and_what_a_prompt_alone_takes_are_told_apart() -> None:
    found = constants(served(poisson(2, 1500), TRUE))
    assert found.outside_ms == pytest.approx(30, abs=1)
    assert found.a0 == pytest.approx(4.44, abs=1)
    assert found.a0 + found.outside_ms == pytest.approx(34.44, abs=0.1)


def test_a_step_that_was_decided_on_before_is_not_outside_the_engine() -> None:
    limits = replace(LIMITS, async_scheduling=True)
    some = recorded(poisson(11, 1500), TRUE, limits=limits)
    assert constants(some, ahead=True).outside_ms == pytest.approx(30, abs=3)
    assert constants(some).outside_ms > 40


def test_where_nobody_was_alone_a_prompt_takes_a_step_beside_nobody() -> None:
    found = constants(served(poisson(11, 1500), TRUE))
    assert found.outside_ms == pytest.approx(30, abs=1.5)
    assert found.a0 == pytest.approx(TRUE.b0)


def test_where_all_were_alone_the_engine_has_no_more_of_the_constant_than_a_step() -> None:
    apart = [(30_000.0 * i, isl, osl) for i, (_, isl, osl) in enumerate(poisson(1, 300))]
    found = constants(served(apart, TRUE))
    assert (found.a0, found.outside_ms) == (pytest.approx(6.63, abs=0.1), pytest.approx(34.44 - 6.63, abs=0.1))


def test_few_that_were_alone_tell_nothing() -> None:
    some = served(poisson(1, 300), TRUE)
    yes = np.arange(300) < 30
    beside, read = surroundings(some), readings(some, yes)
    assert len(alone(some, beside, read, np.ones(300, np.bool_)).ttft) > 50
    assert len(alone(some, beside, read, yes).ttft) == 0
