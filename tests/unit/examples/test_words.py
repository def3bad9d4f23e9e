"""The words of the examples have the token counts that the engine reports."""

import random

import pytest
import tiktoken
from scripted_engine.words import ANSWER_WORDS, PROMPT_WORDS, answer_words, prompt_of, tokens_in

from exporter.tokens import vocabulary


@pytest.fixture(scope="module", params=["cl100k_base", "o200k_base"])
def encoding(request: pytest.FixtureRequest) -> tiktoken.Encoding:
    return vocabulary.load(request.param)


def test_each_word_of_an_answer_is_one_token_with_and_without_a_blank(encoding: tiktoken.Encoding) -> None:
    assert [w for w in ANSWER_WORDS if len(encoding.encode(w)) != 1 or len(encoding.encode(" " + w)) != 1] == []


def test_each_invented_word_is_two_tokens_with_and_without_a_blank(encoding: tiktoken.Encoding) -> None:
    assert [w for w in PROMPT_WORDS if len(encoding.encode(w)) != 2 or len(encoding.encode(" " + w)) != 2] == []


@pytest.mark.parametrize("tokens", [1, 2, 3, 374, 4097])
def test_a_prompt_has_exactly_the_tokens_it_was_made_for(encoding: tiktoken.Encoding, tokens: int) -> None:
    prompt = prompt_of(tokens, random.Random(tokens))  # noqa: S311 – no secret
    assert len(encoding.encode(prompt)) == tokens_in(prompt) == tokens


def test_the_words_of_a_long_answer_join_to_as_many_tokens(encoding: tiktoken.Encoding) -> None:
    words = answer_words(1)
    assert len(encoding.encode("".join(next(words) for _ in range(3000)))) == 3000


def test_a_prompt_and_an_answer_share_no_invented_word() -> None:
    assert set(PROMPT_WORDS).isdisjoint(ANSWER_WORDS)
    assert len(set(PROMPT_WORDS)) == len(PROMPT_WORDS)
