"""What the settings of the demo state about throughput is what the engine of the demo delivers."""

import tomllib
from pathlib import Path

import pytest
from engine_capacity import GRAIN, capacity, simulate
from replay import TRACE
from traffic import Row, read_slice

from analyzer.settings import load

SETTINGS = Path(__file__).parents[3] / "examples" / "demo.toml"


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return read_slice(TRACE, 0, 60)


def test_the_demo_states_the_throughput_that_its_engine_delivers(rows: list[Row]) -> None:
    stated = tomllib.loads(SETTINGS.read_text())["capacity"]
    promised = stated["ttft_ms"], stated["itl_ms"]
    for more, kept in ((-GRAIN, True), (GRAIN, False)):
        assert simulate(rows, stated["rps_per_replica"] + more, 600, 1).within(*promised) is kept


def test_the_highest_rate_that_keeps_the_objectives_is_found(rows: list[Row]) -> None:
    rate, seen = capacity(rows, 500, 50, seconds=40, seed=1)
    assert rate > 1
    assert seen == simulate(rows, rate, 40, 1)
    assert seen.within(500, 50)
    assert not simulate(rows, rate + 10 * GRAIN, 40, 1).within(500, 50)


def test_the_analyzer_accepts_the_settings_of_the_demo() -> None:
    settings = load(SETTINGS)
    assert settings.capacity is not None
    assert settings.capacity.percentile == 95
