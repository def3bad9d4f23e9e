"""Profiles with their limits and step times."""

from dataclasses import replace
from pathlib import Path

import pytest

from analyzer import engine
from analyzer.engine import ServingProfile
from analyzer.errors import DoesNotFit, UnreadableRecords
from analyzer.profiles import Placed
from analyzer.replay.checking import check, unchecked
from analyzer.replay.outcome import scaled
from analyzer.replay.setups import carried_over, checked, reckon, setup, today
from tests.fakes.replays import LIMITS, PROFILE, TIMES, recorded, requests, throughput, timings


def placed(profile: ServingProfile) -> Placed:
    return Placed(profile, engine.model(profile.model), engine.gpu(profile.gpu))


def test_limits_follow_from_the_profile_and_the_memory() -> None:
    made = setup(placed(PROFILE), throughput(), requests(100, 5.0))
    assert (made.limits.max_num_seqs, made.limits.admission) == (256, "as_used")
    assert 300_000 < made.limits.kv_pool_tokens < 500_000
    assert setup(placed(PROFILE), throughput(), requests(100, 5.0), 77_000).limits.kv_pool_tokens == 77_000


def test_a_model_that_does_not_fit_is_refused() -> None:
    with pytest.raises(DoesNotFit):
        setup(placed(replace(PROFILE, model="meta-llama/Llama-3.1-70B")), throughput(), requests(100, 5.0))


def test_records_tell_the_step_times_of_today() -> None:
    found = today(placed(replace(PROFILE, replicas=1)), timings(recorded(6000, 4.0, replicas=1)))
    assert found.source == "live"
    assert found.times.a1 == pytest.approx(TIMES.a1, rel=0.25)
    assert found.times.decode_ms(8, 8000) == pytest.approx(TIMES.decode_ms(8, 8000), rel=0.15)


def test_replicas_that_records_do_not_tell_apart_share_what_was_in_flight() -> None:
    known = timings(recorded(6000, 4.0, replicas=4))
    one, four = today(placed(replace(PROFILE, replicas=1)), known), today(placed(replace(PROFILE, replicas=4)), known)
    assert four.times.decode_ms(32, 32_000) == pytest.approx(TIMES.decode_ms(32, 32_000), rel=0.1)
    assert one.times.decode_ms(32, 32_000) < 0.9 * TIMES.decode_ms(32, 32_000)
    assert (four.largest_batch or 0) == pytest.approx(1 + ((one.largest_batch or 0) - 1) / 4)
    assert "do not tell replicas apart" in four.detail


def test_without_latency_the_step_times_are_computed() -> None:
    computed = {"aiconfigurator", "roofline"}
    assert today(placed(PROFILE), None).source in computed
    assert today(placed(PROFILE), timings(recorded(100))).source in computed


def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecords):
        today(placed(PROFILE), None, tmp_path / "none.parquet")


def test_other_limits_leave_the_step_times_as_they_are() -> None:
    known = throughput()
    assert carried_over(known, placed(PROFILE), placed(replace(PROFILE, replicas=9, max_num_seqs=8))) is known


def test_smaller_weights_change_step_times_as_the_roofline_does() -> None:
    other = replace(PROFILE, weights="fp8")
    found = carried_over(throughput(), placed(PROFILE), placed(other))
    assert found.times.b0 / TIMES.b0 == pytest.approx(reckon(placed(other)).times.b0 / reckon(placed(PROFILE)).times.b0)
    assert found.times.b0 < TIMES.b0
    assert found.error_share == pytest.approx(0.4)


def test_what_runs_today_is_checked_by_its_records_with_the_limits_of_its_profile() -> None:
    on = engine.model(PROFILE.model), engine.gpu(PROFILE.gpu)
    known = timings(recorded(times=scaled(TIMES, 1.6, 1.6)))
    found = checked(PROFILE, throughput(), known, on)
    limits = setup(placed(PROFILE), throughput(), recorded().requests).limits
    assert found == check(known, limits, TIMES, 2, "least_outstanding")
    assert found.decode == pytest.approx(1.6, rel=0.1)
    assert limits.max_num_seqs == LIMITS.max_num_seqs
    assert checked(PROFILE, throughput(), None, on) == unchecked(TIMES)
    with pytest.raises(DoesNotFit):
        checked(replace(PROFILE, max_model_len=100_000), throughput(), known, on, 50_000)
