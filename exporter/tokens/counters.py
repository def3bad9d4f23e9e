"""The ways of counting tokens: tiktoken, a Hugging Face tokenizer, and an estimate from bytes."""

from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from time import perf_counter_ns
from typing import Protocol

import tiktoken
from tokenizers import Tokenizer

from exporter.tokens.pieces import encodable, even_ends, pieces, sample
from exporter.tokens.vocabulary import UnusableVocabulary

BYTES_PER_TOKEN = 4
TIKTOKEN_EXACT = 4_000_000
HUGGING_FACE_EXACT = 262_144
_CONTINUATIONS = bytes(range(0x80, 0xC0))


class Counter(Protocol):
    """Counts the tokens of a text with one vocabulary."""

    name: str
    """Of the vocabulary, for the label `tokenizer`."""
    source: str
    """`tokenizer`, or `estimate` where every count is a guess."""
    exact_up_to: int
    """Characters beyond which a text is only sampled, so that its count is an estimate whatever `source` says."""

    def count(self, text: str) -> int:
        """Tokens in `text`."""
        ...

    def ends(self, text: str) -> list[int]:
        """For each token of `text`, the number of characters up to and including it; non-decreasing."""
        ...


def _characters_begun(data: bytes) -> int:
    """Characters of UTF-8 whose first byte is in `data`."""
    return len(data.translate(None, _CONTINUATIONS))


def _scaled(count: Callable[[str], int], text: str, exact_up_to: int) -> int:
    """Tokens of a text too long to be counted: those of evenly spaced windows, scaled by length."""
    windows = sample(text, exact_up_to)
    return round(sum(map(count, windows)) * len(text) / sum(map(len, windows)))


