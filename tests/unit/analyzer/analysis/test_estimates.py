from datetime import timedelta

from analyzer.advise.bounds import LengthTarget
from analyzer.advise.windows import advise
from analyzer.analysis.baseline import baseline
from analyzer.analysis.estimates import told
from analyzer.demand import demand
from analyzer.patterns.regimes import regimes
from analyzer.shape import Thresholds
from analyzer.window import Window
from tests.fakes.shapes import hours
from tests.unit.analyzer.patterns.weeks import START, requests, steady


def sentences(days: int, surge: bool = False) -> dict[str, str]:
    window = Window(START, START + timedelta(days=days), "UTC")
    base = baseline(window, hours(requests(days, lambda hour: 800 if surge and hour == 30 else 20, steady)), ())
    asked = demand(window, base.hours, base.whole.first, base.whole.last, base.left_out)
    kinds = advise(regimes(base.history, Thresholds()), tuple(base.by_day.values()), LengthTarget())
    return {one.figure: one.sentence for one in told(base, kinds, asked, days)}


def test_a_week_without_anomalies_says_so() -> None:
    found = sentences(7)
    assert found["anomalies"] == "No hour is unlike the same hour of all other days."
    assert found["regimes"].startswith("From 7 days of the eight weeks that end with the window. ")
    assert found["demand"].startswith("The hours of the day are told apart")


def test_anomalies_say_how_much_they_leave_out() -> None:
    assert "with the 800 requests in them, are left out of limits" in sentences(7, surge=True)["anomalies"]


def test_few_days_are_not_searched_for_anomalies() -> None:
    assert sentences(2)["anomalies"].startswith("Not looked for")


def test_cells_of_the_week_are_shrunk_and_say_so() -> None:
    assert "shrunk by one day of the mean of that hour" in sentences(14)["demand"]
