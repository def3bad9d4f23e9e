from pathlib import Path

import pytest

from analyzer.errors import BadSettings
from analyzer.store import find, read_marginals
from analyzer.traces.marginal_files import write
from tests.fakes.marginals import marginals


def test_marginals_are_written_complete_and_read_back(tmp_path: Path) -> None:
    given = {"m": marginals({0: ([50, 5000], [1])})}
    path = write(given, tmp_path / "out", "prometheus-vllm")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["prometheus-vllm.parquet"]
    assert find([str(tmp_path)]).marginals == (path,)
    assert read_marginals([path]) == given


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadSettings, match="cannot be written"):
        write({}, tmp_path / "file", "a")
