"""What can be said where only hourly bucket counts of each side are known."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analyzer.advise.bounds import LengthTarget
from analyzer.evidence import Evidence
from analyzer.marginals.buckets import Buckets, EdgeSummary, merged, summary
from analyzer.marginals.limits import EdgeLimits, limits_of
from analyzer.window import Window, hour_starts, microseconds

HOUR_S = 3600
HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class MarginalHour:
    """One hour, beginning at `start` (microseconds since the epoch), seen from both sides."""

    start: int
    isl: Buckets
    osl: Buckets


@dataclass(frozen=True, slots=True)
class Marginals:
    """The hours of one model, ascending, and the metric that they come from."""

    source: str
    hours: tuple[MarginalHour, ...]


@dataclass(frozen=True, slots=True)
class EdgeHour:
    """One hour of the day over all days; quantiles are upper bucket edges."""

    hour: int
    requests: int
    isl_p50: int | None
    isl_p99: int | None
    osl_p50: int | None
    osl_p99: int | None


@dataclass(frozen=True, slots=True)
class MarginalModel:
    """Everything that can be said about one model from its marginals; rates are requests per second."""

    source: str
    requests: int
    isl: EdgeSummary
    osl: EdgeSummary
    isl_buckets: Buckets
    osl_buckets: Buckets
    mean_rps: float
    peak_hour_rps: float
    peak_hour: int
    days: int
    hours: tuple[EdgeHour, ...]
    lengths: EdgeLimits
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class MarginalAnalysis:
    """One window of marginals; `models` is empty where no hour of it has a request.

    `missing_hours` are local hours of the window before the first or after the last hour of the marginals,
    `empty_hours` those in between without a request, `outside` the requests of hours before or after the window.
    """

    window: Window
    models: Mapping[str, MarginalModel]
    empty_hours: int
    missing_hours: int
    outside: int

    @property
    def requests(self) -> int:
        """The requests of all models."""
        return sum(model.requests for model in self.models.values())


def analyse(
    window: Window, marginals: Mapping[str, Marginals], targets: Mapping[str, LengthTarget]
) -> MarginalAnalysis:
    """What `marginals` say about each model that has a request in `window`; hours count where they begin in it.

    `targets` has every model of `marginals`.
    """
    start, end = microseconds(window.start), microseconds(window.end)
    models = {}
    outside = 0.0
    for name in sorted(marginals):
        hours = [hour for hour in marginals[name].hours if start <= hour.start < end]
        outside += sum(hour.isl.total for hour in marginals[name].hours) - sum(hour.isl.total for hour in hours)
        if round(sum(hour.isl.total for hour in hours)) > 0:
            models[name] = _model(window, marginals[name].source, hours, targets[name])
    empty, missing = _uncounted(window, [hour for one in marginals.values() for hour in one.hours])
    return MarginalAnalysis(window, models, empty, missing, round(outside))


def _uncounted(window: Window, hours: Sequence[MarginalHour]) -> tuple[int, int]:
    """How many local hours of the window are empty, and how many lie outside of what was counted."""
    slots = hour_starts(window)
    if not hours:
        return 0, len(slots)
    first, last = min(hour.start for hour in hours), max(hour.start for hour in hours)
    counted = {bisect_right(slots, hour.start) - 1 for hour in hours if hour.isl.total > 0}
    covered = [place for place, slot in enumerate(slots) if slot + HOUR_US > first and slot <= last]
    return len(set(covered) - counted), len(slots) - len(covered)


def _model(window: Window, source: str, hours: Sequence[MarginalHour], target: LengthTarget) -> MarginalModel:
    isl, osl = merged([hour.isl for hour in hours]), merged([hour.osl for hour in hours])
    requests = round(isl.total)
    days = len({window.local(hour.start).date() for hour in hours if hour.isl.total > 0})
    fullest = max(hours, key=lambda hour: (hour.isl.total, -hour.start))
    span = (hours[-1].start - hours[0].start) / 1e6 + HOUR_S
    limits = limits_of(isl, osl, target)
    return MarginalModel(
        source=source,
        requests=requests,
        isl=summary(isl),
        osl=summary(osl),
        isl_buckets=isl,
        osl_buckets=osl,
        mean_rps=isl.total / span,
        peak_hour_rps=fullest.isl.total / HOUR_S,
        peak_hour=fullest.start,
        days=days,
        hours=_hours_of_day(window, hours),
        lengths=limits,
        evidence=_evidence(source, requests, days, limits, (isl, osl)),
    )


def _hours_of_day(window: Window, hours: Sequence[MarginalHour]) -> tuple[EdgeHour, ...]:
    found = []
    for clock in range(24):
        those = [hour for hour in hours if window.local(hour.start).hour == clock]
        isl, osl = summary(merged([h.isl for h in those])), summary(merged([h.osl for h in those]))
        requests = round(sum(hour.isl.total for hour in those))
        if requests:
            found.append(EdgeHour(clock, requests, isl.p50, isl.p99, osl.p50, osl.p99))
        else:
            found.append(EdgeHour(clock, 0, None, None, None, None))
    return tuple(found)


def _evidence(
    source: str, requests: int, days: int, limits: EdgeLimits, sides: tuple[Buckets, Buckets]
) -> tuple[Evidence, ...]:
    def said(figure: str, sentence: str) -> Evidence:
        return Evidence(figure, requests, days, None, sentence)

    finite = [len(side.edges) - 1 for side in sides]
    return (
        said(
            "requests",
            f"Hourly increases of the histogram {source}, added up and rounded: requests that"
            " the engine finished. No single request is known.",
        ),
        said("isl", f"Each quantile is the upper edge of one of {finite[0]} buckets: the true one is at or below it."),
        said("osl", f"Each quantile is the upper edge of one of {finite[1]} buckets: the true one is at or below it."),
        said("total", "Not known: a histogram of each side does not say which input had which output."),
        said("joint", "Not known: the two sides were counted apart."),
        said("query_patterns", "Not known: they need both lengths of the same request."),
        said("rate", "Means of whole hours; peaks of a second or a minute, and bursts, are not in them."),
        said("lengths.max_seq_len", limits.effect),
        said("capacity", "Not computed: it needs the peak of seconds, which hourly counts do not hold."),
    )
