"""Files of a benchmark, one after the other."""

from collections.abc import Iterator
from pathlib import Path

from analyzer.throughput.sweeps import Figures
from analyzer.traces.base import unreadable
from analyzer.traces.sweeps.base import Run
from analyzer.traces.sweeps.files import each, figures


def test_what_cannot_be_read_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.touch()
    bad.touch()

    def read(path: Path) -> Iterator[Run]:
        if path == bad:
            raise unreadable(path, "it is bad")
        yield Run(path)

    found = each([bad, good, tmp_path / "none"], read)
    assert [run.path for run in found.runs] == [good]
    assert [(Path(one.path).name, one.reason) for one in found.unreadable] == [
        ("bad", "it is bad"),
        ("none", "there is no such file"),
    ]


def test_a_path_inside_an_object_may_be_given_with_slashes() -> None:
    value = {"mean": 1, "percentiles": {"p50": 2, "p95": "3"}}
    names = ("mean", "percentiles/p50", "percentiles/p95", "percentiles/p99")
    assert figures(value, names, 1000.0) == Figures(1000.0, 2000.0, 3000.0, None)
