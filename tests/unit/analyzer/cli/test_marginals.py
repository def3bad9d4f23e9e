import argparse
from pathlib import Path

import pytest

from analyzer.cli.marginals import analysis
from analyzer.cli.options import parser
from analyzer.errors import BadSettings, NoTraffic, TooLittleTraffic
from analyzer.settings import Settings
from analyzer.store import Found, find
from analyzer.traces.marginal_files import write
from tests.fakes.marginals import HOUR_US, marginals
from tests.fakes.recordings import MONDAY

MONDAY_US = int(MONDAY.timestamp()) * 1_000_000


@pytest.fixture
def found(tmp_path: Path) -> Found:
    many = {MONDAY_US + hour * HOUR_US: ([150] * 4000, [50] * 4000) for hour in range(3)}
    write({"m": marginals(many), "n": marginals({MONDAY_US: ([1], [1])})}, tmp_path, "a")
    return find([str(tmp_path)])


def given(*line: str) -> argparse.Namespace:
    return parser().parse_args(["analyze", "records", *line])


def test_the_window_and_the_model_are_chosen_as_for_records(found: Found) -> None:
    done, problem = analysis(found, Settings(), given())
    assert (done.requests, problem, set(done.models)) == (12_001, None, {"m", "n"})
    done, _ = analysis(found, Settings(), given("--model", "m", "--from", "2025-03-03T01:00"))
    assert (done.requests, set(done.models)) == (8000, {"m"})
    with pytest.raises(BadSettings, match="No histogram counts x: there are m, n"):
        analysis(found, Settings(), given("--model", "x"))


def test_too_little_and_nothing_end_with_their_reason(found: Found) -> None:
    assert isinstance(analysis(found, Settings(), given("--model", "n"))[1], TooLittleTraffic)
    empty = given("--from", "2025-01-01", "--to", "2025-01-02")
    assert isinstance(analysis(found, Settings(), empty)[1], NoTraffic)
