"""How long texts are cut into pieces that a tokenizer can take, and sampled where even that would take too long."""

import re
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

PIECE = 16_384
"""Longest piece in characters: tiktoken panics on a million blanks and is slow on long repetitions."""

Ends = npt.NDArray[np.int64]
"""For each token of a text, the number of characters up to and including it."""

NO_ENDS: Final[Ends] = np.empty(0, np.int64)

_SURROGATE = re.compile("[\ud800-\udfff]")


def pieces(text: str, longest: int = PIECE) -> Iterator[str]:
    """Cuts text after a newline or before a blank, or anywhere where there is neither; joined they are the text."""
    start = 0
    while len(text) - start > longest:
        end = start + longest
        cut = text.rfind("\n", start, end) + 1
        if cut <= start:
            cut = text.rfind(" ", start + 1, end)
        if cut <= start:
            cut = end
        yield text[start:cut]
        start = cut
    if start < len(text):
        yield text[start:]


def sample(text: str, characters: int, longest: int = PIECE) -> list[str]:
    """Evenly spaced windows of `text`, together about `characters` long; the text must be longer than that."""
    windows = max(1, characters // longest)
    return [text[start : start + longest] for start in (i * len(text) // windows for i in range(windows))]


def encodable(text: str) -> str:
    """The text with each lone surrogate replaced by U+FFFD, so that it has a UTF-8 form of as many characters."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text)
    return text


def even_ends(tokens: int, characters: int) -> Ends:
    """Ends of `tokens` tokens of equal length over `characters` characters."""
    return np.arange(1, tokens + 1) * characters // tokens
