"""Token counters whose counts a reader of a test can do in the head."""

import re

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

    def ends(self, text: str) -> list[int]:
        """Where the words end; the text is remembered in `counted`."""
        self.counted.append(text)
        return [match.end() for match in _WORD.finditer(text)]


class CharacterCounter:
    """Every character is a token."""

    name = "characters"
    source = "tokenizer"
    exact_up_to = 1_000_000

    def count(self, text: str) -> int:
        """Characters in `text`."""
        return len(text)

    def ends(self, text: str) -> list[int]:
        """1, 2, 3 …"""
        return list(range(1, len(text) + 1))
