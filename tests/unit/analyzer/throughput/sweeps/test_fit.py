"""Step times that give the latencies of a sweep."""

from dataclasses import replace

import pytest

from analyzer.engine import StepTimes
from analyzer.errors import TooLittleTraffic
from analyzer.throughput.sweeps import BenchPoint, Figures, fit
from analyzer.throughput.sweeps.expected import expected
from tests.unit.analyzer.throughput.sweeps.points import KERNELS, POINT, made

ENGINE = replace(KERNELS, a0=4.6, b0=7.0, b1=0.005, m0=2.5, outside_ms=15.0)
RATES = (2.0, 20.0, 40.0, 60.0)


def sweep(times: StepTimes = ENGINE) -> list[BenchPoint]:
    return [made(times, rate) for rate in RATES]


def test_the_latencies_that_were_measured_come_out_again() -> None:
    found = fit(sweep(), KERNELS)
    assert max(abs(each or 0) for each in (*found.itl_off, *found.ttft_off)) < 0.01
    assert found.throughput.error_share < 0.02


def test_a_load_that_was_not_measured_is_told() -> None:
    times = fit(sweep(), KERNELS).throughput.times
    truth, told = (expected(each, 0.085, 200, 64) for each in (ENGINE, times))
    assert told.itl == pytest.approx(truth.itl, rel=0.03)
    assert told.ttft == pytest.approx(truth.ttft, rel=0.03)


def test_what_the_client_sees_besides_is_told_from_what_the_engine_does() -> None:
    assert fit(sweep(), KERNELS).throughput.times.outside_ms == pytest.approx(15.0, abs=1.0)


def test_a_step_that_was_decided_on_before_is_not_outside_the_engine() -> None:
    newer = [made(ENGINE, rate, version="0.20.2") for rate in RATES]
    assert fit(newer, KERNELS).throughput.times.outside_ms == pytest.approx(15.0, abs=1.0)
    assert fit([replace(each, version="0.13.0") for each in newer], KERNELS).throughput.times.outside_ms > 17
    assert fit([replace(each, backend="tgi") for each in newer], KERNELS).throughput.times.outside_ms > 17


def test_no_time_is_below_zero() -> None:
    slower_at_night = [replace(point, itl=Figures((point.itl.mean or 0) * 1.5)) for point in sweep()[:1]]
    assert min(fit([*slower_at_night, *sweep()[1:]], KERNELS).throughput.times.values) >= 0


def test_saturated_points_have_no_say() -> None:
    saturated = replace(POINT, load=150.0, rps=101.0, itl=Figures(19.4), ttft=Figures(3000.0))
    assert fit([*sweep(), saturated], KERNELS).throughput == fit(sweep(), KERNELS).throughput


def test_one_length_leaves_the_cost_of_a_token_to_arithmetic() -> None:
    found = fit(sweep(), KERNELS).throughput
    assert (found.times.a1, found.times.a2, found.times.b2) == (KERNELS.a1, KERNELS.a2, KERNELS.b2)
    assert found.detail.endswith("a1, a2, b2 and the overlap are reckoned from model and GPU.")


def test_many_lengths_tell_the_cost_of_a_token() -> None:
    slower = replace(ENGINE, a1=0.05, overlap_ms=0.0)
    lengths = (100.0, 400.0, 1000.0, 2000.0, 4000.0, 8000.0)
    points = [made(slower, 0.5, isl, 64) for isl in lengths] + [made(slower, 4.0, isl, 64) for isl in lengths[:4]]
    found = fit(points, replace(KERNELS, overlap_ms=0.0)).throughput
    assert found.times.prefill_ms(4000) == pytest.approx(slower.prefill_ms(4000), rel=0.1)


def test_two_points_are_fitted_and_not_trusted() -> None:
    found = fit(sweep()[:2], KERNELS)
    assert max(abs(each or 0) for each in found.itl_off) < 0.02
    assert found.throughput.error_share == 0.4


def test_the_error_is_at_least_what_the_last_point_is_missed_by() -> None:
    odd = [*sweep()[:3], replace(sweep()[3], itl=Figures(2 * (sweep()[3].itl.mean or 0)))]
    assert fit(odd, KERNELS).throughput.error_share > 0.3


def test_it_is_said_how_much_was_measured() -> None:
    found = fit(sweep(), KERNELS).throughput
    assert (found.source, found.requests) == ("sweep", 4000)
    assert found.largest_batch == pytest.approx(expected(ENGINE, 0.06, 200, 64).decoding, rel=0.05)
    assert found.detail.startswith("Fitted to 4 points of a benchmark below saturation, 2 to 60 requests/s a replica")


def test_decoding_without_arrivals_is_fitted_by_its_batches() -> None:
    grid = [
        replace(
            POINT,
            isl_mean=context,
            osl_mean=None,
            rps=None,
            load=None,
            load_kind=None,
            conc=float(batch),
            ttft=Figures(),
            e2e=Figures(),
            itl=Figures(ENGINE.decode_ms(batch, batch * context)),
        )
        for batch in (1, 8, 32, 128)
        for context in (500.0, 1000.0, 2000.0, 4000.0, 8000.0)
    ]
    times = fit(grid, KERNELS).throughput.times
    assert times.decode_ms(64, 64 * 3000) == pytest.approx(ENGINE.decode_ms(64, 64 * 3000), rel=0.02)


def test_a_sweep_that_is_saturated_throughout_says_what_to_do() -> None:
    with pytest.raises(TooLittleTraffic, match=r"No point of .* is below saturation"):
        fit([replace(POINT, load=200.0)], KERNELS)
