import argparse
from pathlib import Path

import pytest

from exporter.cli import main, options
from exporter.errors import BadSettings
from exporter.settings import Settings


def settings(*given: str) -> Settings:
    parser = argparse.ArgumentParser()
    options.add(parser)
    return options.settings(parser.parse_args(given))


def test_every_option_of_the_contract_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("serve", "check"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        said = capsys.readouterr().out
        for option in ("--upstream", "--listen", "--admin", "--health", "--records", "--workers", "--settings"):
            assert option in said


def test_an_option_goes_before_the_file_and_the_file_before_the_default(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text("upstream = 'http://engine:8000'\nworkers = 2\ntimeline = 'full'\n")
    read = settings("--settings", str(file), "--workers", "3")
    assert (read.workers, read.timeline, read.listen) == (3, "full", Settings.model_fields["listen"].default)


def test_what_is_missing_is_told_by_name() -> None:
    with pytest.raises(BadSettings, match="`upstream` is missing"):
        settings()
