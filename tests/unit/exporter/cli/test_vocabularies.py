"""The command `tokenizers` says what there is and counts; that it fetches is shown in tests/e2e."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.cli import main
from tests.fakes.vocabularies import model_folder
from tests.unit.exporter.tokens.test_cache import kept


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["tokenizers", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def settings(folder: Path, **rule: str) -> str:
    file = folder / "sidecar.toml"
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in rule.items())
    file.write_text(f"[[tokenizers]]\n{lines}\n")
    return str(file)


def test_the_list_names_path_kind_hash_and_models(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    kept(tmp_path / "cache", "org/model")
    code, said, _ = run(capsys, "list", "--cache", str(tmp_path / "cache"))
    assert code == 0
    listed = {block.splitlines()[0]: block for block in said.split("\n\n")}
    assert list(listed) == ["cl100k_base", "o200k_base", "org/model"]
    assert "kind    tiktoken\n" in listed["o200k_base"]
    assert "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d" in listed["o200k_base"]
    assert "models  gpt-4o*, chatgpt-4o*" in listed["o200k_base"]
    assert f"path    {tmp_path}/cache/org/model/tokenizer.json" in listed["org/model"]


def test_a_vocabulary_that_cannot_be_used_is_listed_and_ends_with_two(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = settings(tmp_path, models="llama*", vocabulary=str(tmp_path / "absent"))
    code, said, _ = run(capsys, "list", "--settings", file)
    assert code == 2
    assert "models  llama*\n  wrong   There is no tokenizer at" in said


def test_a_text_is_counted_from_a_file_or_from_standard_input(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tmp_path / "text"
    text.write_text("Hello wide world")
    assert run(capsys, "count", "--model", "gpt-4o", str(text)) == (0, "3 tokens, o200k_base, exact\n", "")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Hello \xff world")))
    assert run(capsys, "count", "--model", "unknown")[1] == "4 tokens, bytes, estimate\n"


def test_the_rules_of_the_settings_count_without_an_engine(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "my-model")
    text = tmp_path / "text"
    text.write_text("the quick fox")
    file = settings(tmp_path, models="llama*", vocabulary=str(folder))
    counted = run(capsys, "count", "--model", "llama-3", "--settings", file, str(text))
    assert counted == (0, "3 tokens, my-model, exact\n", "")


def test_a_missing_tokenizer_is_a_warning_and_an_estimate(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("the quick fox")
    file = settings(tmp_path, models="llama*", vocabulary=str(tmp_path / "absent"))
    code, said, warned = run(capsys, "count", "--model", "llama-3", "--settings", file, str(text))
    assert (code, said) == (0, "4 tokens, bytes, estimate\n")
    assert warned.startswith("tokentide-exporter: There is no tokenizer at")


def test_a_text_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, said = run(capsys, "count", "--model", "m", str(tmp_path / "absent"))
    assert (code, said.count("\n")) == (2, 1)
    assert "cannot be read: No such file" in said


def test_what_is_no_name_cannot_be_pulled(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, said = run(capsys, "pull", "../outside", "--cache", str(tmp_path))
    assert code == 2
    assert "is not the name of a repository" in said


def test_a_reader_that_has_seen_enough_is_no_fault() -> None:
    listing = [sys.executable, "-m", "exporter.entry", "tokenizers", "list"]
    with subprocess.Popen(listing, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as lister:
        assert lister.stdout is not None
        assert lister.stderr is not None
        lister.stdout.close()
        assert (lister.wait(), lister.stderr.read()) == (0, b"")
