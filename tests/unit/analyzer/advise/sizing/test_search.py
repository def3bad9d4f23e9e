import numpy as np
import pytest

from analyzer.advise.sized import Objectives
from analyzer.advise.sizing.mix import Mix, of_point
from analyzer.advise.sizing.search import FULL, QUICK, Capacity, Engine, capacity, run, saturation, slower
from analyzer.engine import EngineLimits
from analyzer.replay import Pool
from tests.unit.analyzer.advise.sizing.questions import H100, TABLES, WITHIN

POINT = of_point(2000, 200)


def spread() -> Mix:
    """Log-normal lengths with means of 2000 and 200 and σ of 0.8 and 0.7."""
    wide, long = of_point(2000, 10, 0.8), of_point(10, 200, 0.7)
    return Mix(wide.isl, np.random.default_rng(1).permutation(long.osl), wide.max_tokens, wide.cached, "wide")


@pytest.mark.parametrize(
    ("mix", "percentile", "per_eight", "within"),
    [
        # an independent simulation of the same tables, eight independent replicas, TTFT ≤ 500 ms, Poisson arrivals
        (POINT, 95.0, 106.9, 0.07),
        (POINT, 99.0, 104.4, 0.07),
        (spread(), 95.0, 88.1, 0.16),
        (spread(), 99.0, 57.8, 0.30),
    ],
    ids=["constant p95", "constant p99", "log-normal p95", "log-normal p99"],
)
def test_capacity_is_that_of_an_independent_simulation(
    mix: Mix, percentile: float, per_eight: float, within: float
) -> None:
    found = capacity(mix, H100, Objectives(ttft_ms=500, percentile=percentile), FULL)
    assert found.rps is not None
    assert 8 * found.rps == pytest.approx(per_eight, rel=within)


def test_what_varies_in_length_carries_less_than_what_is_all_alike() -> None:
    alike, wide = capacity(POINT, H100, WITHIN, QUICK), capacity(spread(), H100, WITHIN, QUICK)
    assert alike.rps
    assert wide.rps
    assert wide.rps < 0.95 * alike.rps


def test_bursts_cost_capacity() -> None:
    calm, bursts = (capacity(spread(), H100, WITHIN, QUICK, dispersion).rps for dispersion in (1.0, 4.0))
    assert calm
    assert bursts
    assert bursts < 0.75 * calm


def test_saturation_is_what_the_step_times_allow_at_a_full_cache() -> None:
    # 213 requests at once: 1 / (44.2 ms + 200 · (6.63 + 213 · (0.0074 + 2100 · 4.27e-5)) / 213)
    assert saturation(POINT, H100, FULL) == pytest.approx(14.35, rel=0.03)


def test_without_objectives_the_capacity_is_the_saturation() -> None:
    found = capacity(POINT, H100, Objectives(), QUICK)
    assert found.rps == found.saturation_rps


def test_an_objective_that_no_load_keeps_is_named_with_the_best_that_there_is() -> None:
    found = capacity(POINT, H100, Objectives(ttft_ms=10, itl_ms=50, percentile=95), QUICK)
    assert (found.rps, found.missed) == (None, ("ttft",))
    assert 40 < found.at.ttft_ms < 80


def test_a_request_that_never_fits_the_cache_is_carried_by_nothing() -> None:
    tiny = Engine(EngineLimits(8, 2048, True, 1000, 4096), TABLES)  # chunked prefill
    found = capacity(POINT, tiny, WITHIN, QUICK)
    assert (found.rps, found.saturation_rps) == (0.0, 0.0)


def test_slower_steps_carry_less_in_proportion() -> None:
    half = Engine(H100.limits, slower(TABLES, 2.0))
    assert saturation(POINT, half, QUICK) == pytest.approx(saturation(POINT, H100, QUICK) / 2, rel=0.01)


def test_the_same_question_has_the_same_answer() -> None:
    def once() -> Capacity:
        return capacity(spread(), H100, WITHIN, QUICK)

    assert once() == once()


def test_a_run_lasts_at_least_twenty_lives_of_a_request() -> None:
    long = of_point(250, 4000)
    seen = run(long, H100, 0.5, 95, QUICK, Pool(1))
    assert seen.lives >= 20


def test_rates_per_gpu_differ_by_the_pattern_much_more_than_by_knobs() -> None:
    # with other tables the same 250/50 and 3500/800 came to 127 and 3.34 requests/s, 38 times less
    promised = Objectives(ttft_ms=500, itl_ms=50, percentile=95)
    short, long = (capacity(of_point(*lengths, 0.5), H100, promised, QUICK).rps for lengths in ((250, 50), (3500, 800)))
    assert short
    assert long
    assert short / long > 20


def test_a_wrong_limit_of_requests_is_expensive_for_long_answers() -> None:
    promised, mix = Objectives(ttft_ms=500, itl_ms=50, percentile=95), of_point(250, 800, 0.5)
    few = Engine(EngineLimits(64, 8192, True, 448_675, 131_072), TABLES)  # chunked prefill
    wrong, right = (capacity(mix, one, promised, QUICK).rps for one in (few, H100))
    assert wrong
    assert right
    assert wrong < 0.6 * right
