"""Files of one benchmark become points."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.errors import BadSettings
from analyzer.traces.sweeps import BENCHMARKS, Told
from tests.unit.analyzer.traces.sweeps.files_of import SAID, only, read, written
from tests.unit.analyzer.traces.sweeps.test_vllm_bench import result


def test_every_format_of_the_contract_is_there() -> None:
    assert list(BENCHMARKS) == [
        "aiperf", "genai-perf", "vllm-bench", "guidellm", "inference-perf", "trtllm-bench", "dynamo",
    ]  # fmt: skip


def test_a_point_knows_the_file_that_it_is_from(tmp_path: Path) -> None:
    file = written(tmp_path / "v.json", result())
    point = only("vllm-bench", file)
    assert (point.src, point.src_sha256) == ("v.json", hashlib.sha256(file.read_bytes()).hexdigest())


def test_a_file_that_is_given_twice_counts_once(tmp_path: Path) -> None:
    file = written(tmp_path / "v.json", result())
    assert len(read("vllm-bench", file, file).points) == 1


def test_without_a_gpu_there_is_no_point(tmp_path: Path) -> None:
    file = written(tmp_path / "v.json", result())
    with pytest.raises(BadSettings, match=r"v\.json does not say which gpu was measured: give --gpu, or --profile"):
        read("vllm-bench", file, told=Told())


def test_without_model_and_gpu_both_are_asked_for(tmp_path: Path) -> None:
    file = written(tmp_path / "v.json", result(model_id=None))
    with pytest.raises(BadSettings, match="which model and gpu was measured: give --model and --gpu"):
        read("vllm-bench", file, told=Told())


def test_what_was_assumed_is_said(tmp_path: Path) -> None:
    file = written(tmp_path / "v.json", result())
    [note] = read("vllm-bench", file).notes
    assert note.endswith("so tp 1, pp 1, quant bf16 were taken: --tp, --pp, --quant change it.")
    assert read("vllm-bench", file, told=replace(SAID, tp=1, pp=1, quant="bf16")).notes == ()


def test_gpus_that_make_no_whole_replicas_are_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "v.json", result())
    with pytest.raises(BadSettings, match="3 GPUs make no whole replicas of TP 2 x PP 1"):
        read("vllm-bench", file, told=replace(SAID, n_gpu=3, tp=2))


def test_a_run_that_cannot_have_been_is_named_with_its_reason(tmp_path: Path) -> None:
    good, bad = written(tmp_path / "good.json", result()), written(tmp_path / "bad.json", result(mean_ttft_ms=900.0))
    found = read("vllm-bench", good, bad)
    assert len(found.points) == 1
    assert [(Path(one.path).name, one.reason) for one in found.unreadable] == [
        ("bad.json", "its mean TTFT is above its mean E2E")
    ]
