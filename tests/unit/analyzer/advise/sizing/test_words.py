from dataclasses import replace

import pytest

from analyzer.advise.sized import Objectives
from analyzer.advise.sizing import words
from analyzer.advise.sizing.choose import Judged, choose
from analyzer.advise.sizing.mix import of_point
from analyzer.engine import complete
from analyzer.replay.checking import Checked, Compared, unchecked
from tests.unit.analyzer.advise.sizing.questions import first_judged, one_gpu, question

MIX = of_point(2000, 200)


@pytest.fixture(scope="module")
def judged() -> Judged:
    return first_judged(MIX)


def test_objectives_are_written_with_their_percentile() -> None:
    assert words.objectives(Objectives(500, 50, None, 99)) == "TTFT p99 ≤ 500 ms, ITL p99 ≤ 50 ms"
    assert words.objectives(Objectives()) == ""


def test_a_model_of_an_engine_says_what_it_is(judged: Judged) -> None:
    said = words.confidence(judged)
    assert said.startswith("step times ± 30 %")
    assert "no measurement of yours confirms" in said


def test_measured_times_say_from_how_many_requests_and_beyond_which_load_they_are_stretched(judged: Judged) -> None:
    live = replace(judged.throughput, source="live", error_share=0.1, requests=5000, largest_batch=20.0)
    said = words.confidence(replace(judged, candidate=replace(judged.candidate, throughput=live)))
    assert "from 5,000 measured requests" in said
    assert "of which at most 20 were measured" in said
    stretched = replace(judged, candidate=replace(judged.candidate, throughput=live))
    assert stretched.beyond == pytest.approx(stretched.running / 20)
    assert judged.beyond == 1
    assert "too wide to buy" not in said


def test_a_simulation_that_misses_what_was_recorded_is_of_low_confidence(judged: Judged) -> None:
    first = {"ttft_ms": {"p50": Compared(100, 150), "p95": Compared(200, 200)}}
    left = {"ttft_ms": {"p50": Compared(100, 120), "p95": Compared(200, 280)}}
    said = words.confidence(judged, Checked(first, left, 0.5, 1.0, judged.throughput.times))
    assert said.startswith("low confidence: ")
    assert "is off by 50 % (p50) and 0 % (p95), so reading was scaled by 0.50" in said
    assert said.endswith("then it is off by 20 % (p50) and 40 % (p95)")
    near = {"ttft_ms": {"p50": Compared(100, 110), "p95": Compared(200, 200)}}
    assert "low confidence" not in words.confidence(judged, Checked(near, near, 1.0, 1.0, judged.throughput.times))
    nothing = words.confidence(judged, Checked(first, first, 1.0, 1.0, judged.throughput.times))
    assert nothing.endswith("so it is not to be relied on")
    assert words.confidence(judged, unchecked(judged.throughput.times)) == words.confidence(judged)


def test_what_cannot_be_kept_is_said_with_the_best_choice_of_all() -> None:
    tight = Objectives(ttft_ms=5, itl_ms=1, percentile=95)
    found = choose(question(tight), MIX, one_gpu)
    said = words.unreachable(question(tight), found.tried)
    assert "TTFT p95 ≤ 5 ms (the best is" in said
    assert "with tp 8" in said
    assert "ITL p95 ≤ 1 ms (the best is" in said


def test_a_profile_that_is_split_over_gpus_without_nvlink_is_a_warning() -> None:
    asked = question(gpu="l40s")
    wide = [replace(asked, fixed=complete(asked.model, asked.gpu, tp=tp)) for tp in (2, 4)]
    assert words.split(wide[0]) == words.split(asked) == ""
    assert words.split(wide[1]).startswith(" Mind that tp 4 needs NVLink, which l40s lacks")


def test_a_prefix_cache_of_which_the_records_tell_nothing_is_a_warning(judged: Judged) -> None:
    limits, records = judged.candidate.limits, replace(MIX, cache_told=0.0)
    assert limits.prefix_caching
    assert "prefix caching is on and no record tells how many input tokens were cached" in words.untold(records, limits)
    assert "only 40 % of the records tell" in words.untold(replace(MIX, cache_told=0.4), limits)
    assert words.untold(records, replace(limits, prefix_caching=False)) == ""
    assert words.untold(replace(MIX, cache_told=1.0), limits) == ""
    assert words.untold(MIX, limits) == ""  # lengths that were asked for are no records


def test_requests_without_a_limit_of_their_own_are_told_where_the_engine_reserves(judged: Judged) -> None:
    reserved = replace(judged.candidate.limits, admission="reserved", max_model_len=8192)
    assert "100 % of the requests name no max_tokens" in words.untold(MIX, reserved)
    assert "up to 8,192 tokens" in words.untold(MIX, reserved)
    assert words.untold(replace(MIX, max_tokens=MIX.osl), reserved) == ""
