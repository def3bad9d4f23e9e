"""The estimate is a token for four bytes, and long texts are scaled from a sample."""

from exporter.dialect.base import Prompt, Text
from exporter.tokens.estimate import ByteEstimate, scaled


def test_the_estimate_is_a_token_for_four_bytes_rounded_up() -> None:
    assert [ByteEstimate().count(text) for text in ("", "a", "abcd", "abcde", "éé", "ééa")] == [0, 1, 1, 2, 1, 2]


def test_a_token_that_ends_within_a_character_counts_that_character() -> None:
    assert ByteEstimate().ends("a😀b").tolist() == [2, 3]  # bytes: a + three of the four of the face | its last one + b


def test_a_prompt_is_read_text_by_text_and_never_exactly() -> None:
    read = ByteEstimate().read(Prompt("m", stream=False, texts=(Text("system", "abcde"), Text("user", "a"))))
    assert (read.tokens, read.of_each, read.exact, read.ids) == (3, (2, 1), False, ())


def test_a_sample_is_scaled_to_the_whole() -> None:
    assert scaled(len, "x" * 100_000, 20_000) == 100_000
