import io
import random
from collections import Counter

import numpy as np

from analyzer.store.in_flight import Levels
from analyzer.window import HOUR_US

EVERYWHERE = ((0, 0),)


def test_levels_equal_those_counted_moment_by_moment() -> None:
    """Two hours in steps of 20 s, so that every moment can be looked at."""
    numbers, step = random.Random(5), 20_000_000  # noqa: S311  no secret is made of it
    requests = sorted((numbers.randrange(360) * step, numbers.randrange(1, 90) * step) for _ in range(300))
    expected: dict[int, Counter[int]] = {0: Counter(), HOUR_US: Counter()}
    for moment in range(0, 2 * HOUR_US, step):
        level = sum(at <= moment < at + lasted for at, lasted in requests)
        if level:
            expected[moment - moment % HOUR_US][level] += step
    levels = Levels(io.BytesIO(), EVERYWHERE)
    for part in (requests[200:], requests[:200]):
        levels.add(*(np.array(column) for column in zip(*part, strict=True)))
    found = levels.by_hour((0, HOUR_US))
    assert {hour: dict(one.items()) for hour, one in found.items()} == {h: dict(c) for h, c in expected.items()}


def test_what_goes_on_through_an_hour_without_requests_is_not_added_to_another() -> None:
    levels = Levels(io.BytesIO(), EVERYWHERE)
    levels.add(np.array([HOUR_US - 10, 2 * HOUR_US + 5]), np.array([HOUR_US + 15, 1]))
    found = levels.by_hour((0, 2 * HOUR_US))
    assert found[0].items() == [(1, 10)]
    assert found[2 * HOUR_US].items() == [(1, 6)]


def test_without_any_recorded_end_nothing_is_in_flight() -> None:
    levels = Levels(io.BytesIO(), EVERYWHERE)
    levels.add(np.array([5]), np.array([-1]))
    assert levels.by_hour((0,)) == {}
