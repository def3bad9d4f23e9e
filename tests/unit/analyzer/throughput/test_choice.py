"""The best source is chosen, and it is told why better ones were not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analyzer import engine
from analyzer.engine import StepTimes, Throughput
from analyzer.errors import TooLittleTraffic
from analyzer.throughput import grids
from analyzer.throughput.aiconfigurator import collected, grid_key
from analyzer.throughput.choice import Chosen, PassedOver, blended, choose
from analyzer.throughput.timings import Timings
from tests.fakes.profiles import LLAMA_8B
from tests.fakes.served import poisson, served
from tests.fakes.tables import FormulaTables

TRUE = StepTimes(4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5, outside_ms=3.0)
MODEL, L4, H100 = engine.model(LLAMA_8B.model), engine.gpu("l4"), engine.gpu("h100-sxm")
SWEEP = Throughput(TRUE, "sweep", "Seven points of a sweep.", 0.2, requests=700, largest_batch=90)


def on_l4(**sources: object) -> Chosen:
    """What is chosen where NVIDIA's tables have nothing."""
    return choose(replace(LLAMA_8B, gpu="l4"), MODEL, L4, **sources)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def traffic() -> Timings:
    return served(poisson(4, 600), TRUE)


def no_points() -> Throughput:
    raise TooLittleTraffic("All points of the sweep are saturated.")


def test_without_anything_else_the_roofline_answers() -> None:
    found = on_l4()
    assert found.throughput.source == "roofline"
    assert [each.source for each in found.passed_over] == ["aiconfigurator"]


def test_a_kept_grid_goes_before_the_roofline(tmp_path: Path) -> None:
    grids.write(collected(FormulaTables(TRUE), grid_key(LLAMA_8B, MODEL, H100), 131_072), tmp_path)
    found = choose(LLAMA_8B, MODEL, H100, grids=tmp_path)
    assert (found.throughput.source, found.passed_over) == ("aiconfigurator", ())


def test_a_sweep_goes_before_what_is_computed() -> None:
    assert on_l4(sweep=lambda: SWEEP) == Chosen(SWEEP, ())


def test_a_sweep_that_says_nothing_is_passed_over_with_its_reason() -> None:
    found = on_l4(sweep=no_points)
    assert found.throughput.source == "roofline"
    assert found.passed_over[0] == PassedOver("sweep", "All points of the sweep are saturated.")


def test_live_records_go_before_what_is_computed(traffic: Timings) -> None:
    found = on_l4(timings=traffic)
    assert (found.throughput.source, found.throughput.requests, found.passed_over) == ("live", 600, ())


def test_live_records_without_times_are_passed_over(traffic: Timings) -> None:
    found = on_l4(timings=replace(traffic, ttft_us=np.full(600, -1)))
    assert found.throughput.source == "roofline"
    assert [each.source for each in found.passed_over] == ["live", "aiconfigurator"]
    assert "record streamed answers" in found.passed_over[0].reason


def test_live_records_and_a_sweep_are_blended(traffic: Timings) -> None:
    found = on_l4(timings=traffic, sweep=lambda: SWEEP).throughput
    assert (found.source, found.requests, found.largest_batch) == ("live", 1300, 90)
    assert found.detail.startswith("Blended by inverse variance: 64 % live (Fitted to 600 recorded")
    assert found.error_share == pytest.approx(0.12)


def test_what_is_stated_goes_before_everything(traffic: Timings) -> None:
    stated = replace(SWEEP, source="stated")
    assert on_l4(stated=stated, timings=traffic) == Chosen(stated, ())


def test_a_blend_lies_nearer_to_the_surer_source() -> None:
    slow = replace(SWEEP, times=StepTimes(*(2 * value for value in TRUE.values)), error_share=0.4)
    found = blended((slow, SWEEP))
    assert found.source == "sweep"
    assert found.times.values == pytest.approx([1.2 * value for value in TRUE.values])
    assert found.error_share == pytest.approx((1 / 0.4**2 + 1 / 0.2**2) ** -0.5)


def test_one_source_alone_stays_as_it_is_and_none_is_no_blend() -> None:
    assert blended((SWEEP,)) is SWEEP
    with pytest.raises(ValueError, match="no source"):
        blended(())
