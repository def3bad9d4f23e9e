import dataclasses
import json

import pytest

from analyzer.advise.bounds import LengthTarget
from analyzer.advise.capacity import StatedCapacity
from analyzer.analysis import Questions
from analyzer.backtest import ModelBacktest, as_json, backtest
from analyzer.demand import Weeks
from tests.unit.analyzer.advise.planned_weeks import flat, made, office
from tests.unit.analyzer.advise.sizing.questions import question
from tests.unit.analyzer.report import analyses

TARGET = LengthTarget(0.05)


def tried(weeks: Weeks | None, stated: StatedCapacity | None = None) -> ModelBacktest:
    analysis = analyses.analysis({"m": dataclasses.replace(analyses.MODEL, weeks=weeks)})
    return backtest(analysis, {"m": Questions(TARGET, stated)}).models["m"]


def test_every_whole_week_but_the_first_is_run_under_the_advice_from_those_before_it() -> None:
    found = tried(made([office()] * 4))
    assert [(trial.learnt_from, trial.start.day, trial.end.day) for trial in found.trials] == [
        (1, 10, 17), (2, 17, 24), (3, 24, 31),
    ]  # fmt: skip
    assert [trial.requests for trial in found.trials] == [140] * 3


def test_a_week_with_longer_requests_is_over_the_limit_of_those_before_it_and_then_learnt_from() -> None:
    found = tried(made([flat(0.5)] * 4, lengths=[100, 100, 900, 900]))
    assert [trial.over_total_share for trial in found.trials] == [0, 1, 0]
    assert [trial.max_seq_len for trial in found.trials] == [128, 128, 960]
    assert found.over_limit_share == pytest.approx(1 / 3)


def test_demand_that_doubles_does_not_fit_into_the_peak_of_the_weeks_before() -> None:
    same, doubled = (tried(made([flat(2.0), flat(rate)])).trials[0] for rate in (2.0, 4.0))
    assert same.peak_rps == doubled.peak_rps == 5
    assert same.attained_share > 0.98
    assert doubled.attained_share < 0.9
    assert (same.replicas, same.plan) == (None, None)


def test_with_a_stated_throughput_replicas_and_their_plan_are_tried() -> None:
    found = tried(made([office()] * 2), StatedCapacity(rps_per_replica=3))
    (trial,) = found.trials
    assert trial.replicas == 3
    assert trial.attained_share > 0.99
    assert trial.plan is not None
    assert (trial.plan.least_replicas, trial.plan.most_replicas, trial.plan.holds) == (1, 3, True)
    assert found.saving_share == trial.plan.saving_share == pytest.approx(0.48, abs=0.02)


def test_a_stated_peak_is_what_is_tried_and_leaves_no_plan() -> None:
    (trial,) = tried(made([office()] * 2), StatedCapacity(rps_per_replica=1, peak_rps=4)).trials
    assert (trial.peak_rps, trial.replicas, trial.plan) == (4, 4, None)


def test_what_was_to_be_found_by_simulation_and_was_not_is_not_tried() -> None:
    analysis = analyses.analysis({"m": dataclasses.replace(analyses.MODEL, weeks=made([office()] * 2))})
    asked = Questions(TARGET, StatedCapacity(rps_per_replica=1.0), sizing=question())
    (trial,) = backtest(analysis, {"m": asked}).models["m"].trials
    assert (trial.replicas, trial.plan) == (None, None)


def test_one_whole_week_cannot_be_tried_and_is_named() -> None:
    found = tried(made([office()] * 2, unseen=5))
    assert found.trials == ()
    assert "2025-03-03 to 2025-03-09, of which 5 hours were not seen; 2025-03-10 to 2025-03-16" in found.reason
    assert (found.over_limit_share, found.attained_share, found.saving_share) == (None, None, None)
    assert tried(None).trials == ()


def test_weeks_with_too_few_requests_for_a_bound_have_no_limit_to_try() -> None:
    analysis = analyses.analysis({"m": dataclasses.replace(analyses.MODEL, weeks=made([office()] * 2))})
    (trial,) = backtest(analysis, {"m": Questions(LengthTarget(0.001), None)}).models["m"].trials
    assert (trial.max_seq_len, trial.over_total_share, trial.max_input_len) == (None, None, None)


def test_the_json_is_plain_and_says_which_weeks_were_tried() -> None:
    analysis = analyses.analysis({"m": dataclasses.replace(analyses.MODEL, weeks=made([office()] * 2))})
    found = backtest(analysis, {"m": Questions(TARGET, StatedCapacity(rps_per_replica=1))})
    said = json.loads(json.dumps(as_json(found), allow_nan=False))
    assert found.tried
    assert said["schema"] == "tokentide.backtest/1"
    assert tuple(said["models"]["m"]) == ("reason", "over_limit_share", "attained_share", "saving_share", "trials")
    assert said["models"]["m"]["trials"][0]["start"] == "2025-03-10T00:00:00+00:00"
