"""vLLM on an H200, recorded by the sidecar: what its quiet part says of the busy rest, and what data sheets say."""

from dataclasses import replace

import duckdb
import pytest

from analyzer.throughput import carried
from analyzer.throughput.mix import Mix
from tests.accuracy import real

BEYOND = [
    (run, load)
    for run, load in (
        ("steps_of_8192", "13/s"),
        ("steps_of_8192", "17/s"),
        ("steps_of_8192", "21/s"),
        ("steps_of_2048", "8/s"),
        ("steps_of_2048", "17/s"),
        ("steps_of_2048", "21/s"),
    )
]
CLOSED_LOOP_RPS = 22.9
"""Requests/s of 256 clients that ask again at once: answers from the 8th to the 24th second of that load."""

DIFFERING = """
    SELECT count(*) FROM read_parquet(?)
    WHERE input_tokens != usage_prompt_tokens OR output_tokens != usage_completion_tokens
"""


@pytest.mark.parametrize("run", real.RUNS)
def test_the_sidecar_counted_what_the_engine_counted(run: str) -> None:
    assert duckdb.execute(DIFFERING, [str(real.SAMPLES / f"{run}.parquet")]).fetchone() == (0,)
    assert sum(real.loads(run).values()) > 1600


@pytest.mark.parametrize(("run", "load"), BEYOND)
def test_a_fit_to_eight_a_second_says_what_busier_hours_take(run: str, load: str) -> None:
    """Up to 23 at once were seen, 117 run at 21 a second; in the second run a step has room for a quarter."""
    off = real.predicted(run, load, real.fitted().times).off(real.measured(run, load))
    assert abs(off.itl_mean) < 0.05
    assert abs(off.itl_p95) < 0.05
    assert abs(off.e2e_p50) < 0.05


@pytest.mark.parametrize(("run", "load"), BEYOND)
def test_first_tokens_of_busier_hours_come_about_when_predicted(run: str, load: str) -> None:
    off = real.predicted(run, load, real.fitted().times).off(real.measured(run, load))
    assert -0.2 < off.ttft_p50 < 0.05
    assert -0.15 < off.ttft_p95 < 0.05


@pytest.mark.parametrize(("run", "load"), BEYOND)
def test_a_replay_that_lets_arrivals_into_the_next_step_is_too_early_by_about_one(run: str, load: str) -> None:
    """This vLLM decides on a step while the one before it runs."""
    ahead, at_once = (
        real.predicted(run, load, real.fitted().times, replace(real.RUNS[run], async_scheduling=each)).ttft_p50
        for each in (True, False)
    )
    assert 0.4 < (ahead - at_once) / real.measured(run, load).itl_mean < 1.5


@pytest.mark.parametrize(("run", "load"), BEYOND)
def test_data_sheets_alone_are_within_what_they_state(run: str, load: str) -> None:
    reckoned = real.reckoned()
    off = real.predicted(run, load, reckoned.times).off(real.measured(run, load))
    assert max(map(abs, (off.itl_mean, off.itl_p95, off.e2e_p50))) < reckoned.error_share


def test_what_is_carried_at_most_is_known_from_a_third_of_it() -> None:
    mix = Mix.of(*(getattr(real.recorded("steps_of_8192", *real.SEEN), name) for name in ("isl", "osl")))
    for source in (real.fitted(), real.reckoned()):
        assert carried(source.times, mix, 256).rps == pytest.approx(CLOSED_LOOP_RPS, rel=0.15)
