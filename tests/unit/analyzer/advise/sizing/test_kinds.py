from dataclasses import replace

import pytest

from analyzer.advise.capacity import Peak, StatedCapacity
from analyzer.advise.sized import Objectives
from analyzer.advise.sizing.kinds import Kind, borne, carried, hardest, suited
from analyzer.advise.sizing.mix import of_point
from analyzer.advise.sizing.question import candidates
from tests.unit.analyzer.advise.sizing.questions import question

MANY_SHORT = Kind("short", of_point(200, 20), Peak(100, "p"), 80, (9, 10))
FEW_LONG = Kind("long", of_point(6000, 600), Peak(10, "p"), 8, (1, 2))


def test_a_burst_is_what_of_a_peak_does_not_last() -> None:
    mix = of_point(100, 10)
    assert Kind("days", mix, Peak(26, "given"), 15, (1,), 20).burst == pytest.approx(1.3)
    assert Kind("nights", mix, Peak(2, "given"), 0.05, (2,), 4).burst == 1
    assert Kind("all hours", mix, Peak(2, "given"), 0.05).burst == float("inf")


def test_what_a_short_peak_bears_is_not_planned_for_one_that_lasts() -> None:
    """Nights whose peak of 2 is a single second let a replica take 2.7 times what it carries; days of 20 all day do
    not, and would get two replicas where they take three.
    """
    mix = of_point(100, 10)
    days, nights = (
        Kind("days", mix, Peak(26, "given"), 15, (1,), 20),
        Kind("nights", mix, Peak(2, "given"), 0.05, (2,), 0.1),
    )
    planned = borne([10.0, 10.0, 0.25], 2.7, (days, nights))
    assert planned == (27.0, pytest.approx(13), pytest.approx(0.675))


def test_the_kind_that_asks_for_the_most_replicas_need_not_have_the_most_requests() -> None:
    assert hardest(question(), (MANY_SHORT, FEW_LONG)) == FEW_LONG
    assert hardest(question(), (MANY_SHORT, replace(FEW_LONG, peak=Peak(0.5, "p")))) == MANY_SHORT


def test_one_kind_is_the_hardest_without_looking() -> None:
    assert hardest(question(), (FEW_LONG,)) == FEW_LONG


def test_a_replica_carries_more_of_what_is_shorter() -> None:
    (one, *_), _ = candidates(question(), 1000)
    short, long = carried(question(), one, [MANY_SHORT.mix, FEW_LONG.mix])
    assert short > 10 * long > 0


def test_a_kind_of_which_nothing_is_carried_is_the_hardest() -> None:
    impossible = Kind("huge", of_point(60_000, 10), Peak(0.1, "p"), 0.1, (3,))
    assert hardest(question(), (MANY_SHORT, impossible)) == impossible


@pytest.mark.parametrize("kinds", [(MANY_SHORT, FEW_LONG), (FEW_LONG, MANY_SHORT)])
def test_the_order_of_kinds_does_not_matter(kinds: tuple[Kind, ...]) -> None:
    assert hardest(question(), kinds) == FEW_LONG


def test_a_profile_that_slower_steps_would_break_is_no_choice_for_those_hours() -> None:
    # 6,000 tokens take 138 ms to read on one GPU, and 180 ms if steps are 30 % longer
    asked = question(Objectives(ttft_ms=160, percentile=50))
    able, _ = candidates(asked, 1000)
    assert carried(asked, able[0], [FEW_LONG.mix])[0] > 0
    found = suited(asked, able[2], (MANY_SHORT, FEW_LONG), StatedCapacity(rps_per_replica=1))
    (short, long) = next(each for one, each in found if one.profile.tp == 1)
    assert short > 0
    assert long == 0


def test_a_profile_that_takes_fewer_gpus_for_some_kind_is_found_with_what_it_carries_of_all() -> None:
    able, _ = candidates(question(), 1000)
    four = able[2]
    assert four.profile.tp == 4
    found = suited(question(), four, (MANY_SHORT, FEW_LONG), StatedCapacity(rps_per_replica=1))
    assert found
    for one, each in found:
        assert one.profile != four.profile
        assert len(each) == 2
