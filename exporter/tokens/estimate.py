"""The estimate from bytes, which is a guess and is marked as one."""

from collections.abc import Callable

import numpy as np

from exporter.dialect.base import Prompt
from exporter.tokens.pieces import Ends, encodable, sample
from exporter.tokens.reading import Read

BYTES_PER_TOKEN = 4
_CONTINUATIONS = bytes(range(0x80, 0xC0))


def characters_begun(data: bytes) -> int:
    """Characters of UTF-8 whose first byte is in `data`."""
    return len(data.translate(None, _CONTINUATIONS))


def scaled(count: Callable[[str], int], text: str, exact_up_to: int) -> int:
    """Tokens of a text too long to be counted: those of evenly spaced windows, scaled by length."""
    windows = sample(text, exact_up_to)
    return round(sum(map(count, windows)) * len(text) / sum(map(len, windows)))


class ByteEstimate:
    """The fallback: one token for each four bytes of UTF-8, rounded up."""

    name = "bytes"
    source = "estimate"
    exact_up_to = 0

    def count(self, text: str) -> int:
        """Bytes of `text` in UTF-8 divided by four, rounded up."""
        return -(-len(encodable(text).encode()) // BYTES_PER_TOKEN)

    def ends(self, text: str) -> Ends:
        """For each token, the number of characters begun up to its last byte."""
        data = np.frombuffer(encodable(text).encode(), np.uint8)
        begun = np.cumsum((data & 0xC0) != 0x80)
        last = np.arange(BYTES_PER_TOKEN - 1, len(data) + BYTES_PER_TOKEN - 1, BYTES_PER_TOKEN)
        return begun[np.minimum(last, len(data) - 1)]

    def read(self, prompt: Prompt) -> Read:
        """Each text by itself; never exact."""
        of_each = tuple(self.count(text) for _, text in prompt.texts)
        return Read(sum(of_each), of_each, exact=False)
