"""What is put around a counter changes what it says of itself, and not what it counts."""

from collections.abc import Callable
from threading import Thread
from time import perf_counter

import pytest

from exporter.dialect.base import Prompt, Text
from exporter.observe.observation import TokenCounter
from exporter.tokens.byte_pairs import TiktokenCounter
from exporter.tokens.counters import Counter, Sampled, Timed
from exporter.tokens.estimate import ByteEstimate
from exporter.tokens.hugging_face import HuggingFaceCounter
from exporter.tokens.vocabulary import CL100K, load
from tests.fakes.counters import CharacterCounter
from tests.fakes.vocabularies import small_bpe
from tests.unit.exporter.tokens.test_byte_pairs import tiny_encoding

COUNTERS: list[Counter] = [
    ByteEstimate(),
    TiktokenCounter(load("cl100k_base")),
    HuggingFaceCounter(small_bpe(), "small"),
]


@pytest.mark.parametrize("counter", COUNTERS, ids=lambda counter: counter.name)
def test_broken_unicode_is_counted(counter: Counter) -> None:
    text = "\ud83d broken \udc00"
    assert counter.count(text) > 0
    assert counter.ends(text)[-1] == len(text)


def test_the_counters_fit_the_port_of_the_observer() -> None:
    ports: list[TokenCounter] = [*COUNTERS, Sampled(COUNTERS[1]), Timed(COUNTERS[2], lambda *_: None)]
    assert [port.source for port in ports] == ["estimate", "tokenizer", "tokenizer", "estimate", "tokenizer"]


def longest_stall(call: Callable[[], object]) -> float:
    """The longest time for which this thread could not run while `call` ran in another, as a share of its time."""
    took: list[float] = []

    def work() -> None:
        began = perf_counter()
        call()
        took.append(perf_counter() - began)

    thread = Thread(target=work)
    before, stall = perf_counter(), 0.0
    thread.start()
    while not took:
        now = perf_counter()
        before, stall = now, max(stall, now - before)
    thread.join()
    return stall / took[0]


@pytest.mark.parametrize("counter", COUNTERS[1:], ids=lambda counter: counter.name)
def test_the_interpreter_goes_on_while_a_long_text_is_counted(counter: Counter) -> None:
    text = "the quick brown fox, " * 12_000
    assert min(longest_stall(lambda: counter.count(text)) for _ in range(3)) < 0.5


def test_it_goes_on_while_a_prompt_with_a_template_is_counted() -> None:
    counter = HuggingFaceCounter(small_bpe(), "small")
    assert min(longest_stall(lambda: counter.in_context("the quick fox, " * 16_000, [])) for _ in range(3)) < 0.5


def test_a_sampled_prompt_is_shared_among_its_texts_by_length() -> None:
    texts = (Text("system", "a" * 30), Text("user", ""), Text("user", "b" * 11))
    read = Sampled(CharacterCounter()).read(Prompt("m", stream=False, texts=texts))
    assert (read.tokens, read.of_each, read.exact, read.ids) == (41, (30, 0, 11), False, ())


def test_a_timed_counter_reports_its_own_duration() -> None:
    readings = iter([100, 350, 1000, 1001, 2000, 2007])
    reported: list[tuple[str, int]] = []
    timed = Timed(ByteEstimate(), lambda name, ns: reported.append((name, ns)), lambda: next(readings))
    assert timed.count("abcde") == 2
    assert timed.ends("abcde").tolist() == [4, 5]
    assert timed.read(Prompt("m", stream=False, texts=(Text("user", "abcde"),))).tokens == 2
    assert reported == [("bytes", 250), ("bytes", 1), ("bytes", 7)]
    assert (timed.name, timed.source, timed.exact_up_to) == ("bytes", "estimate", 0)


def test_the_shipped_pattern_is_what_the_counter_uses() -> None:
    assert tiny_encoding(CL100K.pattern).encode_ordinary("a b") == [97, 32, 98]
