import dataclasses

import pytest

from analyzer.advise.bounds import LengthTarget
from analyzer.advise.windows import HoursAdvice, advise
from analyzer.patterns.regimes import Regimes, regimes
from analyzer.patterns.repeats import Repeats
from analyzer.shape import Thresholds
from tests.unit.analyzer.patterns.weeks import by_day_and_night, requests, week

DAYS = week(requests(5, lambda _: 60, by_day_and_night))
FOUND = regimes(DAYS, Thresholds())
BY_DAY = [[placed.shape for placed in DAYS.hours if placed.day == day] for day in range(5)]


def advice(isl: float, osl: float, target: LengthTarget | None = None, found: Regimes = FOUND) -> HoursAdvice:
    tested = dataclasses.replace(found, repeat_p=Repeats(0.002, isl, osl, 0.5))
    return advise(tested, BY_DAY, target or LengthTarget(0.01))


def test_where_both_tails_come_back_each_kind_has_both_limits() -> None:
    night, day = advice(0.01, 0.01).windows
    assert night.limits.max_input_len is not None
    assert day.limits.max_input_len is not None
    assert day.limits.max_input_len > 4 * night.limits.max_input_len
    assert day.limits.max_seq_len is not None
    assert day.limits.max_seq_len >= day.isl.p99


@pytest.mark.parametrize(("isl", "osl", "known"), [(0.01, 0.2, (True, False)), (0.2, 0.01, (False, False))])
def test_a_tail_that_does_not_come_back_has_no_limit(isl: float, osl: float, known: tuple[bool, bool]) -> None:
    for kind in advice(isl, osl).windows:
        assert (kind.limits.max_input_len is not None, kind.limits.max_seq_len is not None) == known


def test_a_kind_with_too_few_requests_for_a_bound_has_no_limit() -> None:
    assert all(kind.limits.max_input_len is None for kind in advice(0.01, 0.01, LengthTarget(0.00001)).windows)


def test_hours_that_are_not_divided_have_no_limits_of_their_own() -> None:
    whole = dataclasses.replace(FOUND, k=1, kinds=FOUND.kinds[:1])
    assert advice(0.01, 0.01, found=whole).windows[0].limits.max_input_len is None


def test_each_kind_says_what_was_seen_in_it() -> None:
    night, day = advice(0.01, 0.01).windows
    assert (night.label, day.label) == (0, 1)
    assert night.requests + day.requests == 5 * 24 * 60
    assert len(night.hours_of_week) + len(day.hours_of_week) == 168
    assert day.isl.p50 > 1024 > night.isl.p50
