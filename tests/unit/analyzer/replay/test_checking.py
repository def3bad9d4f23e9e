"""Whether a simulation comes near to what was recorded, and what is done where not."""

from dataclasses import replace

import numpy as np
import pytest

from analyzer.engine import EngineLimits, StepTimes
from analyzer.replay import Pool, replay
from analyzer.replay.checking import CORRECTED, Checked, check, off, settled, unchecked
from analyzer.replay.outcome import scaled
from analyzer.throughput.timings import Timings
from tests.fakes.replays import LIMITS, TIMES, recorded, requests, timings


def checked(known: Timings, times: StepTimes, replicas: int = 2) -> Checked:
    return check(known, LIMITS, times, replicas, "least_outstanding")


@pytest.fixture(scope="module")
def known() -> Timings:
    """What two engines behind one address recorded."""
    return timings(recorded())


def two_addresses(times: StepTimes, number: int = 2000) -> Timings:
    """What two engines with addresses of their own recorded, each its own stream."""
    parts = []
    for engine in range(2):
        sent = requests(number, 3, seed=engine)
        done = replay(sent, LIMITS, times, Pool(1))
        parts.append([sent.arrival_us, sent.isl, sent.cached, sent.osl, done.ttft_ms * 1000, done.e2e_ms * 1000])
    columns = [np.concatenate(column).round().astype(np.int64) for column in zip(*parts, strict=True)]
    yes = np.ones(2 * number, np.bool_)
    return Timings(*columns, yes, yes, np.repeat([0, 1], number), 2 * number)


def test_the_right_step_times_need_no_correction(known: Timings) -> None:
    found = checked(known, TIMES)
    assert found.accepted
    assert (found.prefill, found.decode, found.times) == (1, 1, TIMES)
    assert max(abs(each.error) for quantiles in found.first.values() for each in quantiles.values()) < 1e-3
    assert 3600 <= found.requests < 4000  # all but the warm-up


@pytest.mark.parametrize("factor", [0.6, 1.7])
def test_step_times_that_are_off_are_corrected_to_the_recorded_medians(known: Timings, factor: float) -> None:
    found = checked(known, scaled(TIMES, factor, factor))
    assert not found.accepted
    assert (found.prefill, found.decode) == (pytest.approx(1 / factor, rel=0.1), pytest.approx(1 / factor, rel=0.1))
    assert off(found.corrected, "p50") < 0.05
    assert found.times == scaled(scaled(TIMES, factor, factor), found.prefill, found.decode)


@pytest.mark.parametrize(("prefill", "decode"), [(1, 1.8), (1.8, 1)])
def test_only_what_is_off_is_corrected(known: Timings, prefill: float, decode: float) -> None:
    found = checked(known, scaled(TIMES, prefill, decode))
    assert (found.prefill, found.decode) == (pytest.approx(1 / prefill, abs=0.1), pytest.approx(1 / decode, abs=0.1))


def test_no_correction_goes_beyond_twice_or_half(known: Timings) -> None:
    found = checked(known, scaled(TIMES, 6, 6))
    assert found.decode == CORRECTED[0]
    assert CORRECTED[0] <= found.prefill <= 1
    assert not found.accepted
    slow = checked(timings(recorded(times=scaled(TIMES, 5, 5), rps=2)), TIMES)
    assert (slow.prefill, slow.decode) == (2, 2)


@pytest.mark.parametrize("prefill", [0.3, 0.7, 1.4, 3])
@pytest.mark.parametrize("decode", [0.3, 0.7, 1.4, 3])
@pytest.mark.parametrize("rps", [3.0, 14.0])
def test_a_correction_never_makes_the_error_larger(prefill: float, decode: float, rps: float) -> None:
    known = timings(recorded(1500, rps, times=scaled(TIMES, prefill, decode)))
    found = checked(known, TIMES)
    for label in ("p50", "p95"):
        assert off(found.corrected, label) <= off(found.first, label)
    assert all(CORRECTED[0] <= factor <= CORRECTED[1] for factor in (found.prefill, found.decode))


def test_an_error_that_no_scale_explains_makes_nothing_worse() -> None:
    """Requests that waited for something else than the engine, and answers of which a tenth stalled."""
    generator = np.random.default_rng(4)
    known = timings(recorded(3000))
    late = known.ttft_us + (generator.lognormal(5, 1.5, 3000) * 1000).astype(np.int64)
    stalled = np.where(generator.random(3000) < 0.1, 5_000_000, 0)
    found = checked(replace(known, ttft_us=late, e2e_us=known.e2e_us + (late - known.ttft_us) + stalled), TIMES)
    assert not found.accepted
    for label in ("p50", "p95"):
        assert off(found.corrected, label) <= off(found.first, label)


def test_engines_with_addresses_of_their_own_are_simulated_one_by_one() -> None:
    found = checked(two_addresses(TIMES), TIMES, replicas=2)
    assert found.accepted
    assert off(found.first, "p95") < 1e-3
    # two replicas behind each would have less to do
    assert off(checked(two_addresses(TIMES), TIMES, replicas=4).first, "p50") > 0.02


def test_what_was_asked_for_counts_where_it_is_reserved() -> None:
    limits = EngineLimits(64, 8192, True, 12_000, 8192, "reserved")  # chunked prefill
    sent = replace(requests(1500, 2), max_tokens=np.full(1500, 1200))
    done = replay(sent, limits, TIMES, Pool(1))
    took = [(each * 1000).round().astype(np.int64) for each in (done.ttft_ms, done.e2e_ms)]
    yes, nowhere = np.ones(1500, np.bool_), np.zeros(1500, np.int64)
    known = Timings(sent.arrival_us, sent.isl, sent.cached, sent.osl, *took, yes, yes, nowhere, 1500, sent.max_tokens)
    assert check(known, limits, TIMES, 1, "round_robin").accepted
    assert not check(replace(known, max_tokens=None), limits, TIMES, 1, "round_robin").accepted


def test_what_ended_without_a_token_was_no_work_and_is_not_simulated(known: Timings) -> None:
    failed = replace(
        known,
        isl=np.where(np.arange(4000) % 2, known.isl, 100_000),
        osl=np.where(np.arange(4000) % 2, known.osl, 0),
        completed=np.arange(4000) % 2 == 1,
    )
    alone = replace(known, **{name: getattr(known, name)[1::2] for name in Timings.__slots__ if name != "requests"})
    assert checked(failed, TIMES) == checked(alone, TIMES)


def test_requests_that_are_only_in_the_way_of_others_are_simulated_and_not_compared(known: Timings) -> None:
    beside = replace(known, counted=np.arange(4000) < 500)
    found = checked(beside, TIMES)
    assert found.accepted
    assert 100 <= found.requests <= 500


def test_records_without_latency_cannot_be_compared(known: Timings) -> None:
    nothing = np.full(len(known), -1)
    found = checked(replace(known, ttft_us=nothing, e2e_us=nothing), TIMES)
    assert found == unchecked(TIMES)
    assert (found.first, found.accepted, found.times) == ({}, False, TIMES)


def test_too_few_requests_compare_nothing() -> None:
    assert checked(timings(recorded(60)), TIMES).first == {}


def test_a_simulation_that_begins_empty_has_settled_after_five_mean_times_or_a_tenth() -> None:
    arrival = np.arange(1000, dtype=np.int64) * 1_000_000
    assert settled(arrival, np.full(1000, 4000.0)).argmax() == 20
    assert settled(arrival, np.full(1000, 90_000.0)).argmax() == 100
    assert settled(arrival, np.full(1000, np.nan)).all()
