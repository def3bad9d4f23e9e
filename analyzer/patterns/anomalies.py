"""Hours that are like no other day's: outages, retry storms and surges, found so that estimates can leave them out."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analyzer.patterns import anomaly_words as words
from analyzer.patterns.calendar import BoolArray, Calendar, FloatArray
from analyzer.patterns.silences import Silence, silences
from analyzer.patterns.usual import SEEN_S, Usual, usual
from analyzer.shape import MINUTE_US, HourlyShape, merged
from analyzer.window import HOUR_US

Kind = Literal["surge", "retry_storm", "outage"]

TWICE = 2.0  # a surge is at least so many times the most that any other day has in that hour
STANDARD_DEVIATIONS = 5.0  # … and so far from the median of the other days, on a logarithmic scale
LEAST_REQUESTS = 100  # … and at least so many requests more than the fullest other day
LONGEST_HOURS = 48  # what lasts longer is no anomaly but how the traffic is now
FAILED = 0.5
SELDOM_FAILED = 0.1
ALIKE = 0.5
NEAR = range(1, 6)
MOST_OF_NEAR = 3


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A stretch of time unlike the same hours of other days: from `start` to `end` (microseconds since the epoch).

    `what` says in a sentence how it differs.
    """

    start: int
    end: int
    kind: Kind
    what: str

    def touches(self, hour: int) -> bool:
        """Whether any of it lies in the hour that starts at `hour`, in microseconds since the epoch."""
        return hour < self.end and hour + HOUR_US > self.start


