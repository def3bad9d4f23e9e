from dataclasses import replace

import pytest

from analyzer.engine import StepTimes, Throughput
from analyzer.throughput.live_expected import expected

KERNELS = StepTimes(0, 0.025, 4.4e-7, 0, 0, 4.25e-5, overlap_ms=4.9)
TABLES = StepTimes(4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5, m0=4.0)


def test_what_gpu_and_model_say_goes_before_tables_of_whole_steps() -> None:
    found = expected(7.0, (0, 0), Throughput(TABLES, "aiconfigurator", "", 0.66), KERNELS)
    assert (found.times.a1, found.times.b2, found.times.overlap_ms) == (0.025, 4.25e-5, 4.9)
    assert (found.times.b0, found.times.b1, found.times.m0) == (7.0, 0.0074, 0.0)
    assert found.widths.a1 == pytest.approx(0.4 * 0.025)


def test_a_sweep_of_the_same_setup_goes_before_both() -> None:
    swept = replace(TABLES, overlap_ms=3.0)
    assert expected(7.0, (0, 0), Throughput(swept, "sweep", "", 0.1), KERNELS).times == replace(swept, b0=7.0)


def test_where_nothing_is_known_the_slopes_of_ttft_are_and_much_is_left_open() -> None:
    found = expected(7.0, (0.02, 0.0), None, None)
    assert (found.times.a1, found.times.overlap_ms) == (0.02, 3.5)
    assert found.widths.a1 == 0.02
    assert found.widths.overlap_ms == 7.0


def test_nothing_that_can_be_found_has_no_width() -> None:
    for known in (expected(7.0, (0.02, 0.0), None, None), expected(7.0, (0, 0), None, KERNELS)):
        assert all(getattr(known.widths, name) > 0 for name in ("b0", "b1", "b2", "m0", "a1", "a2", "overlap_ms"))
