"""Each model gets the counter that its name asks for."""

from pathlib import Path

import pytest
from tiktoken.model import MODEL_PREFIX_TO_ENCODING, MODEL_TO_ENCODING

from exporter.tokens.choice import Rule, Tokenizers, open_counter
from exporter.tokens.estimate import ByteEstimate
from exporter.tokens.vocabulary import SHIPPED, UnusableVocabulary
from tests.fakes.vocabularies import model_folder, small_bpe
from tests.unit.exporter.tokens.test_cache import kept


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
    small_bpe().save(str(tmp_path / "tokenizer.json"))
    tokenizers = Tokenizers([Rule("*llama*", str(tmp_path)), Rule("gpt-4o*", "bytes"), Rule("*", "cl100k_base")])
    assert tokenizers.counter("meta/Llama-3").name == tmp_path.name
    assert tokenizers.counter("gpt-4o").name == "bytes"
    assert tokenizers.counter("anything").name == "cl100k_base"


def test_a_tokenizer_that_is_missing_is_one_warning_and_an_estimate(tmp_path: Path) -> None:
    said: list[str] = []
    tokenizers = Tokenizers([Rule("*", str(tmp_path / "absent"))], warn=said.append)
    assert [tokenizers.counter(model).name for model in ("a", "b")] == ["bytes", "bytes"]
    assert len(said) == 1
    assert said[0].startswith("There is no tokenizer at")
    assert said[0].endswith("its models are estimated from bytes.")


def test_a_vocabulary_with_a_wrong_hash_is_refused_by_name(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    said: list[str] = []
    tokenizers = Tokenizers([Rule("a", str(folder), "00" * 32), Rule("b", "bytes")], warn=said.append)
    assert tokenizers.counter("a").source == "estimate"
    assert len(said) == 1
    assert f"{folder / 'tokenizer.json'} has SHA-256" in said[0]
    with pytest.raises(UnusableVocabulary, match="expected is 0000"):
        open_counter(str(folder), None, "00" * 32)


def test_a_pulled_tokenizer_counts_for_the_model_of_its_name(tmp_path: Path) -> None:
    kept(tmp_path, "Org/Model-1")
    tokenizers = Tokenizers([Rule("special", "Org/Model-1")], pulled=tmp_path)
    for model in ("Org/Model-1", "org/model-1", "elsewhere/model-1", "Model-1", "special"):
        assert tokenizers.counter(model).name == "Org/Model-1", model
    assert tokenizers.counter("Model-2").name == "bytes"


def test_a_pulled_tokenizer_that_has_changed_is_refused_by_name(tmp_path: Path) -> None:
    (kept(tmp_path, "Org/Model-1") / "tokenizer.json").write_text("{}")
    said: list[str] = []
    assert Tokenizers(warn=said.append, pulled=tmp_path).counter("Org/Model-1").name == "bytes"
    assert "Org/Model-1/tokenizer.json has SHA-256" in said[0]


def test_a_text_beyond_the_exact_limit_is_counted_by_an_estimate(tmp_path: Path) -> None:
    tokenizers = Tokenizers([Rule("*", str(model_folder(tmp_path / "m")))])
    assert tokenizers.counter("m", 262_144).source == "tokenizer"
    assert tokenizers.counter("m", 262_145).source == "estimate"


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


def test_shipped_vocabularies_in_use_are_named_and_no_others(tmp_path: Path) -> None:
    named: list[str] = []
    small_bpe().save(str(tmp_path / "tokenizer.json"))
    tokenizers = Tokenizers([Rule("m", str(tmp_path))], loaded=named.append)
    for model in ("m", "unknown", "gpt-4o", "gpt-4o-mini"):
        tokenizers.counter(model)
    assert named == ["o200k_base"]
