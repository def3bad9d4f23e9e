"""Whether answers have the lengths that a tool tells."""

from dataclasses import replace

from analyzer.traces.sweeps.lengths import Lengths, every_answer, same_for_all

RECOUNTED = Lengths(1.0, 36.0, 57.0, 64.5, 66.0, 68.0, 0.475, 0.480, 0.486)
TRUE = replace(RECOUNTED, e2e_p5=0.42, e2e_p95=0.50)


def test_answers_that_take_equally_long_have_one_length() -> None:
    assert same_for_all([RECOUNTED])


def test_answers_that_take_as_long_as_they_are_have_their_own() -> None:
    assert not same_for_all([TRUE])


def test_the_quietest_stage_decides() -> None:
    busy = replace(TRUE, load=90.0)
    assert same_for_all([busy, RECOUNTED])
    assert not same_for_all([replace(RECOUNTED, load=90.0), TRUE])


def test_nothing_written_in_no_time_has_no_length() -> None:
    assert not same_for_all([replace(RECOUNTED, median=0.0)])


def test_the_length_of_all_is_the_median_of_the_stages() -> None:
    assert every_answer([RECOUNTED, replace(RECOUNTED, median=64.0), replace(RECOUNTED, median=64.0)]) == 64.0
