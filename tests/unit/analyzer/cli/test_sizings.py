from pathlib import Path

import numpy as np
import pytest

from analyzer.advise.sizing.hours import RecordedHour
from analyzer.cli import sizings
from analyzer.cli.choices import questions
from analyzer.cli.sizings import Took
from analyzer.errors import BadSettings, UnknownEngine
from analyzer.replay import Requests
from analyzer.settings import CapacitySettings, ModelSettings, Settings

LLAMA = "meta-llama/Llama-3.1-8B-Instruct"
NOTHING = Took(None, ())
FOUND = CapacitySettings(gpu="h100", ttft_ms=500)


def test_a_gpu_without_a_throughput_is_what_is_to_be_sized() -> None:
    settings = Settings(capacity=FOUND, models={"stated": ModelSettings(capacity=CapacitySettings(rps_per_replica=2))})
    asked = questions(settings, {LLAMA: 100, "stated": 50, "small": 10})
    assert sizings.wanted(settings, asked) == (LLAMA,)


def test_the_question_holds_what_the_settings_say() -> None:
    settings = Settings(capacity=CapacitySettings(gpu="h100", ttft_ms=500, itl_ms=50, percentile=99, weights="fp8"))
    asked = sizings.question(LLAMA, settings, questions(settings, {LLAMA: 1})[LLAMA], NOTHING)
    assert asked.sizing is not None
    assert (asked.sizing.model.name, asked.sizing.gpu.name, asked.sizing.fixed) == (LLAMA, "h100-sxm", None)
    assert asked.sizing.objectives.percentile == 99
    assert asked.sizing.wishes.weights == "fp8"


def test_a_model_that_records_call_otherwise_is_named_by_the_settings() -> None:
    settings = Settings(capacity=FOUND.model_copy(update={"model": LLAMA}))
    asked = sizings.question("chat", settings, questions(settings, {"chat": 1})["chat"], NOTHING)
    assert asked.sizing is not None
    assert asked.sizing.model.name == LLAMA


def test_a_name_that_nobody_knows_says_where_to_put_the_right_one() -> None:
    settings = Settings(capacity=FOUND)
    with pytest.raises(UnknownEngine, match=r"'chat' is not known.*say which model it is as model under \[capacity\]"):
        sizings.question("chat", settings, questions(settings, {"chat": 1})["chat"], NOTHING)


def test_what_runs_today_is_kept_and_names_model_and_gpu(tmp_path: Path) -> None:
    file = tmp_path / "today.toml"
    file.write_text(f'model = "{LLAMA}"\ngpu = "h200"\nmax_num_seqs = 48\n')
    settings = Settings(capacity=CapacitySettings(profile=file, ttft_ms=500))
    column = np.zeros(1, dtype=np.int64)
    hour = RecordedHour(0, Requests(column, column + 10, column + 2, column - 1, column))
    asked = sizings.question("chat", settings, questions(settings, {"chat": 1})["chat"], Took(None, (hour,)))
    assert asked.sizing is not None
    assert asked.sizing.fixed is not None
    assert (asked.sizing.fixed.max_num_seqs, asked.sizing.gpu.name) == (48, "h200-sxm")
    assert asked.hours == (hour,)


def test_a_model_without_capacity_settings_is_asked_nothing() -> None:
    settings = Settings()
    asked = questions(settings, {"m": 1})["m"]
    assert sizings.question("m", settings, asked, NOTHING) == asked


def test_what_runs_today_can_be_a_table_of_the_settings() -> None:
    settings = Settings(capacity=CapacitySettings(profile={"model": LLAMA, "gpu": "h100", "tp": 2}, ttft_ms=500))
    asked = sizings.question("chat", settings, questions(settings, {"chat": 1})["chat"], NOTHING)
    assert asked.sizing is not None
    assert asked.sizing.fixed is not None
    assert asked.sizing.fixed.tp == 2


def test_how_many_replicas_run_today_is_what_the_profile_says_or_else_the_settings() -> None:
    for keys, replicas in (({}, 4), ({"replicas": 2}, 2)):
        profile = {"model": LLAMA, "gpu": "h100", **keys}
        settings = Settings(capacity=CapacitySettings(profile=profile, ttft_ms=500, current_replicas=4))
        asked = sizings.question("chat", settings, questions(settings, {"chat": 1})["chat"], NOTHING)
        assert asked.sizing is not None
        assert asked.sizing.fixed is not None
        assert asked.sizing.fixed.replicas == replicas


def test_a_wrong_table_is_told_by_key() -> None:
    settings = Settings(capacity=CapacitySettings(profile={"model": LLAMA, "gpu": "h100", "tpp": 2}))
    with pytest.raises(BadSettings, match=r"tpp in profile under \[capacity\]"):
        sizings.question("chat", settings, questions(settings, {"chat": 1})["chat"], NOTHING)
