"""How many requests a KV cache holds at once."""

import pytest

from analyzer.engine import concurrency

POOL = 448_675  # SIZING 3.4: Llama-3.1-8B on one H100


def test_the_cache_of_an_8b_model_holds_as_many_requests_as_they_are_taken_to_hold() -> None:
    # SIZING 3.4: 3 / 54 / 178 / 213
    assert concurrency.guaranteed(POOL, 131072) == 3
    assert concurrency.guaranteed(POOL, 8192) == 54
    assert concurrency.reserved(POOL, 2000, 512) == 178
    assert concurrency.at_mean(POOL, 2100) == 213


def test_long_requests_weigh_as_long_as_they_stay() -> None:
    assert concurrency.resident_context([(1, 100, 0), (9, 1000, 200)]) == pytest.approx((100 + 9 * 1100) / 10)


def test_requests_that_took_no_time_have_no_mean_context() -> None:
    with pytest.raises(ValueError, match="no request took any time"):
        concurrency.resident_context([])
