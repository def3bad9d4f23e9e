"""Requests whose times follow from known steps lead back to these."""

from dataclasses import replace

import numpy as np
import pytest

from analyzer.engine import StepTimes
from analyzer.throughput.live_steps import Alone, Expected, Written, fit_steps
from analyzer.throughput.readings import Readings

TRUE = StepTimes(0.0, 0.025, 4e-7, 7.0, 0.01, 4e-5, m0=2.5, overlap_ms=5.0)
THOUGHT = Expected(
    StepTimes(0.0, 0.03, 5e-7, 6.0, 0.0, 3e-5, overlap_ms=4.0),
    StepTimes(0.0, 0.01, 5e-7, 60.0, 0.01, 1e-5, m0=3.0, overlap_ms=2.0),
)
NOBODY = Alone(np.zeros(0), np.zeros(0), np.zeros(0))


def seen(requests: int = 2000, tokens: tuple[int, int] = (50, 1500)) -> Written:
    """Requests beside 1 to 60 others whose cache has nothing to do with their number, with prompts now and then."""
    random = np.random.default_rng(1)
    steps = 3 * requests
    new = random.integers(*tokens, steps).astype(float)
    zeros = np.zeros(0, np.int64)
    read = Readings(
        np.ones(steps), new, new**2, random.integers(1, 60, steps).astype(float), np.zeros(steps),
        zeros, zeros, None, 1.0,
    )  # fmt: skip
    since = random.integers(0, steps - 40, requests)
    gaps, batch = random.integers(5, 300, requests).astype(float), random.integers(1, 60, requests).astype(float)
    until = since + np.minimum(random.poisson(gaps / 10), 40)
    blank = Written(np.ones(requests), gaps, batch, random.uniform(0, 100_000, requests), since, until, read)
    return replace(blank, took=blank.said(TRUE))


def test_every_parameter_is_found_where_lengths_and_loads_vary() -> None:
    found = fit_steps(seen(), NOBODY, THOUGHT)
    assert not found.untold
    for name in found.names:
        assert getattr(found.times, name) == pytest.approx(getattr(TRUE, name), rel=0.05), name


def test_prompts_that_all_hide_leave_what_they_compute_to_what_was_thought() -> None:
    found = fit_steps(seen(tokens=(10, 60)), NOBODY, THOUGHT)
    assert {"a1", "overlap_ms"} <= set(found.untold)
    assert found.times.b0 == pytest.approx(TRUE.b0, rel=0.01)


def test_prompts_alone_tell_what_they_compute_whatever_hides_else() -> None:
    new = np.linspace(300, 3000, 100)
    by_themselves = Alone(new, new**2, 20 + TRUE.a1 * new + TRUE.a2 * new**2)
    found = fit_steps(seen(tokens=(10, 60)), by_themselves, THOUGHT)
    assert found.times.a1 == pytest.approx(TRUE.a1, rel=0.02)
    assert "a1" not in found.untold


def test_what_has_no_width_is_kept() -> None:
    kept = Expected(replace(THOUGHT.times, a1=0.025, a2=4e-7), replace(THOUGHT.widths, a1=0.0, a2=0.0))
    found = fit_steps(seen(), NOBODY, kept)
    assert (found.times.a1, found.times.a2) == (0.025, 4e-7)
    assert not {"a1", "a2"} & set(found.names)
    assert found.times.overlap_ms == pytest.approx(5.0, rel=0.02)


def test_a_request_that_came_in_one_piece_does_not_outweigh_all_others() -> None:
    some = seen()
    took = some.took.copy()
    took[::50] = 0.01
    found = fit_steps(replace(some, took=took), NOBODY, THOUGHT)
    assert found.times.b0 == pytest.approx(TRUE.b0, rel=0.15)


def test_some_of_the_requests_keep_all_of_the_steps() -> None:
    some = seen()
    half = some.of(some.batch <= 30)
    assert len(half.took) < len(some.took)
    assert half.said(TRUE) == pytest.approx(half.took)
