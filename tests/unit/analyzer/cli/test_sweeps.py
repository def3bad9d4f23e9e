"""The command `sweep`."""

from pathlib import Path

import pytest

from analyzer.cli import main
from analyzer.throughput.sweeps import table
from tests.accuracy.measured import SAMPLES
from tests.unit.analyzer.traces.sweeps.files_of import written

STAGES = [str(file) for file in sorted((SAMPLES / "seqs_128").glob("stage_*.json"))]


def test_a_sweep_becomes_one_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "sweep.parquet"
    assert (
        main(["sweep", "inference-perf", *STAGES, "--out", str(out), "--gpu", "h100", "--model", "llama-3.1-8b"]) == 0
    )
    assert len(table.read(out)) == 7
    said = capsys.readouterr()
    assert "llama-3.1-8b in bf16 on h100, TP 1, PP 1:" in said.out
    assert "122.59/s  101.2  204.1   64" in said.out
    assert said.out.endswith(f"written    7 points to {out}\n")
    assert "stage_0_lifecycle_metrics.json: 7.13 ms, not 3.47 ms" in said.err


def test_files_that_are_none_are_named_and_the_others_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, bad = tmp_path / "sweep.parquet", written(tmp_path / "bad.json", {})
    arguments = ["sweep", "inference-perf", *STAGES[:2], str(bad), str(tmp_path / "none"), "--out", str(out)]
    assert main([*arguments, "--gpu", "h100"]) == 3
    assert len(table.read(out)) == 2
    said = capsys.readouterr().err
    assert "bad.json: it holds no stage of inference-perf" in said
    assert "none: there is no such file" in said
    assert "The other files were read" in said


def test_without_any_point_no_table_is_written(tmp_path: Path) -> None:
    out, bad = tmp_path / "sweep.parquet", written(tmp_path / "bad.json", {})
    assert main(["sweep", "guidellm", str(bad), "--out", str(out), "--gpu", "h100"]) == 3
    summary = written(tmp_path / "summary_x.json", {})
    assert main(["sweep", "inference-perf", str(summary), "--out", str(out), "--gpu", "h100"]) == 4
    assert not out.exists()


@pytest.mark.parametrize("wrong", [["--tp", "0"], ["--tp", "x"], ["--osl", "0"], ["--isl", "nan"]])
def test_numbers_that_make_no_sense_are_refused(tmp_path: Path, wrong: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["sweep", "inference-perf", STAGES[0], "--out", str(tmp_path / "s"), "--gpu", "h100", *wrong])


def test_a_profile_says_what_the_files_do_not_and_options_go_before_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, profile = tmp_path / "sweep.parquet", tmp_path / "profile.toml"
    profile.write_text('model = "meta-llama/Llama-3.1-8B"\ngpu = "h100"\nengine = "vllm"\nengine_version = "0.11.0"\n')
    arguments = ["sweep", "inference-perf", STAGES[0], "--out", str(out), "--profile", str(profile)]
    assert main([*arguments, "--gpu", "H200"]) == 0
    [point] = table.read(out)
    assert (point.model, point.gpu, point.quant) == ("meta-llama/Llama-3.1-8B", "H200", "bf16")
    assert (point.backend, point.version, point.tp) == ("vllm", "0.11.0", 1)
    assert "do not say all about the engine" not in capsys.readouterr().err
