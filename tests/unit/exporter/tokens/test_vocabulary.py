"""The shipped vocabularies are tiktoken's own, or they are refused."""

import base64
import hashlib
import lzma
from dataclasses import replace

import pytest
import tiktoken_ext.openai_public as published  # type: ignore[import-untyped] # tiktoken publishes no types for it

from exporter.tokens.vocabulary import CL100K, SHIPPED, UnusableVocabulary, build, load, shipped_bytes


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_patterns_special_tokens_and_hashes_are_those_that_tiktoken_publishes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes: list[str] = []

    def remember(_url: str, expected_hash: str) -> dict[bytes, int]:
        hashes.append(expected_hash)
        return {}

    monkeypatch.setattr(published, "load_tiktoken_bpe", remember)
    theirs = published.ENCODING_CONSTRUCTORS[name]()
    ours = SHIPPED[name]
    assert (ours.pattern, dict(ours.special)) == (theirs["pat_str"], theirs["special_tokens"])
    assert hashes == [ours.sha256]


# Documented by OpenAI's cookbook, "How to count tokens with tiktoken".
@pytest.mark.parametrize(
    ("name", "text", "tokens"),
    [
        ("cl100k_base", "antidisestablishmentarianism", [519, 85342, 34500, 479, 8997, 2191]),
        ("cl100k_base", "2 + 2 = 4", [17, 489, 220, 17, 284, 220, 19]),
        ("o200k_base", "antidisestablishmentarianism", [493, 129901, 376, 160388, 21203, 2367]),
        ("o200k_base", "お誕生日おめでとう", [8930, 9697, 243, 128225, 8930, 17693, 4344, 48669]),
    ],
)
def test_known_texts_give_known_tokens(name: str, text: str, tokens: list[int]) -> None:
    assert load(name).encode_ordinary(text) == tokens


def test_a_changed_vocabulary_is_refused_by_its_hash() -> None:
    plain = lzma.decompress(shipped_bytes("cl100k_base"))
    with pytest.raises(UnusableVocabulary, match="SHA-256"):
        build(CL100K, lzma.compress(plain + b"YQ== 1\n", preset=0))


def test_a_damaged_file_is_refused() -> None:
    with pytest.raises(UnusableVocabulary, match="damaged"):
        build(CL100K, shipped_bytes("cl100k_base")[:1000])


def test_an_unknown_vocabulary_is_named_together_with_the_known_ones() -> None:
    with pytest.raises(UnusableVocabulary, match="'r50k'; shipped are cl100k_base, o200k_base"):
        load("r50k")


def test_a_vocabulary_built_from_its_ranks_counts_single_bytes() -> None:
    plain = b"".join(base64.b64encode(bytes([i])) + b" %d\n" % i for i in range(256))
    tiny = replace(CL100K, name="tiny", sha256=hashlib.sha256(plain).hexdigest(), special=())
    assert build(tiny, lzma.compress(plain)).encode_ordinary("hé") == [ord("h"), 0xC3, 0xA9]


def test_a_vocabulary_is_loaded_once() -> None:
    assert load("cl100k_base") is load("cl100k_base")
