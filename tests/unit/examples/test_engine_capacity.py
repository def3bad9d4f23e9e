"""What the settings of the demo state about throughput is what the engine of the demo delivers."""

import tomllib
from pathlib import Path

from engine_capacity import capacity
from replay import TRACE
from traffic import read_slice

from analyzer.settings import load

SETTINGS = Path(__file__).parents[3] / "examples" / "demo.toml"


def test_the_demo_states_the_throughput_that_its_engine_delivers() -> None:
    stated = tomllib.loads(SETTINGS.read_text())["capacity"]
    rate, _ = capacity(read_slice(TRACE, 0, 60), stated["ttft_ms"], stated["itl_ms"], seconds=600, seed=1)
    assert round(rate, 1) == stated["rps_per_replica"]


def test_the_analyzer_accepts_the_settings_of_the_demo() -> None:
    settings = load(SETTINGS)
    assert settings.capacity is not None
    assert settings.capacity.percentile == 95
