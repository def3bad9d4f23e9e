"""What tokenizers raise when they give up is survived, and nothing else."""

import pytest
import tiktoken

from exporter.tokens.panics import survived
from tests.unit.exporter.tokens.test_byte_pairs import tiny_encoding


def raising(error: BaseException) -> object:
    raise error


def test_what_a_call_returns_is_returned() -> None:
    assert survived(lambda: 5) == 5


def test_a_panic_of_the_library_is_survived_though_it_is_no_exception() -> None:
    encoding: tiktoken.Encoding = tiny_encoding(r"(?:\s|\s\s)+(?!\S)z|[\s\S]")
    with pytest.raises(BaseException, match="BacktrackLimitExceeded") as caught:
        encoding.encode_ordinary(" " * 40)
    assert not isinstance(caught.value, Exception)
    assert survived(lambda: encoding.encode_ordinary(" " * 40)) is None


@pytest.mark.parametrize("error", [ValueError("overflow"), Exception("no unknown token")])
def test_a_refusal_of_a_text_is_survived(error: Exception) -> None:
    assert survived(lambda: raising(error)) is None


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1), MemoryError(), TypeError("a bug")])
def test_everything_else_is_raised_on(error: BaseException) -> None:
    with pytest.raises(type(error)):
        survived(lambda: raising(error))
