from pathlib import Path

import pytest

from analyzer.cli.options import parser
from exporter import __version__


def test_the_options_are_those_of_the_contract() -> None:
    window = ["--from", "2025-04-07", "--to", "2025-04-14", "--timezone", "Asia/Shanghai"]
    given = parser().parse_args(
        ["report", "r1", "r2", "--out", "archive", *window, "--model", "m", "--settings", "s.toml"]
    )
    assert (given.command, given.records, given.out) == ("report", ["r1", "r2"], Path("archive"))
    assert (given.since, given.until, given.everything) == ("2025-04-07", "2025-04-14", False)
    assert (given.timezone, given.model, given.settings) == ("Asia/Shanghai", ["m"], Path("s.toml"))


def test_analyze_needs_nowhere_to_write() -> None:
    given = parser().parse_args(["analyze", "--all", "r"])
    assert (given.command, given.everything, given.out) == ("analyze", True, None)


def test_backtest_takes_the_options_of_analyze() -> None:
    given = parser().parse_args(["backtest", "r", "--all", "--settings", "s.toml", "--out", "b.json"])
    assert (given.command, given.settings, given.out) == ("backtest", Path("s.toml"), Path("b.json"))


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"{__version__}\n")


@pytest.mark.parametrize("line", ["", "analyze", "backtest", "report r", "size r", "analyze r --when now"])
def test_wrong_usage_ends_with_2(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(line.split())
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err
