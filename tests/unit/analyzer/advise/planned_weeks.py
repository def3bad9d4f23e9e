"""Weeks of invented arrivals, made from how many requests each hour of the week has in a second."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from analyzer.demand import Week, Weeks
from tests.fakes.shapes import HOUR, SECOND, hours

MONDAY = 1_740_960_000 * SECOND  # 2025-03-03 00:00 UTC
START = datetime(2025, 3, 3, tzinfo=UTC)
REQUESTS = 20  # of each day of `Week.days`, which lengths are learnt from


def made(rates: Sequence[Sequence[float]], lengths: Sequence[int] | None = None, unseen: int = 0) -> Weeks:
    """A week for each of `rates`, with Poisson arrivals at `rates[week][hour]` requests a second.

    Requests of a week have `lengths[week]` tokens of input and ten of output; `unseen` hours of the first one were
    not seen.
    """
    generator = np.random.default_rng(7)
    seconds = np.full((len(rates), 168), 3600.0)
    arrivals = [[generator.poisson(rate, 3600) for rate in week] for week in rates]
    values = np.arange(1, max(int(np.max(arrivals)), 1) + 1)
    counts = np.array(
        [[[(hour == value).sum() for value in values] for hour in week] for week in arrivals], dtype=float
    )
    tokens = [100] * len(rates) if lengths is None else lengths
    return Weeks(
        tuple(week(place, tokens[place], unseen if place == 0 else 0) for place in range(len(rates))),
        seconds,
        values,
        counts.astype(np.float64),
    )


def week(place: int, tokens: int = 100, unseen: int = 0) -> Week:
    """The week at `place` from the first Monday of March 2025, each day with requests in its first hour."""
    start = START + timedelta(weeks=place)
    first = MONDAY + place * 168 * HOUR
    days = [hours([(first + 24 * day * HOUR + i * SECOND, tokens, 10) for i in range(REQUESTS)]) for day in range(7)]
    return Week(start, start + timedelta(weeks=1), unseen, tuple(days))


def office(busy: float = 4.0, quiet: float = 0.2) -> list[float]:
    """A week that is busy from 9 to 18 on working days."""
    return [busy if 9 <= hour % 24 < 18 and hour < 120 else quiet for hour in range(168)]


def flat(rate: float = 2.0) -> list[float]:
    """A week without a rhythm."""
    return [rate] * 168