def anomalies(days: Calendar) -> tuple[Anomaly, ...]:
    """What stands out from the same hour of the other days, in order of time; empty where there are too few days.

    An hour is a surge where its rate, or the p90 of its lengths, is at least twice the largest of the same hour of the
    other days (of working days or of weekends alone, where there are four or more of the kind) and five robust standard
    deviations (1.4826 · MAD of the logarithms, all hours) above their median. So what comes back is none, and traffic
    that always swings widely has to swing more. It is a retry storm where most of its requests failed, or where most of
    what came on top has one and the same input length. An outage is a silence in which the emptiest other day would
    have had 100 requests, or hours in which most requests failed although few do on other days.
    """
    rates = usual(days, _rates(days))
    lengths = usual(days, _long(days))
    surging = _surges(days, rates) | _stand_out(lengths)
    failing = _failing(days) & ~surging
    found = [
        *(_surge(days, rates, lengths, episode) for episode in _episodes(days, surging)),
        *(_failure(episode) for episode in _episodes(days, failing)),
        *(_silence(silence) for silence in silences(days)),
    ]
    at_most = max(3, days.days // 7)
    if sum(one.kind != "outage" for one in found) > at_most:  # then they are how this traffic is
        found = [one for one in found if one.kind == "outage"]
    return tuple(sorted(found, key=lambda one: (one.start, one.end, one.kind)))


def _rates(days: Calendar) -> FloatArray:
    """Requests in an hour, NaN where too little of the hour was seen."""
    seen = days.seconds >= SEEN_S
    requests = days.each(lambda shape: shape.requests)
    return np.where(seen, requests * 3600 / np.maximum(days.seconds, 1), np.nan)


def _long(days: Calendar) -> FloatArray:
    """The p90 of input and output together of each hour, NaN where there are few requests."""
    found = np.full(days.seconds.shape, np.nan)
    for placed in days.hours:
        if placed.shape.requests >= LEAST_REQUESTS and days.seconds[placed.day, placed.hour] >= SEEN_S:
            found[placed.day, placed.hour] = placed.shape.total.quantile(900)
    return found


def _surges(days: Calendar, rates: Usual) -> BoolArray:
    more = rates.found - rates.most
    enough = more * days.seconds / 3600 >= LEAST_REQUESTS
    return _stand_out(rates) & enough


def _stand_out(figure: Usual) -> BoolArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.log(figure.found / figure.median) >= STANDARD_DEVIATIONS * figure.spread
        found: BoolArray = far & (figure.found >= TWICE * figure.most)
    return found


def _failing(days: Calendar) -> BoolArray:
    """Hours of which most requests did not complete although on other days few fail."""
    requests = days.each(lambda shape: shape.requests)
    failed = days.each(lambda shape: shape.endings.not_completed)
    shares = np.where(requests > 0, failed / np.maximum(requests, 1), np.nan)
    others = usual(days, shares)
    with np.errstate(invalid="ignore"):
        found: BoolArray = (shares >= FAILED) & (others.median <= SELDOM_FAILED) & (requests >= LEAST_REQUESTS)
    return found


def _episodes(days: Calendar, flagged: BoolArray) -> Iterator[tuple[HourlyShape, ...]]:
    """The flagged hours, those that follow each other together; what lasts too long is left out."""
    shapes = sorted(
        (placed.shape for placed in days.hours if flagged[placed.day, placed.hour]), key=lambda shape: shape.start
    )
    together: list[list[HourlyShape]] = []
    for shape in shapes:
        if not together or shape.start - together[-1][-1].start > HOUR_US:
            together.append([])
        together[-1].append(shape)
    yield from (tuple(episode) for episode in together if len(episode) <= LONGEST_HOURS)


def _surge(days: Calendar, rates: Usual, lengths: Usual, episode: Sequence[HourlyShape]) -> Anomaly:
    whole = merged(episode)
    starts = {shape.start for shape in episode}
    places = [(placed.day, placed.hour) for placed in days.hours if placed.shape.start in starts]
    others = merged([placed.shape for placed in days.hours if placed.shape.start not in starts])
    expected = sum(rates.median[place] for place in places)
    times, longer = whole.requests / max(expected, 1.0), _times(lengths, places)
    failed = whole.endings.not_completed / whole.requests
    alike, length = _alike(whole, others, expected)
    start, end = _bounds(days, rates, episode) if times >= TWICE else (episode[0].start, episode[-1].start + HOUR_US)
    storm = times >= TWICE and (alike or failed >= max(FAILED, 2 * others.endings.not_completed / others.requests))
    what = words.of_surge(whole.requests, expected, times, longer)
    if storm:
        what = words.of_storm(whole.requests, expected, times, failed, length if alike else None)
    return Anomaly(start, end, "retry_storm" if storm else "surge", what)


def _times(lengths: Usual, places: Sequence[tuple[int, int]]) -> float:
    """How many times as long requests are as on other days at the same hours (p90), the median of the hours."""
    times = [lengths.found[place] / lengths.median[place] for place in places if lengths.median[place] > 0]
    known = [one for one in times if not np.isnan(one)]
    return float(np.median(known)) if known else 1.0


def _alike(whole: HourlyShape, others: HourlyShape, expected: float) -> tuple[bool, int]:
    """Whether most of what came on top of the expected requests has one input length, and which."""
    usual_share = np.zeros(len(whole.isl.values))
    known = np.searchsorted(others.isl.values, whole.isl.values)
    within = known < len(others.isl.values)
    same = np.zeros(len(whole.isl.values), dtype=bool)
    same[within] = others.isl.values[known[within]] == whole.isl.values[within]
    usual_share[same] = others.isl.counts[known[same]] / others.requests
    excess = whole.isl.counts - usual_share * expected
    most = int(np.argmax(excess))
    return bool(excess[most] >= ALIKE * max(whole.requests - expected, 1)), int(whole.isl.values[most])


def _bounds(days: Calendar, rates: Usual, episode: Sequence[HourlyShape]) -> tuple[int, int]:
    """The surge to the minute: its first and last minute that is nearer to the surge than to the other days.

    It reaches into the hour before and after as long as three of five minutes do.
    """
    first, until = episode[0].start, episode[-1].start + HOUR_US
    starts = {shape.start for shape in episode}
    inside = [rates.median[placed.day, placed.hour] for placed in days.hours if placed.shape.start in starts]
    level = math.sqrt(max(float(np.mean(inside)), 1.0) * max(shape.requests for shape in episode)) / 60
    around = [placed.shape for placed in days.hours if first - HOUR_US <= placed.shape.start <= until]
    minutes = merged(around).by_minute
    high = frozenset(minutes.values[minutes.counts >= level].tolist())
    own = [minute for minute in high if first <= minute * MINUTE_US < until]
    if not own:
        return first, until
    low, top = min(own), max(own)
    while sum(low - step in high for step in NEAR) >= MOST_OF_NEAR:
        low = max(low - step for step in NEAR if low - step in high)
    while sum(top + step in high for step in NEAR) >= MOST_OF_NEAR:
        top = min(top + step for step in NEAR if top + step in high)
    return low * MINUTE_US, (top + 1) * MINUTE_US


def _failure(episode: Sequence[HourlyShape]) -> Anomaly:
    whole = merged(episode)
    what = words.of_failures(whole.requests, whole.endings.not_completed)
    return Anomaly(episode[0].start, episode[-1].start + HOUR_US, "outage", what)


def _silence(found: Silence) -> Anomaly:
    return Anomaly(found.start, found.end, "outage", words.of_silence(found.end - found.start, found.expected))
