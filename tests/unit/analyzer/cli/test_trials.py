import dataclasses

from analyzer.advise.bounds import LengthTarget
from analyzer.advise.capacity import StatedCapacity
from analyzer.analysis import Questions
from analyzer.backtest import Backtest, backtest
from analyzer.cli.trials import problem, table
from analyzer.demand import Weeks
from tests.unit.analyzer.advise.planned_weeks import made, office
from tests.unit.analyzer.report import analyses


def tried(weeks: Weeks | None, stated: StatedCapacity | None) -> Backtest:
    analysis = analyses.analysis({"m": dataclasses.replace(analyses.MODEL, weeks=weeks)})
    return backtest(analysis, {"m": Questions(LengthTarget(0.05), stated)})


def test_each_week_is_a_line_with_its_numbers_under_each_other() -> None:
    reason, heads, *weeks, total = table(tried(made([office()] * 3), StatedCapacity(1))).splitlines()
    assert reason.startswith("m: Each of the last 2 whole weeks")
    assert heads.split()[:3] == ["week", "learnt", "from"]
    assert [week.split()[:4] for week in weeks] == [
        ["from", "2025-03-10", "1", "week"],
        ["from", "2025-03-17", "2", "weeks"],
    ]
    assert "1 to 8" in weeks[0]
    assert total.startswith("all of them")
    assert len({len(line) for line in (heads, *weeks, total)}) == 1


def test_what_was_not_tried_is_a_dash() -> None:
    assert table(tried(made([office()] * 2), None)).splitlines()[2].count("–") == 4


def test_a_model_without_two_whole_weeks_has_only_its_reason() -> None:
    none = tried(made([office()]), None)
    assert table(none).splitlines() == [f"m: {none.models['m'].reason}"]
    assert str(problem(none)) == f"m: {none.models['m'].reason}"
