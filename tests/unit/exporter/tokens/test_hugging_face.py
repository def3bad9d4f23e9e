"""Counting with a Hugging Face tokenizer survives every text and adds what the engine adds."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from exporter.dialect.base import Conversation, Prompt, Text
from exporter.tokens.hugging_face import HuggingFaceCounter, load
from exporter.tokens.vocabulary import UnusableVocabulary
from tests.fakes.vocabularies import chat_bpe, small_bpe

SMALL = HuggingFaceCounter(small_bpe(), "small")
CHAT = Conversation([], [], {})


@given(st.text(max_size=200))
def test_there_is_an_end_for_each_token_and_the_last_is_the_end_of_the_text(text: str) -> None:
    ends = SMALL.ends(text)
    assert len(ends) == SMALL.count(text)
    assert all(before <= after for before, after in pairwise(ends))
    assert not text or ends[-1] == len(text)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (" " * 1_000_001, 1_000_001),
        ("a" * 10_000_000, 10_000_000),
        ("\ud800" * 50_000, 150_000),
        ("<|im_start|>" * 20_000, 20_000),
    ],
    ids=["blanks", "one character", "surrogates", "special tokens"],
)
def test_hostile_texts_are_counted(text: str, tokens: int) -> None:
    assert 0.3 * tokens <= HuggingFaceCounter(chat_bpe(), "chat").count(text) <= 1.1 * tokens


def test_a_text_beyond_the_exact_limit_is_sampled() -> None:
    counter = HuggingFaceCounter(small_bpe(), "small", 40_000)
    text = "the quick brown fox jumps over the lazy dog. " * 4000
    assert counter.count(text) == pytest.approx(SMALL.count(text), rel=0.01)
    assert counter.ends(text)[-1] == len(text)
    assert len(counter.ends(text)) == counter.count(text)


def test_a_special_token_in_a_text_is_one_token_as_it_is_in_engines_that_read_this_file() -> None:
    assert HuggingFaceCounter(chat_bpe(), "chat").count("<|im_end|>") == 1
    assert SMALL.count("<|im_end|>") == 10


def test_what_the_tokenizer_adds_is_added_to_a_plain_prompt_and_not_to_a_chat() -> None:
    counter = HuggingFaceCounter(chat_bpe(), "chat")
    texts = (Text("user", "the quick"),)
    assert counter.read(Prompt("m", stream=False, texts=texts)).tokens == 3
    assert counter.read(Prompt("m", stream=False, texts=texts, messages=1)).tokens == 2
    assert counter.read(Prompt("m", stream=False, texts=texts, messages=1, chat=CHAT)).tokens == 2


def test_each_text_of_a_plain_prompt_is_a_sequence_of_its_own() -> None:
    texts = (Text("user", "the quick"), Text("user", "the dog"))
    read = SMALL.read(Prompt("m", stream=False, texts=texts))
    assert [len(ids) for ids in read.ids] == list(read.of_each) == [2, 2]


def test_a_token_belongs_to_the_text_in_which_it_ends() -> None:
    counter = HuggingFaceCounter(chat_bpe(), "chat")
    counted = counter.in_context("<|im_start|>the quick<|im_end|>dog", [(12, 21), (31, 34)])
    assert counted is not None
    ids, of_each = counted
    assert len(ids) == 2 + sum(of_each)
    assert of_each == [2, counter.count("dog")]


def test_where_the_tokenizer_refuses_a_text_it_is_estimated() -> None:
    refusing = HuggingFaceCounter(Tokenizer(models.WordLevel({"the": 0}, unk_token="[UNK]")), "refusing")  # noqa: S106 - no password
    text = "entirely unknown"
    read = refusing.read(Prompt("m", stream=False, texts=(Text("user", text),)))
    assert refusing.count(text) == len(refusing.ends(text)) == read.tokens == 4
    assert not read.exact
    assert refusing.in_context(text, []) is None


def test_a_tokenizer_that_truncates_and_pads_still_counts_everything(tmp_path: Path) -> None:
    tokenizer = small_bpe()
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=10)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert load(tmp_path / "tokenizer.json", "m").count("the the the the") == 4


def test_a_file_that_is_no_tokenizer_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": "none"}))
    with pytest.raises(UnusableVocabulary, match=r"cannot be read .*give the path"):
        load(tmp_path / "tokenizer.json", "m")
