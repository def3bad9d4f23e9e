import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from exporter.cli import main
from exporter.cli.serving import runtime_folder


def test_wrong_settings_end_with_two_and_a_sentence_each(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text("workers = 0\n")
    assert main(["serve", "--settings", str(file), "--listen", "nowhere"]) == 2
    said = capsys.readouterr().err
    assert "`upstream` is missing" in said
    assert "`listen` is wrong" in said
    assert "`workers` is wrong" in said
    assert "Traceback" not in said


def test_a_records_folder_that_cannot_be_written_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert main(["serve", "--upstream", "http://127.0.0.1:1", "--records", str(blocked / "records")]) == 2
    assert "records folder" in capsys.readouterr().err


def test_usage_errors_end_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--nonsense"])
    assert ended.value.code == 2
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2


def test_the_supervisor_loads_nothing_that_only_other_processes_and_commands_need() -> None:
    script = (
        "import sys, exporter.cli;"
        "heavy = ('numpy', 'pyarrow', 'pandas', 'tiktoken', 'tokenizers', 'jinja2', 'starlette', 'uvloop');"
        "print([name for name in sys.modules if name.partition('.')[0] in heavy])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_socket_of_the_tap_has_a_path_that_the_system_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("a" * 100)
    deep.mkdir()
    usual = Path("/tmp")  # noqa: S108 - the folder that is meant
    for place in (deep, usual):
        monkeypatch.setattr(tempfile, "tempdir", str(place))
        folder = runtime_folder()
        folder.rmdir()
        assert len(str(folder / "tap.sock")) <= 107
        assert folder.parent == usual
