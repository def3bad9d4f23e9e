"""Counting with tiktoken survives every text, and treats what users write as text."""

import base64
import hashlib
import lzma
from itertools import pairwise
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialect.base import Conversation, Prompt, Text
from exporter.tokens.byte_pairs import TiktokenCounter
from exporter.tokens.vocabulary import Vocabulary, build, load

CL100K_COUNTER = TiktokenCounter(load("cl100k_base"))
CHAT = Conversation([], [], {})


def tiny_encoding(pattern: str, special: tuple[tuple[str, int], ...] = ()) -> tiktoken.Encoding:
    """An encoding whose tokens are single bytes, split by `pattern`."""
    plain = b"".join(base64.b64encode(bytes([i])) + b" %d\n" % i for i in range(256))
    return build(Vocabulary("tiny", hashlib.sha256(plain).hexdigest(), pattern, special), lzma.compress(plain))


@given(st.text(max_size=200))
def test_there_is_an_end_for_each_token_and_the_last_is_the_end_of_the_text(text: str) -> None:
    ends = CL100K_COUNTER.ends(text)
    assert len(ends) == CL100K_COUNTER.count(text)
    assert all(before <= after for before, after in pairwise(ends))
    assert not text or ends[-1] == len(text)


def test_broken_unicode_is_counted() -> None:
    text = "\ud83d broken \udc00"
    assert CL100K_COUNTER.count(text) > 0
    assert CL100K_COUNTER.ends(text)[-1] == len(text)


def test_tiktoken_ends_fall_after_whole_words() -> None:
    assert CL100K_COUNTER.ends("Hello wide world").tolist() == [5, 10, 16]


def test_a_text_that_a_vocabulary_has_no_token_for_ends_nowhere() -> None:
    assert TiktokenCounter(tiny_encoding(r"[a-z]+")).ends("   ").tolist() == []


def test_what_looks_like_a_special_token_is_text() -> None:
    assert CL100K_COUNTER.count("<|endoftext|>") == 7
    assert CL100K_COUNTER.read(prompt("<|endoftext|>")).tokens == 7


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (" " * 1_000_001, 1_000_001 / 128),  # a million blanks make the library panic when they come in one piece
        ("a" * 10_000_000, 10_000_000 / 8),
        ("\n" * 1_000_000, 1_000_000 / 32),
        ("\ud800" * 100_000, 25_000),
        ("<|endoftext|>" * 50_000, 7 * 50_000),
    ],
    ids=["blanks", "one character", "newlines", "surrogates", "special tokens"],
)
def test_hostile_texts_are_counted(text: str, tokens: float) -> None:
    assert 0.3 * tokens <= CL100K_COUNTER.count(text) <= 1.1 * tokens


def test_pieces_change_the_count_of_ordinary_text_by_very_little() -> None:
    prose = Path(__file__).read_text() * 40
    whole = len(load("cl100k_base").encode_ordinary(prose))
    assert CL100K_COUNTER.count(prose) == pytest.approx(whole, rel=0.0001)


def test_where_tiktoken_panics_the_piece_is_estimated() -> None:
    counter = TiktokenCounter(tiny_encoding(r"(?:\s|\s\s)+(?!\S)z|[\s\S]"))
    text = " " * 40
    assert counter.count(text) == 10
    assert counter.ends(text).tolist() == [4, 8, 12, 16, 20, 24, 28, 32, 36, 40]
    read = counter.read(prompt(text))
    assert (read.tokens, read.exact, read.ids) == (10, False, ())


def test_a_text_beyond_the_exact_limit_is_sampled() -> None:
    counter = TiktokenCounter(load("cl100k_base"), 40_000)
    text = "the quick brown fox jumps over the lazy dog. " * 4000
    assert counter.count(text) == pytest.approx(CL100K_COUNTER.count(text), rel=0.01)
    assert counter.ends(text)[-1] == len(text)
    assert len(counter.ends(text)) == counter.count(text)


def test_a_prompt_is_read_with_the_ids_of_its_texts() -> None:
    texts = (Text("system", "Hello"), Text("user", " wide world"))
    read = CL100K_COUNTER.read(Prompt("gpt-4", stream=False, texts=texts, messages=2, chat=CHAT))
    assert (read.tokens, read.of_each, read.exact) == (3, (1, 2), True)
    assert [int(token) & 0x7FFFFFFF for token in read.ids[0]] == load("cl100k_base").encode("Hello wide world")


def test_the_token_that_begins_a_prompt_is_counted_where_the_text_is_no_chat() -> None:
    counter = TiktokenCounter(tiny_encoding(r"[\s\S]"), begin=300)
    assert counter.read(prompt("ab")).ids[0].tolist() == [300, 97, 98]
    assert counter.read(Prompt("m", stream=False, texts=(Text("user", "ab"),), messages=1, chat=CHAT)).tokens == 2


def test_special_tokens_of_a_template_are_special_and_those_of_the_user_are_not() -> None:
    counter = TiktokenCounter(tiny_encoding(r"[\s\S]", (("[INST]", 256), ("[/INST]", 257))))
    rendered = "[INST]a[INST][/INST]"
    counted = counter.in_context(rendered, [(6, 13)])
    assert counted is not None
    ids, of_each = counted
    assert ids.tolist() == [256, *b"a[INST]", 257]
    assert of_each == [7]


def prompt(text: str) -> Prompt:
    return Prompt("m", stream=False, texts=(Text("user", text),))
