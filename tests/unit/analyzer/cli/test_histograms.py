import argparse
from pathlib import Path

import pytest

from analyzer.cli import histograms
from analyzer.cli.options import parser
from analyzer.errors import BadSettings


def given(*line: str | Path) -> argparse.Namespace:
    return parser().parse_args(["import", "prometheus", *(str(word) for word in line)])


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (["http://a", "http://b"], "one address"),
        (["http://a", "--from", "soon"], "--from soon"),
        (["http://a", "--from", "2025-01-02", "--to", "2025-01-01"], "--from before --to"),
        (["http://a", "--from", "2025-01-01T00:10", "--to", "2025-01-01T00:50"], "are none"),
        (["http://a", "--token-file", "none"], "--token-file none"),
        (["a:9090"], "over HTTP"),
    ],
)
def test_wishes_that_make_no_sense_are_said_before_anybody_is_asked(
    tmp_path: Path, line: list[str], sentence: str
) -> None:
    with pytest.raises(BadSettings, match=sentence):
        histograms.run(given(*line, "--out", tmp_path))


def test_only_families_that_are_known_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        given("http://a", "--out", "x", "--family", "nim")
    assert ended.value.code == 2
    assert "invalid choice" in capsys.readouterr().err
