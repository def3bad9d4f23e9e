"""The sentences behind what is estimated: anomalies, kinds of hours and demand."""

from collections.abc import Sequence
from dataclasses import replace

from analyzer.advise.windows import HoursAdvice
from analyzer.analysis.baseline import Baseline
from analyzer.demand import Demand
from analyzer.evidence import Evidence
from analyzer.patterns.calendar import Calendar
from analyzer.patterns.usual import OTHER_DAYS


def told(base: Baseline, kinds: HoursAdvice, asked: Demand, days: int) -> tuple[Evidence, ...]:
    """The evidence of `anomalies`, `regimes` and `demand`; `days` are the local days of the window with requests."""
    every = base.whole.requests + base.requests_left_out
    history = base.history
    seen = sum(placed.shape.requests for placed in history.hours)
    return (
        Evidence("anomalies", every, days, None, _of_anomalies(base)),
        Evidence("demand", base.whole.requests, len(base.days), None, _of_demand(asked)),
        Evidence("regimes", seen, history.days_with_requests, None, f"{_of_history(history)}{kinds.reason}"),
    )


def without(base: Baseline, found: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The evidence of estimates, which say that anomalies are not in them where there are any."""
    if not base.requests_left_out:
        return tuple(found)
    said = f" The {base.requests_left_out:,} requests of the hours with anomalies are left out."
    return tuple(replace(one, sentence=f"{one.sentence}{said}") for one in found)


def _of_anomalies(base: Baseline) -> str:
    if base.history.days_with_requests <= OTHER_DAYS and not base.anomalies:
        return (
            "Not looked for: an hour is compared with the same hour of other days, and it takes three others at least."
        )
    if not base.anomalies:
        return "No hour is unlike the same hour of all other days."
    found = "1 anomaly was" if len(base.anomalies) == 1 else f"{len(base.anomalies)} anomalies were"
    requests = f"the {base.requests_left_out:,} requests in them" if base.requests_left_out else "no request in them"
    return (
        f"{found} found: the hours that they touch, with {requests}, are left out of limits, demand, kinds of hours "
        "and replicas, and counted in everything else."
    )


def _of_demand(asked: Demand) -> str:
    if asked.busiest is None:
        return "No hour was seen whole, so the bins of the whole window are all there is."
    cell = asked.busiest
    shrunk = (
        ", shrunk by one day of the mean of that hour on days of the same kind"
        if asked.cells == "hours of the week"
        else ""
    )
    return (
        f"The {asked.cells} are told apart, so that the rhythm of the day does not count as burstiness; the busiest is "
        f"{cell.name}, seen on {cell.days} {'day' if cell.days == 1 else 'days'}{shrunk}."
    )


def _of_history(history: Calendar) -> str:
    days = history.days_with_requests
    return f"From {days} {'day' if days == 1 else 'days'} of the eight weeks that end with the window. "
