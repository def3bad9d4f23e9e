"""What is said of a fit's error is what it is."""

from dataclasses import replace

import numpy as np
import pytest

from analyzer.throughput.live_error import held_out, uncertain, varies, worst_group
from analyzer.throughput.live_steps import StepFit, fit_steps
from analyzer.throughput.mix import Mix
from tests.unit.analyzer.throughput.test_live_steps import NOBODY, THOUGHT, TRUE, seen

MIX = Mix.constant(500, 100)


def test_a_fit_that_is_right_is_off_by_nothing_and_one_that_is_slow_by_as_much() -> None:
    some = seen()
    found = fit_steps(some, NOBODY, THOUGHT)
    assert worst_group(some, found) < 0.01
    assert worst_group(replace(some, took=some.took / 1.2), found) == pytest.approx(0.2, abs=0.01)


def test_the_busier_half_is_foretold_from_the_quieter_one() -> None:
    some = seen()
    assert held_out(some, NOBODY, THOUGHT) == pytest.approx(0, abs=0.01)
    # beyond thirty at once all takes a third longer, which nobody can know from less
    assert held_out(
        replace(some, took=some.took * np.where(some.batch > 30, 1.33, 1)), NOBODY, THOUGHT
    ) == pytest.approx(0.25, abs=0.02)


def test_too_few_of_either_half_are_not_tried() -> None:
    some = seen()
    assert held_out(some.of(np.arange(len(some.took)) < 250), NOBODY, THOUGHT) is None
    assert held_out(replace(some, batch=np.full(len(some.took), 20.0)), NOBODY, THOUGHT) is None


def test_concurrency_varies_where_the_most_is_twice_the_least() -> None:
    some = seen()
    assert varies(some)
    assert not varies(replace(some, batch=np.linspace(10, 19, len(some.took))))


def test_what_the_records_leave_open_is_wider_where_prompts_hide() -> None:
    told, hidden = (fit_steps(seen(tokens=tokens), NOBODY, THOUGHT) for tokens in ((50, 1500), (10, 60)))
    assert uncertain(told, MIX, 60) < 0.02
    assert uncertain(hidden, MIX, 60) > 3 * uncertain(told, MIX, 60)


def test_a_step_that_is_known_to_a_tenth_carries_what_is_known_to_a_fifth() -> None:
    alone = StepFit(TRUE, ("b0",), np.array([[0.7**2]]), ())
    # two deviations of 10 % of b0, of which nearly all of a step consists with one request at a time
    assert uncertain(alone, Mix.constant(1, 1000), 1) == pytest.approx(0.2, abs=0.01)
