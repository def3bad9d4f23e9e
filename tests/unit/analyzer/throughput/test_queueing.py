"""The formulas of queueing theory give the figures of its tables."""

import math

import pytest

from analyzer.throughput.queueing import erlang_c, mg1_wait, mmc_wait


@pytest.mark.parametrize(("servers", "offered", "waiting"), [(10, 8, 0.4092), (16, 13, 0.3343), (1, 0.4, 0.4)])
def test_erlang_c_is_the_share_that_waits(servers: int, offered: float, waiting: float) -> None:
    assert erlang_c(servers, offered) == pytest.approx(waiting, abs=5e-5)


def test_everybody_waits_at_full_load_and_for_ever() -> None:
    assert erlang_c(4, 4) == 1
    assert mmc_wait(4, 4, 1) == math.inf
    assert mg1_wait(1, 1, 2) == math.inf


def test_nobody_waits_without_load() -> None:
    assert erlang_c(3, 0) == 0


def test_thousands_of_servers_do_not_overflow() -> None:
    assert 0 < erlang_c(5000, 4950) < 1


def test_one_exponential_server_waits_the_same_by_both_formulas() -> None:
    assert mmc_wait(1, 0.6, 1) == pytest.approx(1.5)
    assert mg1_wait(0.6, 1, 2) == pytest.approx(1.5)


def test_a_prompt_of_45_milliseconds_at_8_84_a_second_has_a_mean_ttft_of_61() -> None:
    assert 45.5 + mg1_wait(8.84e-3, 45.5, 45.5**2) == pytest.approx(60.8, abs=0.05)


def test_a_queue_needs_a_server() -> None:
    with pytest.raises(ValueError, match="no queue"):
        erlang_c(0, 1)
