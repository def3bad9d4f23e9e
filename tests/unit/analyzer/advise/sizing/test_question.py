from dataclasses import replace

import pytest

from analyzer.advise.sizing.question import candidates
from analyzer.engine import ServingProfile, Throughput
from analyzer.errors import DoesNotFit, NoThroughput
from tests.unit.analyzer.advise.sizing.questions import fixed, question, times


def test_every_way_to_split_the_model_is_a_candidate_with_its_limits() -> None:
    able, refused = candidates(question(), 2100)
    assert [one.profile.tp for one in able] == [1, 2, 4, 8]
    assert refused == ()
    assert able[0].limits.kv_pool_tokens == able[0].memory.pool_tokens
    assert able[1].limits.kv_pool_tokens > 2 * able[0].limits.kv_pool_tokens


def test_what_cannot_run_is_refused_with_the_reason() -> None:
    able, refused = candidates(question(gpu="l40s"), 2100)
    assert [one.profile.tp for one in able] == [1, 2]
    assert [(one.tp, "NVLink" in one.why) for one in refused] == [(4, True), (8, True)]


def test_a_model_that_fits_nowhere_is_told_with_every_reason() -> None:
    with pytest.raises(DoesNotFit, match=r"there is no way to split it that can be sized: tp 1 puts"):
        candidates(question(gpu="l4", model="meta-llama/Llama-3.1-405B-Instruct"), 2100)


def test_a_fixed_profile_is_the_only_candidate() -> None:
    able, refused = candidates(fixed(tp=2, max_num_seqs=64), 2100)
    assert [(one.profile.tp, one.limits.max_num_seqs) for one in able] == [(2, 64)]
    assert refused == ()


def test_the_engine_s_own_figure_of_its_cache_goes_before_the_reckoning() -> None:
    able, _ = candidates(replace(fixed(), told_pool_tokens=400_000), 2100)
    assert able[0].limits.kv_pool_tokens == 400_000


def test_a_profile_of_which_no_times_are_known_is_refused() -> None:
    def measured(profile: ServingProfile) -> Throughput:
        if profile.tp != 2:
            raise NoThroughput(f"No sweep of tp {profile.tp}.")
        return times(profile)

    able, refused = candidates(replace(question(), times=measured), 2100)
    assert [one.profile.tp for one in able] == [2]
    assert [one.why for one in refused] == ["No sweep of tp 1.", "No sweep of tp 4.", "No sweep of tp 8."]
