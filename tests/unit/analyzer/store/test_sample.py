"""An even sample of recorded requests."""

from datetime import timedelta
from pathlib import Path

import numpy as np

from analyzer.advise.sizing.sample import Sample
from analyzer.store import find, opened
from analyzer.window import Window
from tests.fakes.recordings import MONDAY, row, write

DAY = Window(MONDAY, MONDAY + timedelta(days=1), "UTC")


def sampled(folder: Path, one_in: int = 1) -> Sample:
    with opened(find([str(folder)])) as records:
        return records.sample(DAY, "m", one_in)


def test_what_comes_together_in_a_request_stays_together(tmp_path: Path) -> None:
    rows = [row(5, 70, 9, max_tokens=50, cached_input_tokens=64), row(1, 20, 3), row(2, 30, 4, model="other")]
    write(tmp_path / "a.parquet", rows)
    found = sampled(tmp_path)
    assert (found.requests.isl.tolist(), found.requests.osl.tolist()) == ([20, 70], [3, 9])
    assert (found.requests.max_tokens.tolist(), found.requests.cached.tolist()) == ([-1, 50], [0, 64])
    assert (found.cache_told.tolist(), found.served.tolist(), found.one_in) == ([False, True], [True, True], 1)


def test_what_failed_before_its_first_token_was_not_served(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(1, 20, 0, outcome="upstream_error"), row(2, 20, 5, outcome="client_left")])
    assert sampled(tmp_path).served.tolist() == [False, True]


def test_a_sample_is_even_and_neither_the_order_of_files_nor_how_they_are_cut_changes_it(tmp_path: Path) -> None:
    rows = [row(number, 100 + number % 977, number % 311) for number in range(20_000)]
    write(tmp_path / "whole" / "a.parquet", rows)
    for part in range(3):
        write(tmp_path / "parts" / f"{2 - part}.parquet", rows[part::3])
    whole, parts = (sampled(tmp_path / name, 10) for name in ("whole", "parts"))
    assert whole.requests.arrival_us.tolist() == parts.requests.arrival_us.tolist()
    assert whole.requests.osl.tolist() == parts.requests.osl.tolist()
    assert 1800 < len(whole) < 2200
    assert abs(whole.requests.isl.mean() / np.mean([each["input_tokens"] for each in rows]) - 1) < 0.03


def test_no_request_gives_an_empty_sample(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(1, model="other")])
    assert len(sampled(tmp_path)) == 0
