from dataclasses import replace

from analyzer.advise.capacity import replicas_for
from analyzer.advise.sized import Objectives
from analyzer.advise.sizing.choose import Chosen, choose, requests_at_once
from analyzer.advise.sizing.mix import of_point
from tests.unit.analyzer.advise.sizing.questions import fixed, question

MIX = of_point(2000, 200, 0.5)


def chosen(objectives: Objectives, rate: float = 31) -> Chosen:
    return choose(question(objectives), MIX, lambda carried: replicas_for(rate, carried))


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
    found = choose(fixed(max_num_seqs=32), MIX, lambda carried: replicas_for(31, carried))
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
        lambda carried: replicas_for(3, carried),
    )
    assert any(one.candidate.profile.max_num_seqs < 1024 for one in found.tried)
