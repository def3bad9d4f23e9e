from dataclasses import replace

import numpy as np
import pytest

from analyzer.advise.sizing.fit import compare, corrected
from analyzer.advise.sizing.mix import of_point
from analyzer.advise.sizing.search import Engine, slower
from analyzer.advise.sizing.streams import drawn
from analyzer.engine import StepTimes
from analyzer.replay import Pool, replay
from analyzer.throughput.timings import Timings
from tests.unit.analyzer.advise.sizing.questions import H100, TABLES

MIX = of_point(1500, 150, 0.5)


def recorded(times: StepTimes, number: int = 3000, engines: int = 2) -> Timings:
    """What engines with these step times would have recorded, each with its own stream."""
    parts = []
    for engine in range(engines):
        requests = drawn(MIX, 6, number, seed=engine)
        done = replay(requests, H100.limits, times, Pool(1))
        parts.append((requests, done, np.full(number, engine)))
    join = np.concatenate
    yes = np.ones(number * engines, dtype=bool)
    return Timings(
        arrival_us=join([one.arrival_us for one, _, _ in parts]),
        isl=join([one.isl for one, _, _ in parts]),
        cached=join([one.cached for one, _, _ in parts]),
        osl=join([one.osl for one, _, _ in parts]),
        ttft_us=join([(done.ttft_ms * 1000).astype(np.int64) for _, done, _ in parts]),
        e2e_us=join([(done.e2e_ms * 1000).astype(np.int64) for _, done, _ in parts]),
        completed=yes,
        counted=yes,
        engine=join([number for _, _, number in parts]),
        requests=number * engines,
    )


def test_the_engine_that_was_recorded_is_simulated_without_error() -> None:
    found = compare(recorded(TABLES), H100)
    assert found is not None
    assert found.error.p50_share < 0.01
    assert found.error.p95_share < 0.01
    assert found.trusted


def test_an_engine_that_is_slower_than_its_model_is_not_trusted_and_is_corrected() -> None:
    timings = recorded(slower(TABLES, 1.5))
    found = compare(timings, H100)
    assert found is not None
    assert found.error.p50_share > 0.25
    assert not found.trusted
    made = corrected(timings, H100, found)
    assert compare(timings, replace(H100, times=made.times)) == made.compared
    assert made.compared.error.p50_share < 0.05
    assert (made.prefill, made.decode) == (pytest.approx(1.5, rel=0.1), pytest.approx(1.5, rel=0.1))


def test_only_what_writes_is_corrected_where_only_that_was_wrong() -> None:
    writes = replace(TABLES, b0=1.8 * TABLES.b0, b1=1.8 * TABLES.b1, b2=1.8 * TABLES.b2)
    timings = recorded(writes)
    found = compare(timings, H100)
    assert found is not None
    made = corrected(timings, H100, found)
    assert (made.prefill, made.decode) == (pytest.approx(1, abs=0.1), pytest.approx(1.8, rel=0.1))


def test_replicas_behind_one_address_are_simulated_together() -> None:
    requests = drawn(MIX, 24, 3000)
    done = replay(requests, H100.limits, TABLES, Pool(4))
    yes = np.ones(3000, dtype=bool)
    times = [(each * 1000).astype(np.int64) for each in (done.ttft_ms, done.e2e_ms)]
    timings = Timings(
        requests.arrival_us, requests.isl, requests.cached, requests.osl, *times, yes, yes, np.zeros(3000, int), 3000
    )
    together, alone = compare(timings, H100, Pool(4)), compare(timings, H100)
    assert together is not None
    assert alone is not None
    assert together.error.p95_share < 0.01
    assert alone.error.p50_share > 1


def test_a_correction_stays_within_half_and_double() -> None:
    timings = recorded(slower(TABLES, 6), 400)
    found = compare(timings, H100)
    assert found is not None
    made = corrected(timings, H100, found)
    assert (made.times.a1, made.times.b0) == (pytest.approx(2 * TABLES.a1), pytest.approx(2 * TABLES.b0))
    assert not made.compared.trusted


def test_too_few_requests_compare_nothing() -> None:
    assert compare(recorded(TABLES, 40), H100) is None


def test_requests_without_times_load_the_engine_and_are_not_compared() -> None:
    timings = recorded(TABLES, 400, 1)
    unknown = timings.ttft_us.copy()
    unknown[:350] = -1
    assert compare(replace(timings, ttft_us=unknown), Engine(H100.limits, TABLES)) is None
