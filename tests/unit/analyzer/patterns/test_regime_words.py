import numpy as np
import pytest

from analyzer.patterns.clusters import Division
from analyzer.patterns.regime_words import of_few_days, of_few_requests, of_no_repetition, of_repetition
from analyzer.patterns.repeats import Repeats

LABELS = np.zeros(24, dtype=np.int64)


def test_one_day_says_that_others_are_needed() -> None:
    assert "on one day" in of_few_days(1)
    assert "five of them" in of_few_days(1)


def test_three_days_say_what_they_hint_at() -> None:
    assert "on 3 days, and five are needed" in of_few_days(3, Repeats(0.02, 1, 1, 1))
    assert "p = 0.02" in of_few_days(3, Repeats(0.02, 1, 1, 1))


def test_few_requests_say_how_many_it_takes() -> None:
    assert "hours of the week: seven or more of them need 200 requests each" in of_few_requests(9, 200, weekly=True)


def test_no_repetition_says_that_one_set_of_limits_serves() -> None:
    assert "one set of limits serves all hours" in of_no_repetition(Repeats(0.4, 1, 1, 1), 7)


@pytest.mark.parametrize(
    ("isl", "osl", "words"),
    [
        (0.002, 0.002, "so each kind of hours has limits of its own"),
        (0.075, 0.16, "no limits per window are offered"),
        (0.002, 0.16, "so does the p99 of input (p = 0.002), but the p99 of output (p = 0.16) does not"),
    ],
)
def test_what_the_tails_do_decides_on_limits(isl: float, osl: float, words: str) -> None:
    division = Division(3, LABELS, 0.8, 1.0)
    assert words in of_repetition(Repeats(0.002, isl, osl, 0.5), 7, division, 0.01)


def test_an_unstable_division_is_not_hidden() -> None:
    said = of_repetition(Repeats(0.002, 0.5, 0.5, 0.5), 7, Division(1, LABELS, 0.3, 0.54), 0.01)
    assert "at most 0.54, 0.8 is needed), so the hours are not divided" in said
