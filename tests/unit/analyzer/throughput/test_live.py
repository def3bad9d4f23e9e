"""A live fit finds the step times of an engine whose step times are known, Llama-3.1-8B on an H100 as NVIDIA's tables
have it.
"""

from dataclasses import replace

import numpy as np
import pytest

from analyzer.engine import StepTimes, Throughput
from analyzer.errors import NoThroughput
from analyzer.throughput.live import fit
from analyzer.throughput.quantile import at_quantile
from analyzer.throughput.timings import Timings, new_tokens, spans
from tests.fakes.served import poisson, served

TRUE = StepTimes(4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5, outside_ms=3.0)
PRIOR = Throughput(TRUE, "aiconfigurator", "NVIDIA's tables.", 0.3)


@pytest.fixture(scope="module", params=[1, 4, 8, 11])
def traffic(request: pytest.FixtureRequest) -> Timings:
    return served(poisson(request.param, 1500), TRUE)


def test_the_time_of_a_decode_step_is_found_within_five_percent_far_beyond_what_ran(traffic: Timings) -> None:
    found = fit(traffic).times
    for batch in (1, 32, 64, 128):
        assert found.decode_ms(batch, 2100 * batch) == pytest.approx(TRUE.decode_ms(batch, 2100 * batch), rel=0.05)


def test_the_time_to_the_first_token_is_found_within_six_percent_for_long_prompts(traffic: Timings) -> None:
    found = fit(traffic).times
    for isl in (2000, 6000):
        whole = found.prefill_ms(isl) + found.outside_ms
        assert whole == pytest.approx(TRUE.prefill_ms(isl) + TRUE.outside_ms, rel=0.1)


def test_a_lower_quantile_finds_the_slope_that_a_plain_fit_takes_for_steeper(traffic: Timings) -> None:
    """Ordinary least squares are 5 to 19 % too steep at 1 to 11 requests a second, the quantile at most 3 % off."""
    new, span, ttft = new_tokens(traffic), spans(traffic), traffic.ttft_us / 1000
    one = np.ones_like(new)
    true = np.polyfit(new, TRUE.a1 * new + TRUE.a2 * span, 1)[0]
    assert 1.03 < np.polyfit(new, ttft, 1)[0] / true < 1.25
    _, a1, a2 = at_quantile((one, new, span), ttft, 0.10)
    assert (a1 + a2 * 2000) / (TRUE.a1 + TRUE.a2 * 2000) == pytest.approx(1, abs=0.05)


def test_it_says_how_much_it_was_made_from(traffic: Timings) -> None:
    found = fit(traffic)
    assert (found.source, found.requests) == ("live", 1500)
    assert found.detail.startswith("Fitted to 1,500 recorded requests")
    assert 0.10 <= found.error_share < 0.2
    assert found.largest_batch is not None
    assert found.largest_batch > 5


def test_what_cannot_be_the_engines_is_outside() -> None:
    slow = replace(TRUE, outside_ms=80.0)
    found = fit(served(poisson(1, 600), slow)).times
    assert found.outside_ms + found.a0 == pytest.approx(80 + 4.44, abs=1)
    assert found.a0 <= found.b0


def test_a_prompt_of_one_length_takes_its_slopes_from_the_next_source() -> None:
    same = served(poisson(8, 800, sigma=(0, 0.7)), TRUE)
    found = fit(same, PRIOR)
    assert (found.times.a1, found.times.a2) == (TRUE.a1, TRUE.a2)
    assert "slope over input tokens from aiconfigurator" in found.detail
    with pytest.raises(NoThroughput, match="lengths"):
        fit(same)


def test_one_request_at_a_time_takes_the_slopes_over_concurrency_from_the_next_source() -> None:
    alone = [(30_000.0 * i, isl, osl) for i, (_, isl, osl) in enumerate(poisson(1, 300))]
    found = fit(served(alone, TRUE), PRIOR)
    assert (found.times.b1, found.times.b2) == (TRUE.b1, TRUE.b2)
    assert found.times.b0 == pytest.approx(TRUE.b0, rel=0.01)
    with pytest.raises(NoThroughput, match="different load"):
        fit(served(alone, TRUE))


def test_records_without_times_are_told() -> None:
    some = served(poisson(4, 300), TRUE)
    with pytest.raises(NoThroughput, match="record streamed answers"):
        fit(replace(some, ttft_us=np.full(300, -1)))


def test_too_few_requests_are_told() -> None:
    some = served(poisson(4, 300), TRUE)
    with pytest.raises(NoThroughput, match=r"Only 100 requests .* record for longer"):
        fit(replace(some, completed=np.arange(300) < 100))
    with pytest.raises(NoThroughput, match=r"Only 0 requests have two tokens .* record for longer"):
        fit(replace(some, osl=np.ones(300, np.int64)))


def test_a_sample_is_told() -> None:
    assert "1,500 of them looked at" in fit(replace(served(poisson(4, 1500), TRUE), requests=90_000)).detail


def test_requests_that_only_were_in_the_way_are_not_fitted() -> None:
    some = served(poisson(4, 900), TRUE)
    edge = replace(some, counted=np.arange(900) >= 300)
    assert fit(edge).requests == 600
