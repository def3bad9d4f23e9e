"""Grids of step times are kept, found again, and fitted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analyzer.engine import StepTimes
from analyzer.throughput import grids
from analyzer.throughput.aiconfigurator import collected
from analyzer.throughput.grids import DECODE, Grid, GridKey
from tests.fakes.tables import FormulaTables

TRUE = StepTimes(4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5, m0=1.5)
KEY = GridKey("meta-llama/Meta-Llama-3.1-8B", "h100_sxm", "vllm", "0.24.0", 1, 1, "bf16", "fp8")
GRID = collected(FormulaTables(TRUE), KEY, 131_072)


def test_a_grid_that_follows_the_form_gives_it_back() -> None:
    found = grids.fit(GRID, 256, 448_675)
    assert found.times.values == pytest.approx(TRUE.values, rel=1e-6)
    assert max(*found.prefill, *found.decode, *found.mixed) < 1e-6


def test_prompts_that_compute_while_weights_are_read_are_found_out() -> None:
    hidden = replace(TRUE, m0=0.0, overlap_ms=TRUE.b0)
    found = grids.fit(collected(FormulaTables(hidden), KEY, 131_072), 256, 448_675)
    assert found.times.overlap_ms == pytest.approx(TRUE.b0)
    assert found.times.m0 == pytest.approx(0, abs=1e-6)


def test_what_the_cache_cannot_hold_does_not_count() -> None:
    bent = replace(GRID, ms=np.where((GRID.kind == DECODE) & (GRID.batch * GRID.context > 400_000), 1e4, GRID.ms))
    assert grids.fit(bent, 256, 400_000).times.values == pytest.approx(TRUE.values, rel=1e-6)
    assert grids.fit(bent, 1024, 1e9).decode[0] > 0.1


def test_a_tiny_cache_leaves_enough_for_a_fit() -> None:
    assert grids.fit(GRID, 1, 100).times.b0 == pytest.approx(6.63, rel=0.01)


def test_a_kept_grid_is_found_again_as_it_was(tmp_path: Path) -> None:
    path = grids.write(GRID, tmp_path / "new")
    assert path.name == "meta-llama-Meta-Llama-3.1-8B_h100-sxm_tp1-pp1_bf16-fp8_vllm-0.24.0.parquet"
    found = grids.read(KEY, tmp_path / "new")
    assert found is not None
    assert found.key == KEY
    for name in ("kind", "prompt_tokens", "batch", "context", "ms"):
        assert getattr(found, name).tolist() == getattr(GRID, name).tolist()
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_grid_of_another_version_is_better_than_none_and_says_so(tmp_path: Path) -> None:
    grids.write(replace(GRID, key=replace(KEY, version="0.19.0")), tmp_path)
    found = grids.read(KEY, tmp_path)
    assert found is not None
    assert found.key.version == "0.19.0"


@pytest.mark.parametrize("other", [{"tp": 2}, {"weights": "fp8"}, {"engine": "trtllm"}, {"system": "h200_sxm"}])
def test_a_grid_of_something_else_is_not_taken(tmp_path: Path, other: dict[str, str]) -> None:
    grids.write(GRID, tmp_path)
    assert grids.read(replace(KEY, **other), tmp_path) is None


def test_a_damaged_file_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / KEY.file_name).write_bytes(b"PAR1 not quite")
    assert grids.read(KEY, tmp_path) is None


def test_a_grid_without_rows_is_empty() -> None:
    assert len(Grid.of(KEY, []).ms) == 0
