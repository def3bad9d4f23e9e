"""Why a tokenizer cannot be fetched is said in one sentence; that it can is shown in tests/e2e."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from exporter.tokens.pull import _sentence, pull
from exporter.tokens.vocabulary import UnusableVocabulary


@dataclass
class Answer:
    """What the hub answered."""

    status_code: int


class Refused(Exception):
    """An error of the hub's client."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status}\nand much more")
        self.response = Answer(status)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Refused(401), "ask for access there, and set HF_TOKEN"),
        (Refused(404), "has no model org/m with a revision main"),
        (Refused(500), r"cannot be fetched \(Refused: 500\); pull where the hub"),
        (ConnectionError("offline mode is enabled."), r"\(ConnectionError: offline mode is enabled\); pull where"),
        (ConnectionError(), r"\(ConnectionError: \); pull"),
    ],
)
def test_the_sentence_says_what_to_do(error: Exception, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(_sentence("org/m", "main", error))


def test_what_is_no_name_of_a_repository_is_refused_before_anybody_is_asked(tmp_path: Path) -> None:
    with pytest.raises(UnusableVocabulary, match="is not the name of a repository"):
        pull("../../etc", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableVocabulary, match=r"The cache .*file.* cannot be written"):
        pull("org/m", tmp_path / "file" / "cache")
