"""Counting with a tiktoken encoding, piece by piece, whatever the text."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import tiktoken

from exporter.dialect.base import Prompt
from exporter.tokens.estimate import ByteEstimate, characters_begun, scaled
from exporter.tokens.panics import survived
from exporter.tokens.pieces import NO_ENDS, Ends, encodable, even_ends, pieces
from exporter.tokens.reading import NO_IDS, Ids, Place, Read, bare, is_plain

EXACT = 4_000_000


class TiktokenCounter:
    """Counts with a tiktoken encoding.

    Special tokens are counted as the plain text that they are in a prompt. Texts of more than `exact_up_to` characters
    are sampled. `begin` is the id of the token that engines put before a prompt that is no chat, where there is one.
    The interpreter lock is released while tiktoken works.
    """

    source = "tokenizer"

    def __init__(
        self, encoding: tiktoken.Encoding, exact_up_to: int = EXACT, name: str | None = None, begin: int | None = None
    ) -> None:
        self.name = name or encoding.name
        self.exact_up_to = exact_up_to
        self._encoding = encoding
        self._begin = NO_IDS if begin is None else np.array([begin], np.uint32)
        self._estimate = ByteEstimate()
        self._begun = np.full(encoding.n_vocab, -1, np.int32)

    def count(self, text: str) -> int:
        """Tokens in `text`; cut into pieces, which changes the count by 0.002 % at most on ordinary text."""
        if len(text) > self.exact_up_to:
            return scaled(self._count_pieces, text, self.exact_up_to)
        return self._count_pieces(text)

    def ends(self, text: str) -> Ends:
        """For each token, the number of characters begun up to its last byte (a token may end within a character)."""
        if len(text) > self.exact_up_to:
            return even_ends(self.count(text), len(text))
        steps = [NO_ENDS]
        for piece in pieces(encodable(text)):
            tokens = self._encode(piece)
            steps.append(
                np.diff(self._estimate.ends(piece), prepend=0)
                if tokens is None
                else self._steps(np.array(tokens, np.int64))
            )
        return np.cumsum(np.concatenate(steps))

    def read(self, prompt: Prompt) -> Read:
        """The texts by themselves: OpenAI publishes no template, and tekken's is in code."""
        begin = self._begin if is_plain(prompt) else NO_IDS

        def ids_of(text: str) -> Ids | None:
            found = self._ids(text, self._encode)
            return found if found is None or not len(begin) else np.concatenate((begin, found))

        return bare(prompt, ids_of, self.count)

    def in_context(self, rendered: str, places: Sequence[Place]) -> tuple[Ids, list[int]] | None:
        """Ids of a prompt that a template has written, and the tokens of each text in it; None where tiktoken gave up.

        `places` are where the texts stand, in order and apart. Between them special tokens are what they look like;
        within them they are plain text.
        """
        chain: list[Ids | None] = []
        reached = 0
        for start, end in places:
            chain.append(self._ids(rendered[reached:start], self._encode_template))
            chain.append(self._ids(rendered[start:end], self._encode))
            reached = end
        chain.append(self._ids(rendered[reached:], self._encode_template))
        whole = [ids for ids in chain if ids is not None]
        return (np.concatenate(whole), [len(ids) for ids in whole[1::2]]) if len(whole) == len(chain) else None

    def _ids(self, text: str, encode: Callable[[str], list[int] | None]) -> Ids | None:
        found: list[int] = []
        for piece in pieces(encodable(text)):
            tokens = encode(piece)
            if tokens is None:
                return None
            found += tokens
        return np.array(found, np.uint32)

    def _count_pieces(self, text: str) -> int:
        total = 0
        for piece in pieces(encodable(text)):
            tokens = self._encode(piece)
            total += self._estimate.count(piece) if tokens is None else len(tokens)
        return total

    def _steps(self, tokens: npt.NDArray[np.int64]) -> Ends:
        """The characters that each token begins, looked up once for each token of the vocabulary."""
        found = self._begun[tokens]
        if (found < 0).any():
            for token in np.unique(tokens[found < 0]).tolist():
                self._begun[token] = characters_begun(self._encoding.decode_single_token_bytes(token))
            found = self._begun[tokens]
        return found.astype(np.int64)

    def _encode(self, piece: str) -> list[int] | None:
        return survived(lambda: self._encoding.encode_ordinary(piece))

    def _encode_template(self, piece: str) -> list[int] | None:
        return survived(lambda: self._encoding.encode(piece, allowed_special="all"))
