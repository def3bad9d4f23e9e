"""The analyzer's commands as a user meets them: what they write, their exit codes, and one sentence per error."""

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer.cli import main
from tests.fakes.recordings import row, write

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line and answers its exit code, standard output and standard error."""

    def once(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return once


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """4,000 requests of two models over 50 minutes, in two files."""
    folder = tmp_path / "records"
    rows = [row(i * 0.75, 50 + i * 37 % 900, 5 + i * 11 % 90, model=("m", "n")[i % 4 == 0]) for i in range(4000)]
    write(folder / "date=2025-03-03" / "hour=00" / "a.parquet", rows[:2000])
    write(folder / "date=2025-03-03" / "hour=00" / "b.parquet", rows[2000:])
    return folder


def models(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)["models"]
    return found


def test_analyze_writes_the_analysis_to_standard_output(run: Run, records: Path) -> None:
    code, out, err = run("analyze", records)
    assert (code, err) == (0, "")
    assert {name: model["requests"] for name, model in models(out).items()} == {"m": 3000, "n": 1000}
    assert json.loads(out)["window"]["requests"] == 4000


def test_the_same_records_give_the_same_bytes(run: Run, records: Path) -> None:
    assert run("analyze", records) == run("analyze", records)


def test_analyze_writes_to_a_file_where_asked(run: Run, records: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "analysis.json"
    assert run("analyze", records, "--out", target) == (0, "", "")
    assert json.loads(target.read_text())["schema"] == "tokentide.analysis/1"


def test_one_model_can_be_chosen(run: Run, records: Path) -> None:
    code, out, _ = run("analyze", records, "--model", "m")
    assert (code, list(models(out))) == (0, ["m"])


def test_report_files_three_files_and_prints_their_paths(run: Run, records: Path, tmp_path: Path) -> None:
    code, out, err = run("report", records, "--out", tmp_path / "archive")
    assert (code, err) == (0, "")
    paths = [Path(line) for line in out.splitlines()]
    place = tmp_path / "archive" / "2025-03-03T000000--2025-03-03T010000"
    assert paths == [place / "report.html", place / "report.md", place / "analysis.json"]
    assert all(path.stat().st_size > 1000 for path in paths)


def test_a_report_of_one_model_lies_beside_that_of_all_and_says_what_it_was_made_from(
    run: Run, records: Path, tmp_path: Path
) -> None:
    _, every, _ = run("report", records, "--out", tmp_path / "archive")
    _, one, _ = run("report", records, "--out", tmp_path / "archive", "--model", "m")
    both = [Path(out.splitlines()[2]) for out in (every, one)]
    window = both[0].parent.name
    assert both[1].parent.name == f"{window}--m"
    told = [json.loads(path.read_text())["made_from"] for path in both]
    assert [one["models"] for one in told] == [None, ["m"]]
    assert (told[0]["window_from"], told[0]["settings"]) == ("default", {})
    assert "from 2 files, in which" in both[1].with_name("report.md").read_text()


def test_the_same_records_in_another_folder_give_the_same_bytes(run: Run, records: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(records, moved)
    assert run("analyze", records)[1] == run("analyze", moved)[1]


def test_wrong_settings_end_with_2_and_a_sentence_for_each_mistake(run: Run, records: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("confidence = 7\ntypo = 1\n")
    code, out, err = run("analyze", records, "--settings", settings)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 2


def test_unreadable_records_end_with_3_and_each_file_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("text")
    code, out, err = run("analyze", tmp_path, tmp_path / "none.parquet")
    assert (code, out) == (3, "")
    assert [line.split(": ")[1] for line in err.splitlines()] == [
        str(tmp_path / "a.parquet"),
        str(tmp_path / "none.parquet"),
    ]


def test_readable_records_beside_unreadable_ones_are_analysed_and_said_to_be(run: Run, records: Path) -> None:
    (records / "broken.parquet").write_text("text")
    code, out, err = run("analyze", records)
    assert code == 3
    assert models(out)["m"]["requests"] == 3000
    assert "1 file(s) of records could not be read" in models(out)["m"]["evidence"][0]["sentence"]
    assert "broken.parquet" in err
    assert "The other 2 file(s) were read" in err


def test_too_little_traffic_ends_with_4_and_a_report_that_says_so(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "records" / "a.parquet", [row(i) for i in range(50)])
    code, out, err = run("report", tmp_path / "records", "--out", tmp_path / "archive")
    assert code == 4
    assert "at least 2,995 requests" in err
    assert len(err.splitlines()) == 1
    assert all(Path(line).exists() for line in out.splitlines())
    analysis = json.loads(Path(out.splitlines()[2]).read_text())["models"]["m"]
    assert (analysis["requests"], analysis["lengths"]["max_seq_len"]) == (50, None)
    assert "2,995" in Path(out.splitlines()[1]).read_text()


def test_too_little_traffic_of_many_models_is_told_in_one_short_line(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "records" / "a.parquet", [row(i, model=f"m{i % 60}") for i in range(125)])
    code, _, err = run("analyze", tmp_path / "records")
    assert code == 4
    assert "All 60 models have fewer than 2,995 requests, m0 with 3 the most" in err
    assert len(err) < 300


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--from", "2020-01-01", "--to", "2020-01-02"], "No request counts between 2020-01-01"),
    ],
)
def test_no_traffic_ends_with_4_and_says_why(run: Run, records: Path, options: list[str], sentence: str) -> None:
    code, out, err = run("analyze", records, *options)
    assert (code, models(out)) == (4, {})
    assert sentence in err
    assert len(err.splitlines()) == 1


def test_a_model_that_no_request_asks_for_ends_with_2_and_overwrites_nothing(
    run: Run, records: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    for wrong in (["--model", "x"], ["--model", "m", "--model", "x"]):
        code, out, err = run("report", records, "--out", archive, *wrong)
        assert (code, out) == (2, "")
        assert "No request asks for x: the records hold m, n." in err
    assert not archive.exists()


def test_records_that_still_wait_in_the_spool_are_told(run: Run, tmp_path: Path) -> None:
    spool = tmp_path / "records" / ".spool"
    spool.mkdir(parents=True)
    (spool / "here-1-1.spool").write_bytes(b"x" * 1234)
    code, _, err = run("analyze", tmp_path / "records")
    assert code == 4
    assert "1,234 bytes wait in .spool" in err


def test_requests_outside_the_default_window_are_told_wherever_one_looks(run: Run, tmp_path: Path) -> None:
    rows = [row(i, 100 + i % 50) for i in range(3000)] + [row(3 * 86_400 + i) for i in range(7)]
    write(tmp_path / "records" / "a.parquet", rows)
    code, out, err = run("report", tmp_path / "records", "--out", tmp_path / "archive")
    window = "(2025-02-27T00:00:00+00:00 to 2025-03-06T00:00:00+00:00)"
    said = f"tokentide-analyzer: 7 of 3,007 requests lie outside this window {window}; --all takes them.\n"
    assert (code, err) == (0, said)
    _, markdown, analysis = (Path(line) for line in out.splitlines())
    assert json.loads(analysis.read_text())["window"]["outside"] == 7
    assert "Not all that was recorded is in this report." in markdown.read_text()
    code, out, err = run("analyze", tmp_path / "records", "--all")
    assert (code, err, json.loads(out)["window"]["outside"]) == (0, "", 0)


def test_a_window_that_was_asked_for_is_not_remarked_on(run: Run, records: Path) -> None:
    code, out, err = run("analyze", records, "--to", "2025-03-03T00:49:57")
    assert (code, err) == (0, "")
    assert json.loads(out)["window"]["outside"] == 4


def test_an_empty_folder_ends_with_4_and_a_report_is_filed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    code, out, err = run("report", tmp_path / "records", "--out", tmp_path / "archive")
    assert code == 4
    assert "There is no record in" in err
    assert len(out.splitlines()) == 3


def test_a_spool_below_the_folder_is_found_and_its_bytes_are_told(run: Run, tmp_path: Path) -> None:
    spool = tmp_path / "node-1" / "records" / ".spool"
    spool.mkdir(parents=True)
    (spool / "current").write_bytes(b"x" * 1234)
    code, _, err = run("analyze", tmp_path)
    assert code == 4
    assert "1,234 bytes wait in .spool there" in err


def test_rows_that_cannot_count_are_no_traffic(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row(1, isl=None), row(2, osl=None)])
    code, out, err = run("analyze", tmp_path)
    assert code == 4
    assert json.loads(out)["window"]["set_aside"] == {"no_input_tokens": 1, "no_output_tokens": 1}
    assert "2 rows set aside" in err


def test_a_place_that_cannot_be_written_ends_with_2(run: Run, records: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for command in ("analyze", "report"):
        code, _, err = run(command, records, "--out", tmp_path / "file" / "below")
        assert code == 2
        assert "cannot be written" in err
        assert len(err.splitlines()) == 1


def test_an_error_has_a_traceback_only_where_asked(run: Run, tmp_path: Path) -> None:
    assert "Traceback" not in run("analyze", tmp_path / "none")[2]
    assert "Traceback" in run("analyze", tmp_path / "none", "--debug")[2]


def test_progress_is_shown_on_a_terminal_and_never_in_a_pipe(
    run: Run, records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        """A standard error that is a terminal."""

        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    assert main(["analyze", str(records), "--out", str(records / "out.json")]) == 0
    assert "writing the analysis" in terminal.getvalue()


def test_a_reader_that_has_seen_enough_is_no_error(records: Path) -> None:
    command = [sys.executable, "-c", "import sys; from analyzer.cli import main; sys.exit(main())"]
    with subprocess.Popen(
        [*command, "analyze", str(records)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
    assert (process.returncode, told) == (0, b"")
