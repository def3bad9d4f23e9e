"""Counting with a Hugging Face `tokenizer.json`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Encoding, Tokenizer

from exporter.dialect.base import Prompt
from exporter.tokens.estimate import ByteEstimate, scaled
from exporter.tokens.panics import survived
from exporter.tokens.pieces import Ends, encodable, even_ends
from exporter.tokens.reading import Ids, Place, Read, bare, is_plain
from exporter.tokens.vocabulary import UnusableVocabulary

EXACT = 262_144


class HuggingFaceCounter:
    """Counts with a Hugging Face tokenizer.

    A special token within a text counts as one, as it does in the engines that read this file. Texts of more than
    `exact_up_to` characters are sampled. The batch calls release the interpreter lock, and one text is one batch, so
    that only one thread works.
    """

    source = "tokenizer"

    def __init__(self, tokenizer: Tokenizer, name: str, exact_up_to: int = EXACT) -> None:
        self.name = name
        self.exact_up_to = exact_up_to
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self._estimate = ByteEstimate()

    def count(self, text: str) -> int:
        """Tokens in `text`, with nothing added at the start or the end."""
        if len(text) > self.exact_up_to:
            return scaled(self._count_whole, text, self.exact_up_to)
        return self._count_whole(text)

    def ends(self, text: str) -> Ends:
        """For each token, the number of characters up to its last one, by the tokenizer's own offsets."""
        if len(text) > self.exact_up_to:
            return even_ends(self.count(text), len(text))
        encoded = self._with_offsets(text)
        if encoded is None:
            return self._estimate.ends(text)
        return np.maximum.accumulate(_ends_of(encoded))

    def read(self, prompt: Prompt) -> Read:
        """The texts by themselves; to a prompt that is no chat the tokenizer adds what it adds in the engine."""
        added = is_plain(prompt)

        def ids_of(text: str) -> Ids | None:
            encoded = self._encode(text, added=added)
            return None if encoded is None else np.array(encoded.ids, np.uint32)

        return bare(prompt, ids_of, self.count)

    def in_context(self, rendered: str, places: Sequence[Place]) -> tuple[Ids, list[int]] | None:
        """Ids of a prompt that a template has written, and the tokens of each text in it; None where it gave up.

        `places` are where the texts stand, in order and apart; a token belongs to the text in which it ends, as many
        begin with the blank before a word. The template has written the special tokens, so nothing is added here.
        """
        encoded = self._with_offsets(rendered)
        if encoded is None:
            return None
        edges = np.searchsorted(_ends_of(encoded), np.array(places, np.int64).reshape(-1, 2), side="right")
        return np.array(encoded.ids, np.uint32), np.diff(edges).ravel().tolist()

    def _count_whole(self, text: str) -> int:
        encoded = self._encode(text, added=False)
        return self._estimate.count(text) if encoded is None else len(encoded)

    def _encode(self, text: str, *, added: bool) -> Encoding | None:
        batch = [encodable(text)]
        return survived(lambda: self._tokenizer.encode_batch_fast(batch, add_special_tokens=added)[0])

    def _with_offsets(self, text: str) -> Encoding | None:
        batch = [encodable(text)]
        return survived(lambda: self._tokenizer.encode_batch(batch, add_special_tokens=False)[0])


def _ends_of(encoded: Encoding) -> Ends:
    return np.array(encoded.offsets, np.int64).reshape(-1, 2)[:, 1]


def load(file: Path, name: str) -> HuggingFaceCounter:
    """A counter from a `tokenizer.json`. Raises UnusableVocabulary where it cannot be read."""
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:
        raise UnusableVocabulary(
            f"The tokenizer at {file} cannot be read ({error}); give the path of a model's tokenizer.json."
        ) from error
    return HuggingFaceCounter(tokenizer, name)
