"""The command `check` on settings that cannot be read; what it tries with real sockets is shown in tests/e2e."""

import pytest

from exporter.cli import main


def test_wrong_settings_are_told_before_anything_is_tried(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--upstream", "http://engine:8000", "--workers", "0"]) == 2
    said = capsys.readouterr()
    assert "`workers` is wrong" in said.err
    assert said.out == ""
