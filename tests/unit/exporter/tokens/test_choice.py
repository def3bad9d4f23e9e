"""Each model gets the counter that its name asks for."""

from pathlib import Path

import pytest
from tiktoken.model import MODEL_PREFIX_TO_ENCODING, MODEL_TO_ENCODING

from exporter.tokens.choice import Tokenizers
from exporter.tokens.counters import ByteEstimate
from exporter.tokens.vocabulary import SHIPPED, UnusableVocabulary
from tests.unit.exporter.tokens.test_counters import train_small_bpe


def test_every_model_in_tiktokens_own_table_gets_its_vocabulary() -> None:
    tokenizers = Tokenizers()
    names = {
        **MODEL_TO_ENCODING,
        **{f"{prefix}2030": encoding for prefix, encoding in MODEL_PREFIX_TO_ENCODING.items()},
    }
    for model, encoding in names.items():
        plain = "o200k_base" if encoding == "o200k_harmony" else encoding
        assert tokenizers.choose(model) == (plain if plain in SHIPPED else "bytes"), model


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("openai/gpt-oss-120b", "o200k_base"),
        ("GPT-4o-mini", "o200k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("meta-llama/Llama-3.1-8B-Instruct", "bytes"),
        ("o1000-from-elsewhere", "bytes"),
        ("", "bytes"),
        (None, "bytes"),
    ],
)
def test_without_rules_only_known_families_get_a_vocabulary(model: str | None, expected: str) -> None:
    assert Tokenizers().choose(model) == expected


def test_the_first_rule_that_fits_wins_over_the_built_in_table(tmp_path: Path) -> None:
    train_small_bpe().save(str(tmp_path / "tokenizer.json"))
    tokenizers = Tokenizers([("*llama*", str(tmp_path)), ("gpt-4o*", "bytes"), ("*", "cl100k_base")])
    assert tokenizers.counter("meta/Llama-3").name == tmp_path.name
    assert tokenizers.counter("gpt-4o").name == "bytes"
    assert tokenizers.counter("anything").name == "cl100k_base"


def test_a_rule_with_a_broken_path_fails_at_construction(tmp_path: Path) -> None:
    with pytest.raises(UnusableVocabulary, match="There is no tokenizer at"):
        Tokenizers([("*", str(tmp_path / "absent"))])


def test_equal_choices_share_one_counter() -> None:
    tokenizers = Tokenizers()
    assert tokenizers.counter("gpt-4") is tokenizers.counter("gpt-3.5-turbo")


def test_invented_model_names_do_not_fill_the_memory() -> None:
    tokenizers = Tokenizers()
    for i in range(5000):
        assert isinstance(tokenizers.counter(f"invented-{i}"), ByteEstimate)
    tokenizers.counter("x" * 100_000)
    assert len(tokenizers._by_model) <= 1024
    assert max(map(len, tokenizers._by_model)) <= 256


def test_counts_are_reported_with_the_name_of_the_counter() -> None:
    reported: list[str] = []
    Tokenizers(report=lambda name, _ns: reported.append(name)).counter("unknown").count("text")
    assert reported == ["bytes"]
