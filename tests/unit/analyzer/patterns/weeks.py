"""Weeks of invented traffic, hour by hour, with what a test plants in it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np

from analyzer.patterns.calendar import Calendar, calendar
from analyzer.shape import HourlyShape
from analyzer.window import Window
from tests.fakes.shapes import HOUR, SECOND, Request, hours

MONDAY = 1_740_960_000 * SECOND  # 2025-03-03 00:00 UTC
START = datetime(2025, 3, 3, tzinfo=UTC)
Lengths = Callable[[int, np.random.Generator], tuple[int, int]]
"""From the hour since Monday to the ISL and OSL of one of its requests."""


def steady(hour: int, generator: np.random.Generator) -> tuple[int, int]:
    """The same lengths at every hour."""
    del hour
    return int(generator.lognormal(6, 0.7)), int(generator.lognormal(4, 0.7))


def by_day_and_night(hour: int, generator: np.random.Generator) -> tuple[int, int]:
    """Long prompts from 9 to 18 on working days, long answers at all other times."""
    day = 9 <= hour % 24 < 18 and hour // 24 % 7 < 5
    return int(generator.lognormal(8.5 if day else 5, 0.5)), int(generator.lognormal(4 if day else 6.5, 0.5))


def requests(days: int, rate: Callable[[int], int], lengths: Lengths = steady, seed: int = 1) -> list[Request]:
    """`rate(hour)` requests evenly over each hour."""
    generator = np.random.default_rng(seed)
    return [
        (MONDAY + hour * HOUR + i * (HOUR // number), *lengths(hour, generator))
        for hour in range(24 * days)
        for number in [rate(hour)]
        for i in range(number)
    ]


def week(found: list[Request]) -> Calendar:
    """The calendar of all of `found`, in UTC."""
    return of_shapes(hours(sorted(found)))


def of_shapes(shapes: tuple[HourlyShape, ...]) -> Calendar:
    """The calendar of `shapes`, in UTC."""
    first, last = shapes[0].first, shapes[-1].last
    window = Window(START, START + timedelta(days=(last - MONDAY) // (24 * HOUR) + 1), "UTC")
    return calendar(window, shapes, first, last)


def moment(day: int, hour: float) -> int:
    """Microseconds since the epoch of an hour of a day, both from 0."""
    return MONDAY + int((24 * day + hour) * HOUR)
