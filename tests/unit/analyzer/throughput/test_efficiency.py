"""What share of the stated peak is assumed."""

import pytest

from analyzer.throughput.efficiency import efficiency


@pytest.mark.parametrize(("tp", "mfu", "mbu"), [(1, 0.60, 0.70), (2, 0.60, 0.70), (4, 0.50, 0.60), (8, 0.40, 0.45)])
def test_more_gpus_together_reach_a_smaller_share(tp: int, mfu: float, mbu: float) -> None:
    found = efficiency("h100-sxm", "bf16", tp, linked=True)
    assert (found.mfu, found.mbu, found.measured) == (pytest.approx(mfu), pytest.approx(mbu), True)


def test_eight_bit_weights_reach_about_two_thirds_of_the_share() -> None:
    found = efficiency("h100-sxm", "fp8", 1, linked=True)
    assert (found.mfu, found.mbu) == (pytest.approx(0.39), pytest.approx(0.455))
    assert found.mbu_cache == pytest.approx(0.70)


def test_four_bit_weights_compute_as_sixteen_bits_do() -> None:
    assert efficiency("h100-sxm", "int4", 1, linked=True).mfu == pytest.approx(0.60)


def test_four_gpus_without_a_link_wait_for_each_other() -> None:
    assert efficiency("l40s", "bf16", 4, linked=False).mfu < 0.1
    assert efficiency("l40s", "bf16", 1, linked=False).mfu == pytest.approx(0.55)


def test_a_generation_that_nobody_measured_is_told() -> None:
    found = efficiency("a100-sxm-80gb", "bf16", 1, linked=True)
    assert (found.mfu, found.measured) == (pytest.approx(0.60), False)
