"""The cache holds pulled tokenizers by name, and notices when one has changed."""

from pathlib import Path

import pytest

from exporter.tokens.cache import find, names, write
from exporter.tokens.folder import sha256
from exporter.tokens.vocabulary import UnusableVocabulary
from tests.fakes.vocabularies import model_folder


def kept(cache: Path, name: str) -> Path:
    folder = model_folder(cache / name)
    write(folder, "abc", {file.name: sha256(file) for file in folder.iterdir()})
    return folder


def test_models_are_listed_and_found_by_name(tmp_path: Path) -> None:
    kept(tmp_path, "org/model")
    kept(tmp_path, "gpt2")
    model_folder(tmp_path / "copied" / "without-list")
    assert names(tmp_path) == ("gpt2", "org/model")
    found = find(tmp_path, "org/model")
    assert found is not None
    assert (found.name, found.revision, found.folder) == ("org/model", "abc", tmp_path / "org/model")
    found.check()


def test_a_cache_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert names(tmp_path / "nowhere") == ()
    assert find(tmp_path / "nowhere", "org/model") is None


@pytest.mark.parametrize("name", ["../org/model", "..", "", "a/b/c", "/etc", "org/../org/model"])
def test_no_name_leaves_the_cache(tmp_path: Path, name: str) -> None:
    kept(tmp_path / "inside", "org/model")
    kept(tmp_path, "org/model")
    assert find(tmp_path / "inside", name) is None


def test_a_changed_or_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    folder = kept(tmp_path, "org/model")
    found = find(tmp_path, "org/model")
    assert found is not None
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(UnusableVocabulary, match=r"org/model/tokenizer\.json has SHA-256"):
        found.check()
    (folder / "tokenizer.json").unlink()
    with pytest.raises(UnusableVocabulary, match=r"tokenizer\.json is missing; pull org/model again"):
        found.check()


def test_a_damaged_list_is_refused_by_name(tmp_path: Path) -> None:
    (kept(tmp_path, "org/model") / "tokentide.json").write_text("{")
    with pytest.raises(UnusableVocabulary, match=r"tokentide\.json cannot be read"):
        find(tmp_path, "org/model")
