from dataclasses import replace

import numpy as np
import pytest

from analyzer.advise.capacity import Profile, StatedCapacity
from analyzer.advise.profile_plan import (
    added_again,
    carried,
    needs_of,
    options,
    profile_plan,
    standard_error,
)
from analyzer.advise.sized import OtherProfile
from tests.unit.analyzer.advise.planned_weeks import made

DAY = np.array([8 <= hour % 24 < 20 for hour in range(168)])


def each(day: float, night: float) -> tuple[float, ...]:
    """What one replica carries by day and by night."""
    return tuple(np.where(DAY, day, night).tolist())


def stated(day: float, night: float, *, others: tuple[OtherProfile, ...] = ()) -> StatedCapacity:
    return StatedCapacity(
        rps_per_replica=min(day, night),
        rps_by_hour=each(day, night),
        profile=Profile("m", "g", 1, None, 0),
        others=others,
    )


def other(day: float, night: float, gpus: int = 2) -> OtherProfile:
    return OtherProfile(Profile("m", "g", gpus, None, 0, tp=gpus), gpus, each(day, night))


# By day one GPU carries 10 and two carry 16, by night one carries 2 and two carry 6.
PAYS = stated(10, 2, others=(other(16, 6),))
PEAKS = np.where(DAY, 80.0, 24.0)


def test_each_profile_is_an_option_with_what_it_carries_by_the_hour() -> None:
    first, second = options(PAYS)
    assert (first.gpus_per_replica, first.others) == (1, ())
    assert (second.gpus_per_replica, second.rps_by_hour) == (2, each(16, 6))


def test_the_profile_of_each_hour_is_the_one_that_takes_fewer_gpus() -> None:
    plan = profile_plan(PEAKS, options(PAYS))
    assert [set(np.array(plan.options)[hours].tolist()) for hours in (DAY, ~DAY)] == [{0}, {1}]
    assert [set(np.array(plan.replicas)[hours].tolist()) for hours in (DAY, ~DAY)] == [{8}, {4}]
    assert plan.profiles == 2


def test_what_profiles_add_is_told_apart_from_what_replicas_save() -> None:
    plan = profile_plan(PEAKS, options(PAYS))
    # alone: two GPUs a replica at all hours take 10 GPUs by day and 8 by night, one GPU a replica 8 and 12
    assert plan.alone_option == 1
    assert plan.alone.static_gpu_hours == 10 * 168
    # eight GPUs at all hours, and 14 changes a week at which all of both run for ten minutes
    assert plan.gpu_hours == pytest.approx(8 * 168 + 14 * 16 / 6)
    assert plan.saving == pytest.approx(plan.alone.saving + plan.added)
    assert plan.added > 0.05


def test_a_change_of_profile_that_costs_more_than_it_saves_is_not_made() -> None:
    plan = profile_plan(PEAKS, options(replace(PAYS, switch_minutes=300)))
    assert (plan.profiles, plan.added) == (1, pytest.approx(0, abs=1e-9))


def test_a_profile_that_misses_the_objectives_at_some_hours_does_not_run_then() -> None:
    first, second = options(stated(10, 2, others=(other(0, 6),)))
    assert needs_of(PEAKS, second)[DAY].min() > 1_000_000
    plan = profile_plan(PEAKS, (first, second))
    assert set(np.array(plan.options)[DAY].tolist()) == {0}
    assert set(np.array(plan.options)[~DAY].tolist()) == {1}


def test_other_peaks_in_the_same_windows_are_counted_anew() -> None:
    choices = options(PAYS)
    plan = profile_plan(PEAKS, choices)
    assert added_again(plan, PEAKS, choices) == pytest.approx(plan.added, abs=1e-6)
    assert added_again(plan, np.where(DAY, 80.0, 80.0), choices) != pytest.approx(plan.added, abs=0.01)


def test_weeks_tell_how_sure_the_addition_is_and_what_of_them_fits() -> None:
    weeks = made([np.where(DAY, 8.0, 2.4).tolist()] * 4)
    choices = options(stated(1.5, 0.3, others=(other(2.4, 0.9),)))
    plan = profile_plan(np.where(DAY, 13.0, 5.0), choices)
    assert 0 <= standard_error(plan, weeks, choices, 20) < 0.05
    assert carried(plan, weeks.only([3]), choices).worst_seconds_share > 0.9
