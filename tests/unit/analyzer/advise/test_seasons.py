import pytest

from analyzer.advise.bounds import LengthTarget
from analyzer.advise.capacity import StatedCapacity
from analyzer.advise.held_out import LimitTrial
from analyzer.advise.season_words import Found
from analyzer.advise.seasons import Asked, Seasons, _no, advise, over_share
from analyzer.demand import Weeks
from tests.unit.analyzer.advise.planned_weeks import flat, made, office

ONE = StatedCapacity(rps_per_replica=1, gpu="H100", gpus_per_replica=2)


def asked(stated: StatedCapacity | None = ONE) -> Asked:
    return Asked("m", 4096, stated, LengthTarget(0.05))


def said(weeks: Weeks, stated: StatedCapacity | None = ONE) -> Seasons:
    found, _ = advise(weeks, asked(stated))
    assert found is not None
    return found


def test_a_rhythm_that_comes_back_every_week_pays_in_replicas() -> None:
    found = said(made([office()] * 4))
    assert found.verdict == "replicas"
    assert [(season.name, season.replicas, season.gpus) for season in found.plan] == [
        ("weekday mornings and afternoons", 8, 16),
        ("weekday nights and evenings, weekends", 1, 2),
    ]
    assert sorted(hour for season in found.plan for hour in season.hours_of_week) == list(range(168))
    assert found.plan[0].profile.max_model_len == 4096
    assert found.saving_share == found.saving_from_replicas == pytest.approx(0.63, abs=0.02)
    assert (found.saving_from_profiles, found.static_replicas) == (None, 8)
    assert found.saving_interval is not None
    assert found.saving_interval[0] <= found.saving_share <= found.saving_interval[1]
    assert "8 replicas (weekday mornings and afternoons), 1 (weekday nights" in found.reason
    assert "in 4 of the last 4 whole weeks" in found.reason


def test_weeks_that_were_left_out_tell_what_the_advice_is_worth() -> None:
    found = said(made([office()] * 4, lengths=[100, 100, 100, 900])).out_of_sample
    assert found is not None
    assert found.weeks == 4
    assert found.attained_share == pytest.approx(0.98, abs=0.02)
    assert found.over_limit_share == 0.25  # the last week has lengths that no other had
    assert found.saving_share > 0.5


def test_traffic_without_a_rhythm_keeps_one_number_of_replicas() -> None:
    found = said(made([flat()] * 4))
    assert (found.verdict, found.plan, found.saving_share) == ("none", (), 0)
    assert found.reason.startswith("One number of replicas serves the whole week at the least cost")


def test_a_rhythm_that_saves_little_is_not_worth_the_changes() -> None:
    weeks = made([[8.0 if hour % 168 < 150 else 7.2 for hour in range(168)]] * 4)
    found = said(weeks)
    assert found.verdict == "none"
    assert found.saving_share is not None
    assert 0 < found.saving_share < 0.05
    assert "less than 5 % is not worth the changes" in found.reason


def test_the_first_gate_that_is_not_passed_is_the_reason() -> None:
    reasons = [
        _no(Found(saving, error, 9, held, 4))
        for saving, error, held in ((0.0, 0.0, 0), (0.04, 0.01, 0), (0.2, 0.11, 0), (0.2, 0.01, 2))
    ]
    for reason, part in zip(
        reasons, ("One number", "less than 5 %", "less than two standard errors", "in 2 of the last 4"), strict=True
    ):
        assert part in reason


def test_a_plan_that_other_weeks_do_not_bear_out_is_not_recommended() -> None:
    by_day, by_night = office(6.0, 0.5), [0.5 if 8 <= hour % 24 < 20 else 6.0 for hour in range(168)]
    found = said(made([by_day, by_day, by_night, by_night]))
    assert (found.verdict, found.plan) == ("none", ())
    assert found.saving_share is not None
    assert found.saving_share > 0.1
    assert "in 0 of the last 4 whole weeks, and 3 are needed" in found.reason


def test_fewer_than_four_whole_weeks_are_named() -> None:
    found = said(made([office()] * 4, unseen=3))
    assert found.verdict == "too_little_traffic"
    assert "there are 3: 2025-03-10 to 2025-03-16; 2025-03-17 to 2025-03-23; 2025-03-24 to 2025-03-30" in found.reason
    assert found.saving_share is None


def test_too_few_weeks_are_told_also_where_nobody_states_a_throughput() -> None:
    found = said(made([office()]), None)
    assert found.verdict == "too_little_traffic"
    assert found.reason.endswith("there is one: 2025-03-03 to 2025-03-09.")


def test_without_a_stated_throughput_there_is_nothing_to_count_in() -> None:
    found, (evidence,) = advise(made([office()] * 4), asked(None))
    assert found is None
    assert "state it as rps_per_replica under [capacity]" in evidence.sentence


def test_one_stated_peak_makes_all_hours_alike() -> None:
    found = said(made([office()] * 4), StatedCapacity(rps_per_replica=1, peak_rps=9))
    assert (found.verdict, found.static_replicas) == ("none", 9)
    assert "leave peak_rps out" in found.reason


def test_the_same_weeks_give_the_same_words() -> None:
    weeks = made([office()] * 4)
    assert advise(weeks, asked()) == advise(weeks, asked())


def test_evidence_has_the_interval_and_the_days() -> None:
    found, (first, second) = advise(made([office()] * 4), asked())
    assert found is not None
    assert (first.figure, second.figure) == ("seasons", "seasons.out_of_sample")
    assert (first.interval, first.days) == (found.saving_interval, 28)


def test_weeks_without_a_limit_are_no_part_of_the_share_over_it() -> None:
    assert over_share([None, LimitTrial(64, 1, 10), None, LimitTrial(64, 0, 10)]) == 0.05
    assert over_share([None]) is None
