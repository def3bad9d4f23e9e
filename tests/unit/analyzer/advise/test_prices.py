import pytest

from analyzer.advise.prices import (
    ApiPrice,
    GpuPrice,
    OnPrem,
    Prices,
    Traffic,
    at_api,
    costs,
    of_gpu,
    of_model,
    per_request,
)

# 10 requests/s of 900 + 100 tokens: 36 million tokens an hour
TRAFFIC = Traffic(10, 900, 100)
API = ApiPrice("x", ("org/Model",), 1.0, 11.0, "their page")
PRICES = Prices("USD", (GpuPrice("h100-sxm", "on_demand", 3.0, "a"), GpuPrice("l4", "on_demand", 1.0, "b")), (API,))


def test_gpus_cost_their_price_and_a_million_tokens_their_share_of_an_hour() -> None:
    (cost,) = costs(of_gpu(PRICES, "H100-SXM"), 12, TRAFFIC)
    assert (cost.per_hour, cost.per_million_tokens) == (36.0, pytest.approx(1.0))


def test_without_traffic_no_price_of_tokens_is_said() -> None:
    assert costs(of_gpu(PRICES, "l4"), 2, None)[0].per_million_tokens is None
    assert costs(of_gpu(PRICES, "l4"), 2, Traffic(0, 900, 100))[0].per_million_tokens is None


def test_an_api_is_found_by_any_of_its_models_names() -> None:
    assert of_model(PRICES, "ORG/model") == (API,)
    assert of_model(PRICES, "other") == ()


def test_a_request_costs_its_input_and_output_at_an_api() -> None:
    assert per_request(API, TRAFFIC) == pytest.approx((900 + 1100) / 1e6)


def test_an_api_is_compared_with_gpus_by_the_mean_load_from_which_gpus_are_cheaper() -> None:
    found = at_api(API, TRAFFIC, 36.0, (), 3.0)
    assert found.per_hour == pytest.approx(10 * 3600 * 0.002)
    assert found.per_million_tokens == pytest.approx(2.0)
    assert found.break_even_rps == pytest.approx(5.0)
    assert found.with_fewer is None


def test_the_cheapest_number_of_replicas_with_the_rest_at_an_api_is_named() -> None:
    # one replica leaves 40 % (28.8) to the API, two leave 5 % (3.6), three leave 4 % (2.88)
    found = at_api(API, TRAFFIC, 36.0, ((1, 0.4), (2, 0.05), (3, 0.04)), 9.0)
    assert found.with_fewer is not None
    assert (found.with_fewer.replicas, found.with_fewer.overflow_share) == (2, 0.05)
    assert found.with_fewer.per_hour == pytest.approx(18 + 3.6)


def test_a_node_of_ones_own_costs_its_price_over_its_life_and_its_power() -> None:
    assert OnPrem(262_800, 8, 3, 10, 1.2, 0.5).per_gpu_hour == pytest.approx(2.0)
