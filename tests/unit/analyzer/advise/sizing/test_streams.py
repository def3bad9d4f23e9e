import numpy as np
import pytest

from analyzer.advise.sizing.mix import of_point
from analyzer.advise.sizing.streams import at_once, drawn

MIX = of_point(1000, 100, 0.5)


def counts(rate: float, dispersion: float, seconds: int) -> np.ndarray:
    arrivals = drawn(MIX, rate, 40_000, dispersion=dispersion).arrival_us
    edges = np.arange(0, arrivals[-1], seconds * 1_000_000)
    return np.histogram(arrivals, edges)[0]


def test_requests_come_at_the_rate_and_by_chance() -> None:
    seen = counts(20, 1, 1)
    assert seen.mean() == pytest.approx(20, rel=0.02)
    assert seen.var() / seen.mean() == pytest.approx(1, abs=0.08)


def test_requests_come_in_bursts_where_asked() -> None:
    seen = counts(20, 4, 10)
    assert seen.mean() == pytest.approx(200, rel=0.04)
    assert seen.var() / seen.mean() == pytest.approx(4, rel=0.15)


def test_one_seed_gives_the_same_lengths_at_every_rate() -> None:
    slow, fast = drawn(MIX, 1, 500), drawn(MIX, 10, 500)
    assert np.array_equal(slow.isl, fast.isl)
    assert np.allclose(slow.arrival_us / fast.arrival_us, 10, rtol=1e-3)
    assert not np.array_equal(drawn(MIX, 1, 500, seed=1).isl, slow.isl)


def test_offline_work_is_all_there_from_the_start() -> None:
    assert not at_once(MIX, 100).arrival_us.any()
