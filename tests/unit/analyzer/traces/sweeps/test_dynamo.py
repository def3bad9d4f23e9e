"""Grids of Dynamo's profiler."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.analyzer.traces.sweeps.files_of import SAID, read, reasons, written

PREFILL = {"prefill_isl": [100.0, 1000.0], "prefill_ttft": [12.0, 45.0], "prefill_thpt_per_gpu": [8333.0, 22_222.0]}
DECODE = {
    "x_kv_usage": [0.01, 0.4],
    "y_context_length": [1000.0, 1000.0],
    "z_itl": [7.0, 12.0],
    "z_thpt_per_gpu": [600.0, 14_000.0],
    "max_kv_tokens": [400_000],
}


@pytest.mark.parametrize("ending", ["npz", "json"])
def test_archive_and_json_say_the_same(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"raw_data.{ending}"
    if ending == "npz":
        np.savez(file, **{name: np.array(values) for name, values in DECODE.items()})
    else:
        written(file, DECODE | {"max_kv_tokens": 400_000})
    points = read("dynamo", file).points
    assert [(point.isl_mean, point.conc, point.itl.mean) for point in points] == [
        (1000.0, pytest.approx(4.0), 7.0),
        (1000.0, pytest.approx(160.0), 12.0),
    ]


def test_prefill_is_one_prompt_after_the_other(tmp_path: Path) -> None:
    points = read("dynamo", written(tmp_path / "prefill_raw_data.json", PREFILL)).points
    assert [(point.isl_mean, point.osl_mean, point.ttft.mean, point.load) for point in points] == [
        (100.0, 1.0, 12.0, 1.0),
        (1000.0, 1.0, 45.0, 1.0),
    ]


def test_seconds_are_told_by_the_throughput(tmp_path: Path) -> None:
    seconds = PREFILL | {"prefill_ttft": [0.012, 0.045]}
    found = read("dynamo", written(tmp_path / "p.json", seconds))
    assert [point.ttft.mean for point in found.points] == [pytest.approx(12.0), pytest.approx(45.0)]
    assert "TTFT is in seconds" in found.notes[0]


def test_gpus_are_those_of_the_replica(tmp_path: Path) -> None:
    found = read("dynamo", written(tmp_path / "p.json", PREFILL), told=replace(SAID, tp=4))
    assert [(point.tp, point.n_gpu) for point in found.points] == [(4, 4)] * 2


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        ({}, "neither the prefill nor the decode grid"),
        (PREFILL | {"prefill_ttft": [12.0]}, "not of one length"),
        (PREFILL | {"prefill_ttft": [12.0, 0.0]}, "a time is not above zero"),
        (PREFILL | {"prefill_ttft": ["a", "b"]}, "no list of numbers"),
        (DECODE | {"z_itl": [7.0]}, "not of one length"),
        (DECODE | {"z_itl": [7.0, None]}, "not finite"),
    ],
)
def test_a_broken_grid_says_what_is_wrong(tmp_path: Path, held: dict[str, object], reason: str) -> None:
    assert reason in reasons("dynamo", written(tmp_path / "p.json", held))["p.json"]


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "raw_data.npz").write_text("no archive")
    assert reasons("dynamo", tmp_path / "raw_data.npz") == {
        "raw_data.npz": "it is no archive of arrays that can be read"
    }
