from dataclasses import replace

import numpy as np
import pytest

from analyzer.advise.bounds import LengthTarget
from analyzer.advise.capacity import StatedCapacity
from analyzer.advise.seasons import Asked, Seasons, advise
from tests.unit.analyzer.advise.planned_weeks import made
from tests.unit.analyzer.advise.test_profile_plan import DAY, other, stated

WEEKS = made([np.where(DAY, 40.0, 12.0).tolist()] * 4)


def said(one: StatedCapacity) -> Seasons:
    found, _ = advise(WEEKS, Asked("m", 4096, one, LengthTarget(0.05)))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def pays() -> Seasons:
    """By day one GPU carries 10 and two carry 16, by night one carries 2 and two carry 6."""
    return said(stated(5, 1, others=(other(8, 3),)))


def test_profiles_that_carry_much_more_at_some_hours_pay_beyond_replicas(pays: Seasons) -> None:
    assert pays.verdict == "profiles"
    assert {season.profile.tp for season in pays.plan} == {None, 2}
    assert sorted(hour for season in pays.plan for hour in season.hours_of_week) == list(range(168))
    assert pays.saving_share is not None
    assert pays.saving_from_replicas is not None
    assert pays.saving_from_profiles is not None
    assert pays.saving_share == pytest.approx(pays.saving_from_replicas + pays.saving_from_profiles)
    assert pays.saving_from_profiles >= 0.05


def test_the_reason_tells_both_savings_and_the_weeks(pays: Seasons) -> None:
    assert "come from the profiles (the same in every resample" in pays.reason
    assert "it held in 4 of the last 4 whole weeks" in pays.reason
    assert "try the profiles before you plan by them" in pays.reason


def test_the_weeks_that_were_left_out_ran_the_plan_with_profiles(pays: Seasons) -> None:
    assert pays.out_of_sample is not None
    assert pays.out_of_sample.attained_share > 0.98
    assert pays.saving_share is not None
    assert pays.out_of_sample.saving_share == pytest.approx(pays.saving_share, abs=0.08)


def test_knobs_that_gain_a_few_per_cent_are_noise_and_replicas_are_advised() -> None:
    found = said(stated(5, 1, others=(other(5.1, 1.03, gpus=1),)))
    assert found.verdict == "replicas"
    assert found.saving_from_profiles is not None
    assert found.saving_from_profiles < 0.05
    assert "Other engine settings at some hours would add" in found.reason


def test_without_other_profiles_nothing_is_said_of_them() -> None:
    found = said(replace(stated(5, 1), others=()))
    assert (found.verdict, found.saving_from_profiles) == ("replicas", None)
