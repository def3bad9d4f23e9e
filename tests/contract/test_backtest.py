"""`tokentide-analyzer backtest` and what a report over several weeks files beside `analysis.json`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer.cli import main
from analyzer.traces.marginal_files import write as write_marginals
from tests.fakes.marginals import marginals
from tests.fakes.recordings import MONDAY, row, write

MONDAY_US = int(MONDAY.timestamp()) * 1_000_000

TRIAL = (
    "start", "end", "learnt_from", "requests", "max_input_len", "over_input_share", "max_seq_len", "over_total_share",
    "peak_rps", "replicas", "attained_share", "plan",
)  # fmt: skip
PUBLISHED = {
    "": ("schema", "window", "models"),
    "window": ("start", "end", "timezone"),
    "models.m": ("reason", "over_limit_share", "attained_share", "saving_share", "trials"),
    "models.m.trials.0": TRIAL,
    "models.m.trials.0.plan": ("most_replicas", "least_replicas", "attained_share", "saving_share", "holds"),
}
SEASONS = {
    "plan.0": ("name", "hours_of_week", "profile", "replicas", "gpus"),
    "plan.0.profile": ("model", "gpus_per_replica", "max_model_len", "replicas"),
    "out_of_sample": ("weeks", "attained_share", "over_limit_share", "saving_share"),
}


def month() -> Iterator[tuple[float, int]]:
    """28 days: on working days from 9 to 18 two requests at once every 20 seconds, else one in ten minutes."""
    for hour in range(28 * 24):
        busy = 9 <= hour % 24 < 18 and hour // 24 % 7 < 5
        for at in range(0, 3600, 10 if busy else 600):
            yield hour * 3600 + at, 100 + hour % 7


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four weeks of records, and the settings beside them."""
    folder = tmp_path_factory.mktemp("weeks")
    write(folder / "records" / "a.parquet", [row(at, isl, 5) for at, isl in month()])
    (folder / "settings.toml").write_text("target_over_share = 0.05\n[capacity]\nrps_per_replica = 0.2\n")
    return folder


def ran(command: str, records: Path, *options: str) -> int:
    return main([command, str(records / "records"), "--settings", str(records / "settings.toml"), "--all", *options])


def at(found: Any, place: str) -> Any:
    for part in filter(None, place.split(".")):
        found = found[int(part)] if part.isdigit() else found[part]
    return found


def test_the_json_goes_to_standard_output_and_the_table_beside_it(
    records: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran("backtest", records) == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert {place: tuple(at(found, place)) for place in PUBLISHED} == PUBLISHED
    assert found["schema"] == "tokentide.backtest/1"
    assert [trial["learnt_from"] for trial in found["models"]["m"]["trials"]] == [1, 2, 3]
    assert "from 2025-03-10" in told.err


def test_the_table_goes_to_standard_output_where_the_json_goes_to_a_file(
    records: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "backtest.json"
    assert ran("backtest", records, "--out", str(target)) == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[-1].startswith("all of them")
    assert (told.err, json.loads(target.read_text())["models"]["m"]["over_limit_share"]) == ("", 0)


def test_one_week_ends_with_4_and_the_reason(records: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = [str(records / "records"), "--to", "2025-03-10"]
    assert main(["backtest", *options]) == 4
    told = capsys.readouterr()
    assert "It takes two whole weeks" in told.err.splitlines()[-1]
    assert json.loads(told.out)["models"]["m"]["trials"] == []


def test_hourly_marginals_hold_nothing_to_try(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_marginals({"m": marginals({MONDAY_US: ([150] * 40, [50] * 40)})}, tmp_path, "a")
    assert main(["backtest", str(tmp_path)]) == 2
    told = capsys.readouterr()
    assert (told.out, len(told.err.splitlines())) == ("", 1)
    assert "Hourly marginals hold no seconds to try advice on" in told.err


def test_a_report_over_weeks_files_the_backtest_and_the_same_bytes_again(records: Path, tmp_path: Path) -> None:
    contents = []
    for folder in ("first", "second"):
        assert ran("report", records, "--out", str(tmp_path / folder)) == 0
        (place,) = (tmp_path / folder).iterdir()
        names = sorted(path.name for path in place.iterdir())
        assert names == ["analysis.json", "backtest.json", "report.html", "report.md"]
        contents.append([(place / name).read_bytes() for name in names])
    assert contents[0] == contents[1]
    model = json.loads(contents[0][0])["models"]["m"]
    assert model["seasons"]["verdict"] == "replicas"
    assert {place: tuple(at(model["seasons"], place)) for place in SEASONS} == SEASONS
    assert "Yes: other numbers of replicas pay." in contents[0][3].decode()
    assert "## What earlier advice was worth" in contents[0][3].decode()


def test_the_weeks_before_the_default_window_are_read_as_well(
    records: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The default window ends with the last whole day, 30 March, so three weeks before it are whole."""
    target = tmp_path / "analysis.json"
    settings = str(records / "settings.toml")
    assert main(["analyze", str(records / "records"), "--settings", settings, "--out", str(target)]) == 0
    capsys.readouterr()
    analysis = json.loads(target.read_text())
    assert analysis["window"]["days"] == 7
    assert "there are 3: 2025-03-09 to 2025-03-15" in analysis["models"]["m"]["seasons"]["reason"]
