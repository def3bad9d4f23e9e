import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import BadSettings, UnreadableRecords
from analyzer.traces.base import Wishes
from analyzer.traces.clock import NAIVE
from analyzer.traces.fields import FAILED
from analyzer.traces.timing import DISAGREE
from analyzer.traces.vllm_bench import ESTIMATED, VLLMBench
from analyzer.window import microseconds
from tests.unit.analyzer.traces.reading import seen, written

START = datetime(2025, 9, 1, 11, 59, tzinfo=UTC)
RUN: dict[str, Any] = {
    "date": "20250901-120000",
    "duration": 60.0,
    "model_id": "meta-llama/Llama-3.1-8B",
    "input_lens": [100, 200, 300],
    "output_lens": [4, 1, 0],
    "start_times": [5000.0, 5000.5, 5001.0],
    "ttfts": [0.1, 0.2, 0.0],
    "itls": [[0.01, 0.02, 0.03], [], []],
    "latencies": [0.16, 0.2, 0.0],
    "errors": ["", "", "Traceback: the prompt was tell me"],
    "generated_texts": ["once upon", "a time", ""],
}


def result(folder: Path, *runs: dict[str, Any]) -> Path:
    return written(folder / "bench.json", *(json.dumps(run) for run in runs))


def test_seconds_become_records_without_any_words(tmp_path: Path) -> None:
    found = seen(VLLMBench(), result(tmp_path, RUN), Wishes(timezone="UTC"))
    assert found.column("input_tokens") == [100, 200, 300]
    assert found.column("output_tokens") == [4, 1, 0]
    assert found.rows[0]["model"] == "meta-llama/Llama-3.1-8B"
    assert (found.rows[0]["ttft_us"], found.rows[0]["tpot_us"], found.rows[0]["e2e_us"]) == (100_000, 20_000, 160_000)
    assert sum(found.rows[0]["itl_counts"]) == 3
    assert found.column("outcome") == ["completed", "completed", "upstream_error"]
    for word in ("tell me", "once", "Traceback"):
        assert word not in str(found.rows)


def test_an_answer_that_was_not_streamed_has_no_first_token(tmp_path: Path) -> None:
    assert seen(VLLMBench(), result(tmp_path, RUN)).column("ttft_us") == [100_000, None, None]


def test_the_clock_without_a_date_is_put_at_the_end_of_the_run_minus_its_duration(tmp_path: Path) -> None:
    found = seen(VLLMBench(), result(tmp_path, RUN))
    assert [(at - START).total_seconds() for at in found.column("timestamp")] == [0, 0.5, 1]
    assert found.notes == {ESTIMATED: 3, NAIVE: 3, FAILED: 1}
    berlin = seen(VLLMBench(), result(tmp_path, RUN), Wishes(timezone="Europe/Berlin"))
    assert (found.rows[0]["timestamp"] - berlin.rows[0]["timestamp"]).total_seconds() == 7200


def test_the_start_goes_before_what_the_file_says(tmp_path: Path) -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    found = seen(VLLMBench(), result(tmp_path, RUN | {"date": None}), Wishes(start=microseconds(start)))
    assert found.rows[0]["timestamp"] == start
    with pytest.raises(BadSettings, match="--start"):
        seen(VLLMBench(), result(tmp_path, RUN | {"date": None}))


def test_gaps_that_do_not_add_up_to_the_whole_time_are_left_out(tmp_path: Path) -> None:
    doubled = RUN | {"itls": [[0.0, 0.0, 0.03], [], []]}
    found = seen(VLLMBench(), result(tmp_path, doubled))
    assert found.notes[DISAGREE] == 1
    assert "tpot_us" not in found.rows[0]


def test_several_runs_in_one_file_are_all_read(tmp_path: Path) -> None:
    assert len(seen(VLLMBench(), result(tmp_path, RUN, RUN)).rows) == 6


def test_a_result_without_details_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecords, match="--save-detailed"):
        seen(VLLMBench(), result(tmp_path, {"duration": 60, "completed": 3}))
