from analyzer.advise import season_words as words
from analyzer.advise.capacity import Profile
from analyzer.advise.season_words import Found
from tests.unit.analyzer.advise.planned_weeks import week

FOUND = Found(saving=0.3551, error=0.029, static=3, held=2, tried=4)


def test_a_share_has_one_decimal_where_there_is_one() -> None:
    assert [words.percent(share) for share in (0.3551, 0.05, 1, 0)] == ["35.5 %", "5 %", "100 %", "0 %"]


def test_a_week_is_named_by_its_days_and_by_what_of_it_is_missing() -> None:
    assert words.named(week(0)) == "2025-03-03 to 2025-03-09"
    assert words.named(week(1, unseen=1)) == "2025-03-10 to 2025-03-16, of which 1 hour was not seen"


def test_weeks_that_are_not_whole_are_named_where_no_other_is_there() -> None:
    assert "there is no whole week: 2025-03-03 to 2025-03-09, of which 9 hours" in words.too_little(
        [week(0, unseen=9)], 4
    )
    assert words.too_little([week(0, unseen=9), week(1)], 4).endswith("there is one: 2025-03-10 to 2025-03-16.")
    assert words.too_little([], 4).endswith("there is no whole week.")


def test_a_yes_says_what_to_run_when_and_how_sure_that_is() -> None:
    said = words.pays(FOUND, [("weekday mornings", 3), ("nights", 1)])
    assert said.startswith(
        "Run 3 replicas (weekday mornings), 1 (nights): that takes 35.5 % fewer GPU-hours than 3 replicas"
    )
    assert "(± 5.8 %, two standard errors" in said
    assert said.endswith("in 2 of the last 4 whole weeks.")


def test_a_saving_that_no_resample_changes_is_told_without_an_interval() -> None:
    told = Found(saving=0.361, error=1e-17, static=3, held=4, tried=4)
    said = words.pays(told, [("days", 3), ("nights", 1)]), words.profiles_pay(0.361, 0.361, 0.0, [], (4, 4))
    for one in said:
        assert "(the same in every resample of days, in none of which the whole replicas change)" in one
        assert "±" not in one


def test_each_no_has_its_reason() -> None:
    assert "no window of four hours or more needs fewer than 3 replicas" in words.nothing_saved(FOUND)
    assert "less than 5 % is not worth the changes" in words.saves_little(FOUND, 0.05)
    assert "less than two standard errors (5.8 %)" in words.saves_unsurely(FOUND)
    assert words.does_not_hold(FOUND, 3).endswith("in 2 of the last 4 whole weeks, and 3 are needed.")
    assert "but learnt from the other weeks, it saved" in words.does_not_hold(FOUND, 3)
    assert "the same 1 replica: leave peak_rps out" in words.stated_peak(1.5, 1)


def test_knobs_are_those_that_a_season_may_differ_in() -> None:
    profile = Profile("m", "g", 2, None, 0, tp=2, max_num_batched_tokens=2048, max_num_seqs=64)
    assert words.knobs(profile) == "tp 2, 2,048 tokens a step, 64 requests at once"
    assert words.knobs(Profile("m", "g", 2, None, 0)) == "the same settings"


def test_profiles_that_pay_are_told_with_their_share_of_the_saving() -> None:
    said = words.profiles_pay(0.3, 0.12, 0.01, [("nights", 4, "tp 2"), ("days", 8, "tp 1")], (3, 4))
    assert said.startswith("Run 4 replicas with tp 2 (nights); 8 replicas with tp 1 (days): that takes 30 % fewer")
    assert "12 % come from the profiles (± 2 %" in said


def test_profiles_that_add_little_are_told_to_be_not_worth_a_restart() -> None:
    assert "would add 3 % to what replicas save" in words.profiles_add_little(0.03)
    assert "would add 0 %" in words.profiles_add_little(-0.01)
