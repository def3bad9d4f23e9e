"""Counting tokens survives every text, and says how many characters each token ends after."""

import base64
import hashlib
import json
import lzma
from itertools import pairwise
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from exporter.observe.observation import TokenCounter
from exporter.tokens.counters import (
    ByteEstimate,
    Counter,
    HuggingFaceCounter,
    TiktokenCounter,
    Timed,
    hugging_face,
)
from exporter.tokens.vocabulary import CL100K, UnusableVocabulary, Vocabulary, build, load

TEXTS = st.text(max_size=200)


def train_small_bpe() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(["the quick brown fox jumps over the lazy dog"] * 20, trainer)
    return tokenizer


CL100K_COUNTER = TiktokenCounter(load("cl100k_base"))
SMALL_BPE = HuggingFaceCounter(train_small_bpe(), "small")
COUNTERS: list[Counter] = [ByteEstimate(), CL100K_COUNTER, SMALL_BPE]


def tiny_encoding(pattern: str) -> tiktoken.Encoding:
    """An encoding whose tokens are single bytes, split by `pattern`."""
    plain = b"".join(base64.b64encode(bytes([i])) + b" %d\n" % i for i in range(256))
    return build(Vocabulary("tiny", hashlib.sha256(plain).hexdigest(), pattern, ()), lzma.compress(plain))


@given(TEXTS)
@pytest.mark.parametrize("counter", COUNTERS, ids=lambda counter: counter.name)
def test_there_is_an_end_for_each_token_and_the_last_is_the_end_of_the_text(counter: Counter, text: str) -> None:
    ends = counter.ends(text)
    assert len(ends) == counter.count(text)
    assert all(before <= after for before, after in pairwise(ends))
    assert not text or ends[-1] == len(text)


@pytest.mark.parametrize("counter", COUNTERS, ids=lambda counter: counter.name)
def test_broken_unicode_is_counted(counter: Counter) -> None:
    text = "\ud83d broken \udc00"
    assert counter.count(text) > 0
    assert counter.ends(text)[-1] == len(text)


def test_the_counters_fit_the_port_of_the_observer() -> None:
    ports: list[TokenCounter] = [ByteEstimate(), CL100K_COUNTER, SMALL_BPE]
    assert [port.source for port in ports] == ["estimate", "tokenizer", "tokenizer"]


def test_the_estimate_is_a_token_for_four_bytes_rounded_up() -> None:
    assert [ByteEstimate().count(text) for text in ("", "a", "abcd", "abcde", "éé", "ééa")] == [0, 1, 1, 2, 1, 2]


def test_a_token_that_ends_within_a_character_counts_that_character() -> None:
    assert ByteEstimate().ends("a😀b") == [2, 3]  # bytes: a + three of the four of the face | its last one + b


def test_tiktoken_ends_fall_after_whole_words() -> None:
    assert CL100K_COUNTER.ends("Hello wide world") == [5, 10, 16]


def test_special_tokens_are_plain_text_to_tiktoken() -> None:
    assert CL100K_COUNTER.count("<|endoftext|>") == 7


def test_a_million_blanks_do_not_panic() -> None:
    blanks = " " * 1_000_001
    assert CL100K_COUNTER.count(blanks) == pytest.approx(1_000_001 / 128, rel=0.01)


def test_pieces_change_the_count_of_ordinary_text_by_very_little() -> None:
    prose = Path(__file__).read_text() * 40
    whole = len(load("cl100k_base").encode_ordinary(prose))
    assert CL100K_COUNTER.count(prose) == pytest.approx(whole, rel=0.0001)


def test_where_tiktoken_panics_the_piece_is_estimated() -> None:
    encoding = tiny_encoding(r"(?:\s|\s\s)+(?!\S)z|[\s\S]")
    text = " " * 40
    with pytest.raises(BaseException, match="BacktrackLimitExceeded") as caught:
        encoding.encode_ordinary(text)
    assert not isinstance(caught.value, Exception)
    assert TiktokenCounter(encoding).count(text) == 10
    assert TiktokenCounter(encoding).ends(text) == [4, 8, 12, 16, 20, 24, 28, 32, 36, 40]


def test_other_interruptions_are_not_swallowed() -> None:
    class Interrupted:
        """An encoding during whose work the process is told to stop."""

        name = "interrupted"

        def encode_ordinary(self, _text: str) -> list[int]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TiktokenCounter(Interrupted()).count("a")  # type: ignore[arg-type] # stands in for tiktoken's final class


@pytest.mark.parametrize(
    "counter", [TiktokenCounter(load("cl100k_base"), 40_000), HuggingFaceCounter(train_small_bpe(), "small", 40_000)]
)
def test_a_text_beyond_the_exact_limit_is_sampled(counter: Counter) -> None:
    text = "the quick brown fox jumps over the lazy dog. " * 4000
    exact = COUNTERS[1 if counter.name == "cl100k_base" else 2].count(text)
    assert len(text) > counter.exact_up_to
    assert counter.count(text) == pytest.approx(exact, rel=0.01)
    assert counter.ends(text)[-1] == len(text)
    assert len(counter.ends(text)) == counter.count(text)


def test_a_tokenizer_file_is_read_and_named_after_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "small-model"
    folder.mkdir()
    train_small_bpe().save(str(folder / "tokenizer.json"))
    for path in (folder, folder / "tokenizer.json"):
        counter = hugging_face(path)
        assert counter.name == "small-model"
        assert counter.count("the quick fox") == SMALL_BPE.count("the quick fox") == 3


def test_a_tokenizer_that_truncates_and_pads_still_counts_everything(tmp_path: Path) -> None:
    tokenizer = train_small_bpe()
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=10)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert hugging_face(tmp_path).count("the the the the") == 4


def test_a_missing_tokenizer_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnusableVocabulary, match=r"There is no tokenizer at .*give the path"):
        hugging_face(tmp_path / "nowhere")


def test_a_file_that_is_no_tokenizer_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": "none"}))
    with pytest.raises(UnusableVocabulary, match=r"cannot be read .*give the path"):
        hugging_face(tmp_path)


def test_a_timed_counter_reports_its_own_duration() -> None:
    readings = iter([100, 350, 1000, 1001])
    reported: list[tuple[str, int]] = []
    timed = Timed(ByteEstimate(), lambda name, ns: reported.append((name, ns)), lambda: next(readings))
    assert timed.count("abcde") == 2
    assert timed.ends("abcde") == [4, 5]
    assert reported == [("bytes", 250), ("bytes", 1)]
    assert (timed.name, timed.source, timed.exact_up_to) == ("bytes", "estimate", 0)


def test_the_shipped_pattern_is_what_the_counter_uses() -> None:
    assert tiny_encoding(CL100K.pattern).encode_ordinary("a b") == [97, 32, 98]
