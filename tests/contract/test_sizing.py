"""Sizing as a user meets it: settings in, a sourced recommendation out, from records with latencies and without."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer import engine
from analyzer.advise.sized import Objectives
from analyzer.advise.sizing import search
from analyzer.advise.sizing.mix import of_point
from analyzer.advise.sizing.streams import drawn
from analyzer.cli import main
from analyzer.engine import StepTimes
from analyzer.replay import Pool, replay
from tests.fakes.recordings import row, write
from tests.unit.analyzer.advise.sizing.questions import H100, TABLES

LLAMA = "meta-llama/Llama-3.1-8B-Instruct"
PROMISED = "ttft_ms = 500\nitl_ms = 50\npercentile = 95\n"
# one replica served all that was recorded, whatever else runs
TODAY = f'model = "{LLAMA}"\ngpu = "h100"\nreplicas = 1\n'


def served(*, timed: bool, times: StepTimes = TABLES) -> Iterator[dict[str, object]]:
    """Three hours of one replica at 1, 5 and 3 requests a second, with what the engine of `times` takes for each."""
    for hour, rate in enumerate((1.0, 5.0, 3.0)):
        requests = drawn(of_point(1500, 150, 0.6), rate, int(rate * 3500), seed=hour)
        done = replay(requests, H100.limits, times, Pool(1))
        for place in range(len(requests)):
            at = hour * 3600 + int(requests.arrival_us[place]) / 1e6
            if at >= (hour + 1) * 3600:
                continue
            took = {
                "ttft_us": int(done.ttft_ms[place] * 1000),
                "e2e_us": int(done.e2e_ms[place] * 1000),
                "outcome": "completed",
            }
            lengths = int(requests.isl[place]), int(requests.osl[place])
            yield row(at, *lengths, model=LLAMA, **(took if timed else {}))


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """The served requests with their latencies, by True, and without."""
    folders = {timed: tmp_path_factory.mktemp("records") for timed in (True, False)}
    for timed, folder in folders.items():
        write(folder / "a.parquet", list(served(timed=timed)))
    return folders


@pytest.fixture
def capacity(records: dict[bool, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Reports on the served requests under a `[capacity]` and answers it with its evidence, and the report's folder."""

    def once(settings: str, *, timed: bool) -> tuple[dict[str, Any], dict[str, str], Path]:
        (tmp_path / "today.toml").write_text(TODAY)
        file = tmp_path / "settings.toml"
        file.write_text(f"target_over_share = 0.01\n[capacity]\n{settings}{PROMISED}")
        arguments = ["report", str(records[timed]), "--settings", str(file), "--out", str(tmp_path / "archive")]
        assert main(arguments) == 0, capsys.readouterr().err
        folder = next((tmp_path / "archive").iterdir())
        model = json.loads((folder / "analysis.json").read_text())["models"][LLAMA]
        sentences = {item["figure"]: item["sentence"] for item in model["evidence"]}
        return model["capacity"], sentences, folder

    return once


def test_recorded_latencies_are_the_source_and_their_simulation_is_checked(capacity: Any, tmp_path: Path) -> None:
    found, sentences, _ = capacity(f'profile = "{tmp_path / "today.toml"}"\ncurrent_replicas = 3\n', timed=True)
    assert found["source"] == "live"
    assert "recorded requests" in found["source_detail"]
    assert found["fit_error"]["p50_share"] < 0.25
    assert found["fit_error"]["p95_share"] < 0.35
    assert "low confidence" not in found["confidence"]
    # what the engine that served them really carries of these lengths
    truth = search.capacity(of_point(1500, 150, 0.6), H100, Objectives(500, 50, None, 95), search.QUICK)
    assert found["rps_per_replica"] == pytest.approx(truth.rps, rel=0.15)
    assert (found["replicas"], found["change_gpus"]) == (1, -2)
    assert found["current"]["used_share"] < 0.5
    assert "requests were simulated" in sentences["capacity.rps_per_replica"]


def test_records_without_latency_are_sized_by_a_model_and_say_so(capacity: Any) -> None:
    found, _, folder = capacity('gpu = "h100"\n', timed=False)
    assert found["source"] in {"roofline", "aiconfigurator"}
    assert found["fit_error"] is None
    assert "the hardest of" in found["expected"]["load"]
    assert found["rps_interval"][0] < found["rps_per_replica"] <= found["rps_interval"][1]
    assert len(found["alternatives"]) > 4
    markdown = (folder / "report.md").read_text()
    for part in ("Error bars", "What else was tried", "The same traffic at the prices of an API", "no measurement"):
        assert part in markdown
    assert (folder / "emit" / "vllm.yaml").is_file()


def test_the_roofline_answers_without_any_table(capacity: Any) -> None:
    assert engine.model(LLAMA).name == LLAMA
    found, _, _ = capacity('gpu = "l40s"\n', timed=False)
    assert found["gpus"] == found["replicas"] * found["gpus_per_replica"]


def test_replay_and_report_correct_the_same_records_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An engine much slower than its tables, of which too few requests have their times for a fit."""
    rows = [
        each if place % 160 == 0 else {name: value for name, value in each.items() if not name.endswith("_us")}
        for place, each in enumerate(served(timed=True, times=search.slower(TABLES, 1.7)))
    ]
    write(tmp_path / "records" / "a.parquet", rows)
    today, settings = tmp_path / "today.toml", tmp_path / "settings.toml"
    today.write_text(TODAY)
    settings.write_text(f'target_over_share = 0.01\n[capacity]\nprofile = "{today}"\n{PROMISED}')
    said = [str(tmp_path / "records"), "--all", "--settings", str(settings)]
    assert main(["analyze", *said, "--out", str(tmp_path / "analysis.json")]) == 0
    assert main(["replay", *said, "--profile", str(today), "--out", str(tmp_path / "replay.json")]) == 0
    assert "low confidence" in capsys.readouterr().out
    capacity = json.loads((tmp_path / "analysis.json").read_text())["models"][LLAMA]["capacity"]
    check = json.loads((tmp_path / "replay.json").read_text())["check"]
    assert capacity["correction"] == {name: check[name] for name in ("prefill_factor", "decode_factor")}
    assert check["decode_factor"] > 1.2
    assert check["requests"] < 200
    assert capacity["confidence"].startswith("low confidence")
    for label in ("p50", "p95"):
        errors = [
            max(abs(each[label]["error_share"]) for each in check[name].values()) for name in ("first", "corrected")
        ]
        assert errors[1] <= errors[0]
        assert capacity["fit_error"][f"{label}_share"] == pytest.approx(errors[0])