class ByteEstimate:
    """The fallback: one token for each four bytes of UTF-8, rounded up, which is a guess and is marked as one."""

    name = "bytes"
    source = "estimate"
    exact_up_to = 0

    def count(self, text: str) -> int:
        """Bytes of `text` in UTF-8 divided by four, rounded up."""
        return -(-len(encodable(text).encode()) // BYTES_PER_TOKEN)

    def ends(self, text: str) -> list[int]:
        """For each token, the number of characters begun up to its last byte."""
        data = encodable(text).encode()
        starts = range(0, len(data), BYTES_PER_TOKEN)
        return list(accumulate(_characters_begun(data[start : start + BYTES_PER_TOKEN]) for start in starts))


class TiktokenCounter:
    """Counts with a tiktoken encoding.

    Special tokens are counted as the plain text that they are in a prompt. Texts of more than `exact_up_to` characters
    are sampled. The interpreter lock is released while tiktoken works.
    """

    source = "tokenizer"

    def __init__(self, encoding: tiktoken.Encoding, exact_up_to: int = TIKTOKEN_EXACT) -> None:
        self.name = encoding.name
        self.exact_up_to = exact_up_to
        self._encoding = encoding
        self._estimate = ByteEstimate()

    def count(self, text: str) -> int:
        """Tokens in `text`; cut into pieces, which changes the count by 0.002 % at most on ordinary text."""
        if len(text) > self.exact_up_to:
            return _scaled(self._count_pieces, text, self.exact_up_to)
        return self._count_pieces(text)

    def ends(self, text: str) -> list[int]:
        """For each token, the number of characters begun up to its last byte (a token may end within a character)."""
        if len(text) > self.exact_up_to:
            return even_ends(self.count(text), len(text))
        steps: list[int] = []
        for piece in pieces(encodable(text)):
            tokens = self._encode(piece)
            steps += self._estimated_steps(piece) if tokens is None else self._steps(tokens)
        return list(accumulate(steps))

    def _count_pieces(self, text: str) -> int:
        total = 0
        for piece in pieces(encodable(text)):
            tokens = self._encode(piece)
            total += self._estimate.count(piece) if tokens is None else len(tokens)
        return total

    def _steps(self, tokens: list[int]) -> list[int]:
        decode = self._encoding.decode_single_token_bytes
        return [_characters_begun(decode(token)) for token in tokens]

    def _estimated_steps(self, piece: str) -> list[int]:
        ends = self._estimate.ends(piece)
        return [end - start for start, end in zip([0, *ends], ends, strict=False)]

    def _encode(self, piece: str) -> list[int] | None:
        """The tokens of a piece, or None where tiktoken gave up: its regular expressions overflow on rare texts."""
        try:
            return self._encoding.encode_ordinary(piece)
        except ValueError:
            return None
        except BaseException as error:
            # pyo3's PanicException derives from BaseException and cannot be imported.
            if type(error).__name__ != "PanicException":
                raise
            return None


class HuggingFaceCounter:
    """Counts with a Hugging Face `tokenizer.json`.

    Nothing is added at the start or the end; special tokens within the text count as one, as they do in the engine.
    Texts of more than `exact_up_to` characters are sampled. The batch calls release the interpreter lock.
    """

    source = "tokenizer"

    def __init__(self, tokenizer: Tokenizer, name: str, exact_up_to: int = HUGGING_FACE_EXACT) -> None:
        self.name = name
        self.exact_up_to = exact_up_to
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer

    def count(self, text: str) -> int:
        """Tokens in `text`."""
        if len(text) > self.exact_up_to:
            return _scaled(self._count_whole, text, self.exact_up_to)
        return self._count_whole(text)

    def ends(self, text: str) -> list[int]:
        """For each token, the number of characters up to its last one, by the tokenizer's own offsets."""
        if len(text) > self.exact_up_to:
            return even_ends(self.count(text), len(text))
        encoded = self._tokenizer.encode_batch([encodable(text)], add_special_tokens=False)[0]
        return list(accumulate((end for _, end in encoded.offsets), max))

    def _count_whole(self, text: str) -> int:
        return len(self._tokenizer.encode_batch_fast([encodable(text)], add_special_tokens=False)[0].ids)


def hugging_face(path: Path) -> HuggingFaceCounter:
    """A counter from a `tokenizer.json` or from the folder that holds one; it is named after the folder.

    Raises UnusableVocabulary where there is none or it cannot be read.
    """
    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        raise UnusableVocabulary(f"There is no tokenizer at {file}; give the path of a model's tokenizer.json.")
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:
        raise UnusableVocabulary(
            f"The tokenizer at {file} cannot be read ({error}); give the path of a model's tokenizer.json."
        ) from error
    return HuggingFaceCounter(tokenizer, file.resolve().parent.name)


class Sampled:
    """A counter for texts beyond its exact limit: it samples them, so its source is `estimate`."""

    source = "estimate"

    def __init__(self, counter: Counter) -> None:
        self.name = counter.name
        self.exact_up_to = counter.exact_up_to
        self._counter = counter

    def count(self, text: str) -> int:
        """Tokens in `text`, about."""
        return self._counter.count(text)

    def ends(self, text: str) -> list[int]:
        """For each token, the number of characters up to and including it, about."""
        return self._counter.ends(text)


class Timed:
    """A counter that reports how many nanoseconds each of its calls took."""

    def __init__(
        self, counter: Counter, report: Callable[[str, int], None], clock: Callable[[], int] = perf_counter_ns
    ) -> None:
        self.name = counter.name
        self.source = counter.source
        self.exact_up_to = counter.exact_up_to
        self._counter = counter
        self._report = report
        self._clock = clock

    def count(self, text: str) -> int:
        """Tokens in `text`."""
        start = self._clock()
        tokens = self._counter.count(text)
        self._report(self.name, self._clock() - start)
        return tokens

    def ends(self, text: str) -> list[int]:
        """For each token, the number of characters up to and including it."""
        start = self._clock()
        ends = self._counter.ends(text)
        self._report(self.name, self._clock() - start)
        return ends
