from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from analyzer.advise.capacity import replicas_for
from analyzer.advise.sized import Objectives
from analyzer.advise.sizing.choose import Chosen, Gpus, Judged, choose, favoured, judge, quotient, requests_at_once
from analyzer.advise.sizing.mix import of_point
from analyzer.advise.sizing.question import candidates
from tests.unit.analyzer.advise.sizing.questions import fixed, question

MIX = of_point(2000, 200, 0.5)


def by_quotient(rate: float) -> Callable[[Judged], Gpus]:
    return quotient(rate, partial(replicas_for, rate))


def chosen(objectives: Objectives, rate: float = 31) -> Chosen:
    return choose(question(objectives), MIX, by_quotient(rate))


@pytest.fixture(scope="module")
def template() -> dict[int, Judged]:
    able, _ = candidates(question(), MIX.context)
    return {one.profile.tp: judge(one, question(), MIX) for one in able}


def carrying(template: dict[int, Judged], **figures: tuple[float, float]) -> list[Judged]:
    """Candidates with made-up figures: by tp, requests per second of a replica, and the same with slower steps."""
    found = []
    for name, (carried, slower) in figures.items():
        one = template[int(name.removeprefix("tp"))]
        found.append(replace(one, capacity=replace(one.capacity, rps=carried), slow_rps=slower))
    return found


@pytest.mark.parametrize(
    ("rate", "figures", "tp"),
    [
        # two GPUs either way, and one of them misses the objectives at any load if steps are slower
        (2.6, {"tp1": (1.3, 0), "tp2": (5.89, 3.0), "tp4": (13.1, 8.0)}, 2),
        # two GPUs either way, and three of one kind if steps are slower
        (8, {"tp1": (4.1, 2.9), "tp2": (8.2, 8.0)}, 2),
        # one GPU is enough, whatever else would carry more on each of two
        (9, {"tp1": (28, 17), "tp2": (65, 40), "tp4": (113, 70)}, 1),
        # as many GPUs either way, and two carry a quarter more for each
        (8, {"tp1": (8, 4.5), "tp2": (20, 12)}, 1),
        (12, {"tp1": (8, 6.5), "tp2": (20, 12)}, 2),
        # as many GPUs either way, and no more of a difference than a model can tell
        (12, {"tp1": (8, 6.5), "tp2": (16.5, 12.5)}, 1),
        # a GPU more in a hundred is nothing that a model can tell either
        (100, {"tp1": (1, 0), "tp2": (1.98, 1.5)}, 2),
        # half more is
        (2, {"tp1": (1, 0), "tp4": (30, 20)}, 1),
    ],
)
def test_of_as_many_gpus_those_are_favoured_that_bear_slower_steps(
    template: dict[int, Judged], rate: float, figures: dict[str, tuple[float, float]], tp: int
) -> None:
    for order in (1, -1):
        found = favoured(carrying(template, **figures)[::order], by_quotient(rate))
        assert found
        assert found.candidate.profile.tp == tp


def test_nothing_is_favoured_where_nothing_keeps_the_objectives(template: dict[int, Judged]) -> None:
    none = [replace(one, capacity=replace(one.capacity, rps=None)) for one in template.values()]
    assert favoured(none, by_quotient(1)) is None


def test_what_steps_as_slow_as_the_source_allows_would_carry_is_less(template: dict[int, Judged]) -> None:
    for one in template.values():
        assert one.capacity.rps
        assert one.slow_rps == pytest.approx(one.capacity.rps / 1.3, rel=0.15)


def test_the_smallest_replica_that_keeps_the_objectives_takes_the_fewest_gpus() -> None:
    found = chosen(Objectives(ttft_ms=500, percentile=95))
    assert found.best
    assert found.best.candidate.profile.tp == 1
    by_tp = {one.candidate.profile.tp: one for one in reversed(found.tried)}
    assert by_tp[1].per_gpu > by_tp[8].per_gpu


def test_a_tight_objective_takes_more_gpus_in_a_replica() -> None:
    # 2,000 tokens take 44 ms to read on one GPU, so that 30 ms cannot be kept on one
    found = chosen(Objectives(ttft_ms=40, percentile=50), 2)
    assert found.best
    assert found.best.candidate.profile.tp >= 2


def test_knobs_that_gain_less_than_a_model_can_tell_stay_the_engine_s_own() -> None:
    found = chosen(Objectives(ttft_ms=500, percentile=95))
    assert found.best
    assert found.best.candidate.profile.max_num_batched_tokens == 8192
    assert {one.candidate.profile.max_num_batched_tokens for one in found.tried} == {2048, 4096, 8192, 16384}


def test_where_nothing_keeps_the_objectives_there_is_no_best_and_all_was_tried() -> None:
    found = chosen(Objectives(ttft_ms=1, percentile=95))
    assert found.best is None
    assert len(found.tried) > 8


def test_a_fixed_profile_is_kept() -> None:
    found = choose(fixed(max_num_seqs=32), MIX, by_quotient(31))
    assert [one.candidate.profile.max_num_seqs for one in found.tried] == [32]


def test_requests_at_once_follow_from_the_time_between_tokens() -> None:
    one = chosen(Objectives(ttft_ms=500, percentile=95)).tried[0]
    # b0 + (b1 + b2 · context) · B = 12 ms at B = 48, a tenth more is 53, rounded up to 64
    assert requests_at_once(one, 12, MIX) == 64
    assert requests_at_once(one, None, MIX) is None
    assert requests_at_once(one, 1, MIX) is None


def test_a_smaller_batch_is_tried_where_an_objective_asks_for_it() -> None:
    found = choose(
        replace(question(Objectives(ttft_ms=500, itl_ms=12, percentile=95))),
        MIX,
        by_quotient(3),
    )
    assert any(one.candidate.profile.max_num_seqs < 1024 for one in found.tried)


def test_nothing_that_was_tried_takes_as_few_gpus_and_clearly_carries_more_unless_it_bears_less() -> None:
    for objectives, rate in ((Objectives(500, 50, None, 95), 3), (Objectives(150, 12, None, 95), 12)):
        found = chosen(objectives, rate)
        assert found.best
        own = by_quotient(rate)(found.best)
        for one in (each for each in found.tried if each.capacity.rps and each.per_gpu > 1.06 * found.best.per_gpu):
            other = by_quotient(rate)(one)
            assert other.expected > own.expected or (other.slower or 1e9) > (own.slower or 1e9)


def test_what_no_number_of_replicas_bears_is_not_favoured(template: dict[int, Judged]) -> None:
    gpus = {1: Gpus(4, 4, 0.1, kept=False), 2: Gpus(8, 8, 0.1)}
    able = [template[1], template[2]]
    found = favoured(able, lambda one: gpus[one.candidate.profile.tp])
    assert found is template[2]
    # where all miss, the count is the quotient
    assert favoured(able[:1], lambda one: gpus[one.candidate.profile.tp]) is template[1]


def test_of_as_many_gpus_those_with_more_headroom_are_favoured(template: dict[int, Judged]) -> None:
    for more, tp in ((0.3, 2), (0.12, 1)):  # 6 % is no difference, and then the smaller replica counts
        gpus = {1: Gpus(8, 12, 0.1), 2: Gpus(8, 12, more)}
        found = favoured([template[1], template[2]], lambda one, gpus=gpus: gpus[one.candidate.profile.tp])  # type: ignore[misc]
        assert found is template[tp]
