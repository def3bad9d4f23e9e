import argparse
from pathlib import Path

import pytest

from analyzer.cli import imports
from analyzer.cli.options import parser
from analyzer.errors import BadSettings, NoTraffic, UnreadableRecords
from tests.unit.analyzer.traces.reading import written

HEAD = "TIMESTAMP,ContextTokens,GeneratedTokens"


def given(*line: str | Path) -> argparse.Namespace:
    return parser().parse_args(["import", *(str(word) for word in line)])


def test_the_summary_says_what_became_of_the_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path / "a.csv", HEAD, "2024-05-10 00:00:00+00:00,5,6", "2024-05-10 00:00:00+00:00,-5,6")
    assert imports.run(given("azure", file, "--out", tmp_path / "records", "--model", "m")) is None
    assert capsys.readouterr().out.splitlines() == [
        "read       2 rows from 1 file",
        f"written    1 record to {tmp_path / 'records'} (1 file, one an hour)",
        "set aside  1 row: negative_input_tokens 1",
        "from       2024-05-10T00:00:00+00:00",
        "to         2024-05-10T00:00:00+00:00",
        "models     m 1",
    ]


def test_notes_are_said_once_with_their_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path / "a\x1b.csv", HEAD, "2023-11-16 18:17:03.9799600,5,6")
    imports.run(given("azure", file, "--out", tmp_path / "records"))
    out = capsys.readouterr().out
    assert "note       1 row: times without a zone were taken as UTC" in out
    assert "\x1b" not in out


def test_files_that_cannot_be_read_end_with_their_reasons(tmp_path: Path) -> None:
    good = written(tmp_path / "a.csv", HEAD, "2024-05-10 00:00:00+00:00,5,6")
    error = imports.run(given("azure", good, tmp_path / "none.csv", "--out", tmp_path / "records"))
    assert isinstance(error, UnreadableRecords)
    assert "there is no such file" in str(error)
    assert "The other 1 file(s) were imported." in str(error)


def test_no_record_at_all_is_no_traffic(tmp_path: Path) -> None:
    assert isinstance(imports.run(given("azure", written(tmp_path / "a.csv", HEAD), "--out", tmp_path)), NoTraffic)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (["--timezone", "Mars/Base"], "--timezone"),
        (["--start", "soon"], "--start soon"),
        (["--map", "timestamp"], "COLUMN=NAME"),
        (["--map", "timestamp=ts"], "has columns of its own"),
    ],
)
def test_wishes_that_make_no_sense_are_said_before_anything_is_read(
    tmp_path: Path, line: list[str], sentence: str
) -> None:
    name = "csv" if "COLUMN" in sentence else "azure"
    with pytest.raises(BadSettings, match=sentence):
        imports.run(given(name, "nothing", "--out", tmp_path / "records", *line))


def test_a_start_is_on_the_clock_that_was_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path / "a.jsonl", '{"timestamp": 0, "input_length": 1, "output_length": 2}')
    zone = ("--start", "2025-07-01", "--timezone", "Europe/Berlin")
    assert imports.run(given("mooncake", file, "--out", tmp_path / "records", *zone)) is None
    assert "from       2025-06-30T22:00:00+00:00" in capsys.readouterr().out
