"""Token counters whose counts a reader of a test can do in the head."""

import re
import zlib

import numpy as np

from exporter.dialect.base import Prompt
from exporter.tokens.pieces import Ends
from exporter.tokens.reading import Read, is_plain

_WORD = re.compile(r"\S+")


class WordCounter:
    """Every run of characters that are not blank is a token."""

    name = "words"

    def __init__(self, source: str = "tokenizer", exact_up_to: int = 1_000_000) -> None:
        self.source = source
        self.exact_up_to = exact_up_to
        self.counted: list[str] = []

    def count(self, text: str) -> int:
        """Words in `text`, which is remembered in `counted`."""
        self.counted.append(text)
        return len(_WORD.findall(text))

    def ends(self, text: str) -> Ends:
        """Where the words end; the text is remembered in `counted`."""
        self.counted.append(text)
        return np.array([match.end() for match in _WORD.finditer(text)], np.int64)

    def read(self, prompt: Prompt) -> Read:
        """Words of each text, exactly where none of them is too long; a word's id is its checksum."""
        of_each = tuple(self.count(text) for _, text in prompt.texts)
        exact = self.source == "tokenizer" and max(len(text) for _, text in prompt.texts) <= self.exact_up_to
        ids = [np.array([zlib.crc32(word.encode()) for word in text.split()], np.uint32) for _, text in prompt.texts]
        sequences = tuple(ids) if is_plain(prompt) else (np.concatenate(ids),)
        return Read(sum(of_each), of_each, exact=exact, ids=sequences if exact else ())


class CharacterCounter:
    """Every character is a token."""

    name = "characters"
    source = "tokenizer"
    exact_up_to = 1_000_000

    def count(self, text: str) -> int:
        """Characters in `text`."""
        return len(text)

    def ends(self, text: str) -> Ends:
        """1, 2, 3 …"""
        return np.arange(1, len(text) + 1)

    def read(self, prompt: Prompt) -> Read:
        """Characters of each text."""
        of_each = tuple(len(text) for _, text in prompt.texts)
        return Read(sum(of_each), of_each, exact=True)
