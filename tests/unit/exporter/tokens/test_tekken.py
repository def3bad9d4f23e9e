"""Mistral's file becomes a tiktoken encoding, or is refused with a reason."""

import json
from pathlib import Path

import pytest

from exporter.dialect.base import Prompt, Text
from exporter.tokens.byte_pairs import TiktokenCounter
from exporter.tokens.tekken import load
from exporter.tokens.vocabulary import UnusableVocabulary
from tests.fakes.vocabularies import tekken


def loaded(tmp_path: Path, **changes: object) -> TiktokenCounter:
    file = tmp_path / "tekken.json"
    file.write_text(json.dumps(tekken(**changes)))
    return load(file, "mistral")


def test_the_vocabulary_is_cut_to_the_size_of_the_model(tmp_path: Path) -> None:
    counter = loaded(tmp_path)
    assert counter.count("the") == 1
    assert counter.count("left out") == 8
    assert (counter.name, counter.source) == ("mistral", "tokenizer")


def test_special_tokens_follow_the_vocabulary_and_are_special_in_a_template_only(tmp_path: Path) -> None:
    counter = loaded(tmp_path)
    counted = counter.in_context("<s>[INST]the[INST][/INST]", [(9, 18)])
    assert counted is not None
    assert counted[0].tolist() == [259, 260, 257, *b"[INST]", 261]
    assert counter.count("[INST]") == 6


def test_a_plain_prompt_begins_with_the_token_of_the_beginning(tmp_path: Path) -> None:
    read = loaded(tmp_path).read(Prompt("m", stream=False, texts=(Text("user", "the"),)))
    assert read.ids[0].tolist() == [259, 257]


def test_an_older_file_that_names_no_special_tokens_has_those_of_its_time(tmp_path: Path) -> None:
    changed = tekken()["config"]
    assert isinstance(changed, dict)
    counter = loaded(tmp_path, special_tokens=None, config={**changed, "version": "v3"})
    counted = counter.in_context("<s>[INST][TOOL_CALLS]", [])
    assert counted is not None
    assert counted[0].tolist() == [258 + 1, 258 + 3, 258 + 9]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"config": {}}, "states no pattern"),
        ({"vocab": []}, "does not have the 258 different tokens"),
        ({"vocab": [{"rank": rank, "token_bytes": "dGhl"} for rank in range(258)]}, "258 different tokens"),
        ({"vocab": [{"rank": rank, "token_bytes": "!"} for rank in range(258)]}, "cannot be read"),
        ({"config": {"pattern": "a", "default_vocab_size": 100, "default_num_special_tokens": 10}}, "single bytes"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_reason(
    tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(UnusableVocabulary, match=reason):
        loaded(tmp_path, **changes)


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tekken.json").write_text("{")
    with pytest.raises(UnusableVocabulary, match="cannot be read"):
        load(tmp_path / "tekken.json", "m")
