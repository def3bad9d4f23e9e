"""What the analyzer finds that the engine of the demo carries is what it really carries."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from engine_capacity import GRAIN, SimulatedTime, capacity, simulate
from replay import FIRST_MINUTE, MINUTES, SPEED, TRACE
from scripted_engine.batching import Pool, Sequence, StepCost
from traffic import Row, read_slice

from analyzer.cli import main
from analyzer.settings import CapacitySettings, load

SETTINGS = Path(__file__).parents[3] / "examples" / "demo.toml"
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
OFF_AT_MOST = 0.25


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return read_slice(TRACE, 0, 60)


@pytest.fixture(scope="module")
def asked() -> CapacitySettings:
    settings = load(SETTINGS)
    assert settings.capacity is not None
    return settings.capacity


def served(row: Row, pool: Pool, time: SimulatedTime, file: list[dict[str, object]]) -> Callable[[], None]:
    """The call that sends a request to the pool; its record goes to `file` when it ends."""
    arrived = first = 0

    def on_token(last: bool) -> None:
        nonlocal first
        first = first or time.now_ns()
        if last:
            took = {"ttft_us": (first - arrived) // 1000, "e2e_us": (time.now_ns() - arrived) // 1000}
            tokens = {"input_tokens": row.input_tokens, "output_tokens": row.output_tokens}
            file.append({"timestamp": NOON + timedelta(microseconds=arrived // 1000), "model": "m", **tokens, **took})

    def arrive() -> None:
        nonlocal arrived
        arrived = time.now_ns()
        pool.admit(Sequence(row.input_tokens, row.output_tokens, on_token))

    return arrive


def recorded(replicas: int) -> list[dict[str, object]]:
    """The records of the demo's own traffic and what followed, served by its engine without waiting."""
    time, file = SimulatedTime(), list[dict[str, object]]()
    pool = Pool(time, replicas, StepCost())
    for row in read_slice(TRACE, FIRST_MINUTE, 2 * MINUTES):
        time.at(round(row.at / SPEED * 1e9), served(row, pool, time, file))
    time.run()
    return file


def test_the_analyzer_finds_from_records_what_the_engine_of_the_demo_carries(
    rows: list[Row], asked: CapacitySettings, tmp_path: Path
) -> None:
    pq.write_table(pa.Table.from_pylist(recorded(asked.current_replicas or 0)), tmp_path / "records.parquet")
    out = tmp_path / "analysis.json"
    told = ["analyze", "--all", str(tmp_path / "records.parquet"), "--settings", str(SETTINGS), "--out", str(out)]
    assert main(told) == 0
    found = json.loads(out.read_text())["models"]["m"]["capacity"]
    truth, _ = capacity(rows, asked.ttft_ms or 0, asked.itl_ms or 0, seconds=200, seed=1)
    assert found["source"] == "live"
    assert found["rps_per_replica"] == pytest.approx(truth, rel=OFF_AT_MOST)
    low, high = found["rps_interval"]
    assert low <= truth <= high


def test_the_highest_rate_that_keeps_the_objectives_is_found(rows: list[Row]) -> None:
    rate, seen = capacity(rows, 500, 50, seconds=40, seed=1)
    assert rate > 1
    assert seen == simulate(rows, rate, 40, 1)
    assert seen.within(500, 50)
    assert not simulate(rows, rate + 10 * GRAIN, 40, 1).within(500, 50)


def test_the_settings_of_the_demo_name_the_objectives_of_the_search_for_the_truth(asked: CapacitySettings) -> None:
    assert (asked.percentile, asked.ttft_ms, asked.itl_ms) == (95, 500, 50)
