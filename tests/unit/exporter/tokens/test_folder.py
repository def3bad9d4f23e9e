"""A model's folder is read as it lies beside its weights."""

import json
from pathlib import Path

import pytest

from exporter.dialect.base import Conversation, Prompt, Text
from exporter.tokens.folder import chat_template, checked, counter, kind, sha256, tokenizer_file
from exporter.tokens.vocabulary import UnusableVocabulary
from tests.fakes.vocabularies import model_folder, small_bpe, tekken

CHAT = Conversation([{"role": "user", "content": "the"}], [], {})
PROMPT = Prompt("m", stream=False, texts=(Text("user", "the"),), messages=1, chat=CHAT)


def silent(_: str) -> None:
    """Nobody is told."""


def test_a_tokenizer_file_is_read_and_named_after_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "small-model"
    folder.mkdir()
    small_bpe().save(str(folder / "tokenizer.json"))
    for path in (folder, folder / "tokenizer.json"):
        found = counter(path, silent)
        assert found.name == "small-model"
        assert found.count("the quick fox") == 3


def test_a_folder_with_a_template_counts_with_it(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m", "{{ bos_token }}{{ messages[0].content }}")
    assert counter(folder, silent).read(PROMPT).tokens == 2
    assert counter(folder / "tokenizer.json", silent, "named").read(PROMPT).tokens == 2


def test_a_folder_with_tekken_only_counts_with_that(tmp_path: Path) -> None:
    (tmp_path / "tekken.json").write_text(json.dumps(tekken()))
    assert counter(tmp_path, silent).count("the") == 1
    (tmp_path / "chat_template.jinja").write_text("<s>[INST]{{ messages[0].content }}[/INST]")
    assert counter(tmp_path, silent).read(PROMPT).tokens == 4
    assert kind(tokenizer_file(tmp_path)) == "tekken"


@pytest.mark.parametrize(
    ("files", "rendered"),
    [
        ({"tokenizer_config.json": {"chat_template": "config"}}, "config"),
        ({"chat_template.json": {"chat_template": "old"}}, "old"),
        ({"tokenizer_config.json": {"chat_template": "config"}, "chat_template.jinja": "own file"}, "own file"),
        ({"tokenizer_config.json": {"chat_template": [{"name": "default", "template": "named"}]}}, "named"),
        (
            {
                "tokenizer_config.json": {"eos_token": {"content": "</s>"}},
                "special_tokens_map.json": {"bos_token": "<s>", "eos_token": "<old>"},
                "chat_template.jinja": "{{ bos_token }}{{ eos_token }}",
            },
            "<s></s>",
        ),
    ],
)
def test_templates_and_special_tokens_are_found_where_models_have_them(
    tmp_path: Path, files: dict[str, object], rendered: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
    template = chat_template(tmp_path, "m")
    assert template is not None
    assert template.render(CHAT) == rendered


def test_a_folder_without_template_has_none(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": [{"name": "rag", "template": ""}]}))
    assert chat_template(tmp_path, "m") is None


def test_a_missing_tokenizer_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnusableVocabulary, match=r"There is no tokenizer at .*give the path"):
        tokenizer_file(tmp_path / "nowhere")
    with pytest.raises(UnusableVocabulary, match=r"no tokenizer\.json and no tekken\.json"):
        tokenizer_file(tmp_path)


def test_a_configuration_that_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text("{")
    with pytest.raises(UnusableVocabulary, match=r"tokenizer_config\.json is not JSON"):
        chat_template(tmp_path, "m")


def test_a_file_with_another_hash_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    file.write_text("a")
    checked(file, sha256(file).upper())
    with pytest.raises(UnusableVocabulary, match=r"tokenizer\.json has SHA-256 ca97.*, expected is 00"):
        checked(file, "00" * 32)
