"""The command `replay` as a user meets it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer.cli import main
from tests.fakes.recordings import row, write
from tests.fakes.replay_files import profile, records
from tests.unit.analyzer.engine.configs import LLAMA_8B

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def once(*arguments: object) -> tuple[int, str, str]:
        code = main(["replay", *map(str, arguments)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return once


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return records(tmp_path_factory.mktemp("records"))


def answered(told: tuple[int, str, str]) -> dict[str, Any]:
    code, out, err = told
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def test_it_answers_what_another_profile_would_change(run: Run, recorded: Path, tmp_path: Path) -> None:
    two, one = profile(tmp_path, "two", replicas=2), profile(tmp_path, "one", replicas=1)
    told = run(recorded, "--all", "--profile", two, "--against", one, "--ttft", "500ms", "--itl", "50ms")
    found = answered(told)
    assert found["confidence"] == "checked"
    assert found["current"]["throughput"]["source"] == "live"
    assert (found["current"]["meets"], found["against"]["meets"]) == (True, True)
    assert found["changes"]["gpu_hours_share"] == -0.5
    assert "50 % less" in told[2]
    assert "replicas x GPUs" in told[2]
    assert told[2].startswith(f"{found['requests']:,} requests for {found['model']} from 2025-03-03 00:00 to ")
    assert (found["window"]["start"], found["window"]["timezone"]) == ("2025-03-03T00:00:00+00:00", "UTC")


def test_a_model_of_ones_own_is_replayed_by_its_config_file(run: Run, recorded: Path, tmp_path: Path) -> None:
    own = tmp_path / "our-8b"
    own.mkdir()
    (own / "config.json").write_text(json.dumps(LLAMA_8B))
    two, one = (profile(tmp_path, f"own{n}", model=str(own / "config.json"), replicas=n) for n in (2, 1))
    found = answered(run(recorded, "--all", "--profile", two, "--against", one))
    assert (found["confidence"], found["current"]["profile"]["model"]) == ("checked", "our-8b")
    assert found["changes"]["gpu_hours_share"] == -0.5


def test_the_answer_goes_to_a_file_and_the_table_to_standard_output(run: Run, recorded: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "answer.json"
    code, told, _ = run(recorded, "--all", "--profile", profile(tmp_path, "two", replicas=2), "--out", out)
    assert (code, json.loads(out.read_text())["schema"]) == (0, "tokentide.replay/1")
    assert "no objective is set" in told


def test_objectives_and_price_come_from_the_settings_where_no_option_is_given(
    run: Run, recorded: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("[capacity]\nrps_per_replica = 5\nttft_ms = 400\npercentile = 99\nprice_per_gpu_hour = 2\n")
    two = profile(tmp_path, "two", replicas=2)
    found = answered(run(recorded, "--all", "--profile", two, "--settings", settings))
    assert found["objectives"] == {"ttft_ms": 400, "percentile": 99}
    assert found["current"]["cost"] == pytest.approx(2 * found["current"]["gpu_hours"])
    found = answered(run(recorded, "--all", "--profile", two, "--settings", settings, "--e2e", "9s"))
    assert found["objectives"] == {"e2e_ms": 9000, "percentile": 99}


def test_a_profile_that_cannot_have_run_is_told_first(run: Run, recorded: Path, tmp_path: Path) -> None:
    short = profile(tmp_path, "short", replicas=2, max_model_len=300)
    out = tmp_path / "answer.json"
    _, told, _ = run(recorded, "--all", "--profile", short, "--out", out)
    assert told.splitlines()[1].startswith("The profile's max_model_len is 300, and ")
    assert "it is not what ran" in json.loads(out.read_text())["disproved"][0]


def test_records_without_latency_say_that_nothing_was_checked(run: Run, tmp_path: Path) -> None:
    found = answered(run(records(tmp_path, latency=False), "--all", "--profile", profile(tmp_path, "p", replicas=2)))
    assert (found["confidence"], found["check"]) == ("unchecked", None)
    assert found["current"]["throughput"]["source"] in {"aiconfigurator", "roofline"}


def test_a_model_that_does_not_fit_is_one_sentence(run: Run, recorded: Path, tmp_path: Path) -> None:
    large = profile(tmp_path, "large", model="meta-llama/Llama-3.1-70B")
    code, out, err = run(recorded, "--all", "--profile", large)
    assert (code, out) == (2, "")
    assert "does not fit" in err
    assert err.count("\n") == 1


def test_records_of_several_models_ask_which_one_is_meant(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", [row(i, model=("m", "n")[i % 2]) for i in range(300)])
    two = profile(tmp_path, "two")
    code, _, err = run(file, "--all", "--profile", two)
    assert code == 2
    assert "name one with --model" in err
    assert answered(run(file, "--all", "--profile", two, "--model", "m"))["requests"] == 150


def test_a_window_without_requests_says_so(run: Run, recorded: Path, tmp_path: Path) -> None:
    options = ("--from", "2025-03-03T12:00", "--to", "2025-03-03T13:00")
    code, _, err = run(recorded, *options, "--profile", profile(tmp_path, "two"))
    assert code == 4
    assert "choose another window" in err


@pytest.mark.parametrize("given", [("--percentile", "0"), ("--percentile", "100"), ("--ttft", "fast")])
def test_limits_that_make_no_sense_are_refused(
    run: Run, recorded: Path, tmp_path: Path, given: tuple[str, str]
) -> None:
    code, _, err = run(recorded, "--all", "--profile", profile(tmp_path, "two"), *given)
    assert code == 2
    assert given[0] in err


def test_other_commands_do_not_wait_for_numba() -> None:
    program = "import sys, analyzer.cli; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
