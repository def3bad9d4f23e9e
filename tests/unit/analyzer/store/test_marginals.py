from pathlib import Path

import pytest

from analyzer.errors import UnreadableRecords
from analyzer.store.marginals import read_marginals
from analyzer.traces.marginal_files import write
from tests.fakes.marginals import HOUR_US, marginals


def test_an_hour_in_two_files_counts_once(tmp_path: Path) -> None:
    first = write({"m": marginals({0: ([1], [1]), HOUR_US: ([1], [1])})}, tmp_path, "a")
    second = write({"m": marginals({HOUR_US: ([1], [1]), 2 * HOUR_US: ([1], [1])})}, tmp_path, "b")
    hours = read_marginals([first, second])["m"].hours
    assert [hour.start for hour in hours] == [0, HOUR_US, 2 * HOUR_US]
    assert sum(hour.isl.total for hour in hours) == 3


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(UnreadableRecords, match="it is damaged"):
        read_marginals([path])
