import dataclasses
import json

from analyzer.advise.capacity import Profile
from analyzer.advise.seasons import OutOfSample, Season, Seasons
from analyzer.backtest import ModelBacktest, PlanTried, Trial
from analyzer.evidence import Evidence
from analyzer.report.blocks import Figure, Paragraph, Table
from analyzer.report.season_sections import backtest, seasons
from tests.unit.analyzer.advise.planned_weeks import START
from tests.unit.analyzer.report import analyses
from tests.unit.analyzer.report.analyses import prose

DAY = tuple(hour for hour in range(120) if 9 <= hour % 24 < 18)
REST = tuple(hour for hour in range(168) if hour not in DAY)
PLAN = tuple(
    Season(name, hours, Profile("m", None, 2, 4096, replicas), replicas, 2 * replicas)
    for name, hours, replicas in (("weekday mornings and afternoons", DAY, 8), ("nights", REST, 1))
)
PAYS = Seasons("replicas", "Run 8, then 1.", PLAN, 0.63, 0.63, None, (0.6, 0.66), OutOfSample(4, 0.97, 0.0009, 0.61), 8)
NONE = dataclasses.replace(PAYS, verdict="none", reason="It saves little.", plan=(), saving_share=0.02)
TOO_LITTLE = Seasons("too_little_traffic", "There is one.", (), None, None, None, None, None, None)
TRIAL = Trial(START, START, 1, 140, 128, 0.0, 192, 0.0004, 8.0, 8, 0.99, PlanTried(8, 1, 0.96, 0.6, holds=True))


def test_the_verdict_comes_first_then_the_map_then_the_hours() -> None:
    said, figure, table, *_ = found = seasons(analyses.model(seasons=PAYS), "m1-")
    assert prose((said,)) == "Yes: other numbers of replicas pay. Run 8, then 1."
    assert isinstance(figure, Figure)
    assert figure.name == "m1-season-map"
    assert "8 replicas: Mon–Fri 09:00–18:00" in figure.alt
    assert "A: 8 replicas" in json.dumps(json.loads(figure.spec))
    assert isinstance(table, Table)
    assert [len(row) for row in table.rows] == [5, 5]
    assert "B: nights" in prose(found)
    assert "63 % of the GPU-hours of 8 replicas at all hours (from 60 % to 66 %" in prose(found)
    assert "97 % of the requests fitted" in prose(found)


def test_a_saving_that_no_resample_changes_has_no_interval_of_one_value() -> None:
    text = prose(seasons(analyses.model(seasons=dataclasses.replace(PAYS, saving_interval=(0.63, 0.63))), ""))
    assert "at all hours (the same in every resample of days" in text
    assert "from 63 % to 63 %" not in text


def test_a_no_says_so_and_draws_no_map() -> None:
    found = seasons(analyses.model(seasons=NONE), "")
    assert prose(found).startswith("No: run the same at all hours. It saves little.")
    assert all(isinstance(block, Paragraph) for block in found)
    assert "The best plan would save 2 % " in prose(found)


def test_too_little_traffic_is_one_paragraph() -> None:
    assert prose(seasons(analyses.model(seasons=TOO_LITTLE), "")) == "Too little traffic to tell. There is one."


def test_seasons_that_were_not_computed_say_what_is_missing() -> None:
    told = Evidence("seasons", 10, 28, None, "Not computed: state it.")
    assert prose(seasons(analyses.model(evidence=(told,)), "")) == "Not computed: state it."


def test_a_backtest_sums_up_and_has_a_row_for_each_week() -> None:
    text = prose(backtest(ModelBacktest("The last week is run.", 0.0004, 0.99, 0.6, (TRIAL,))))
    assert text.startswith("The last week is run. 0.04 % of the requests were longer than the max_seq_len")
    assert "99 % came within the peak" in text
    assert "would have saved 60 % of the GPU-hours" in text
    assert "2025-03-03 | 1 | 140 | 192 | 0.04 % | 8 | 8 | 99 % | 1 to 8 | 96 % | 60 %" in text


def test_what_could_not_be_tried_is_not_known() -> None:
    bare = dataclasses.replace(TRIAL, max_seq_len=None, over_total_share=None, replicas=None, plan=None)
    text = prose(backtest(ModelBacktest("Tried.", None, 0.99, None, (bare,))))
    assert "140 | not known | not known | 8 | not known | 99 % | – | – | –" in text
    assert "would have saved" not in text


def test_a_report_without_two_whole_weeks_says_why_nothing_was_tried() -> None:
    assert prose(backtest(ModelBacktest("There are fewer.", None, None, None, ()))) == "Not tried. There are fewer."
    assert backtest(None) == ()


def test_other_settings_are_shown_by_season_and_their_saving_is_told_apart() -> None:
    plan = tuple(
        dataclasses.replace(season, profile=dataclasses.replace(season.profile, tp=tp))
        for season, tp in zip(PLAN, (1, 2), strict=True)
    )
    both = dataclasses.replace(PAYS, verdict="profiles", plan=plan, saving_from_replicas=0.5, saving_from_profiles=0.13)
    said = prose(seasons(analyses.model(seasons=both), ""))
    assert said.startswith("Yes: other settings at some hours pay.")
    assert "50 % come from replicas alone, 13 % are added by other engine settings" in said
    assert "8 | 16 | tp 1" in said
    assert "1 | 2 | tp 2" in said


def test_what_other_settings_would_add_is_told_where_it_was_looked_at() -> None:
    looked = dataclasses.replace(PAYS, saving_from_profiles=0.02)
    assert "other engine settings at some hours would add 2 %" in prose(seasons(analyses.model(seasons=looked), ""))
