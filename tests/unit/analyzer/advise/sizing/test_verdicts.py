from dataclasses import replace
from functools import partial

import pytest

from analyzer.advise.capacity import replicas_for
from analyzer.advise.sized import Objectives
from analyzer.advise.sizing.choose import Gpus, Judged, choose, judge, quotient
from analyzer.advise.sizing.mix import of_point
from analyzer.advise.sizing.question import candidates
from analyzer.advise.sizing.verdicts import reason, verdict
from tests.unit.analyzer.advise.sizing.questions import WITHIN, first_judged, one_gpu, question

MIX = of_point(2000, 200)


@pytest.fixture(scope="module")
def judged() -> Judged:
    return first_judged(MIX)


def test_a_verdict_says_why_a_choice_was_not_taken(judged: Judged) -> None:
    assert verdict(judged, judged, WITHIN, one_gpu) == "advised"
    tight = Objectives(ttft_ms=5, percentile=95)
    found = choose(question(tight), MIX, one_gpu)
    assert verdict(found.tried[0], None, tight, one_gpu).startswith("misses TTFT p95 ≤ 5 ms: ")


@pytest.mark.parametrize(
    ("rate", "figures", "said"),
    [
        (8, (16, 5), "carries 60 % more per GPU; with steps 30 % slower the load takes 2 GPUs of it, not 1"),
        (15, (16, 0), "carries 60 % more per GPU; with steps 30 % slower it misses the objectives at any load"),
        (8, (7, 7), "carries 30 % less per GPU; the load takes 2 GPUs of it, not 1"),
        (8, (10.5, 8.5), "carries 5 % more per GPU, which no model can tell for sure"),
        (8.2, (10.1, 8.3), "carries about as much per GPU; with steps 30 % slower it takes fewer GPUs, but by less"),
        (8, (9, 8.2), "carries 10 % less per GPU"),
    ],
)
def test_what_carries_more_and_is_not_advised_has_what_speaks_against_it(
    judged: Judged, rate: float, figures: tuple[float, float], said: str
) -> None:
    best = replace(judged, capacity=replace(judged.capacity, rps=10.0), slow_rps=8.1)
    profile = replace(judged.candidate.profile, max_num_batched_tokens=2048)
    carried, slower = figures
    one = Judged(replace(judged.candidate, profile=profile), replace(judged.capacity, rps=carried), slower)
    assert verdict(one, best, WITHIN, quotient(rate, partial(replicas_for, rate))).startswith(said)


@pytest.fixture(scope="module")
def split() -> dict[int, Judged]:
    able, _ = candidates(question(), MIX.context)
    return {one.profile.tp: judge(one, question(), MIX) for one in able}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (Gpus(16, 16, 0.9), "with tp 8 it takes 16."),
        (Gpus(8, 32, 0.5), "with tp 8 as many but with steps slower by the error of their source 32 and not 16."),
        (Gpus(8, None, 0.5), "with tp 8 as many but with steps slower by the error of their source none keeps the"),
        (Gpus(8, 16, 0.02), "as many with less headroom, as its replicas carry 2 % more than the peak, not 10 % more"),
        (Gpus(8, 16, -0.1), "as its replicas carry 10 % less than the peak, not 10 % more."),
        (Gpus(8, 16, 0.1), "with tp 8 as many, no better by more than a model can tell."),
        (Gpus(8, 16, 0.1, kept=False), "with tp 8 no number of replicas keeps the objectives together."),
    ],
)
def test_a_split_is_compared_with_every_other_by_all_of_its_gpus(
    split: dict[int, Judged], other: Gpus, said: str
) -> None:
    gpus = {4: Gpus(8, 16, 0.1), 8: other}
    told = reason(split[4], (split[4], split[8]), lambda one: gpus[one.candidate.profile.tp])
    assert told.startswith(" The choice is tp 4, by what all of its replicas take for this load, 8 GPUs: with tp 8")
    assert said in told


def test_where_nothing_else_keeps_the_objectives_there_is_no_choice_to_explain(split: dict[int, Judged]) -> None:
    missed = replace(split[8], capacity=replace(split[8].capacity, rps=None))
    assert reason(split[4], (split[4], missed), one_gpu) == ""


def test_a_choice_with_less_headroom_or_that_no_number_of_replicas_bears_says_so(split: dict[int, Judged]) -> None:
    gpus = {4: Gpus(8, 16, 0.4), 8: Gpus(8, 16, 0.1)}
    told = verdict(split[8], split[4], WITHIN, lambda one: gpus[one.candidate.profile.tp])
    assert told.endswith("; its replicas carry 10 % more than the peak, not 40 % more")
    gpus[8] = Gpus(8, 16, 0.1, kept=False)
    told = verdict(split[8], split[4], WITHIN, lambda one: gpus[one.candidate.profile.tp])
    assert told.endswith("; simulated together no number of its replicas keeps the objectives")
