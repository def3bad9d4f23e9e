"""The vocabularies that are shipped with the program: read, checked against their hashes, and made into encodings."""

import binascii
import hashlib
import lzma
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import tiktoken

from exporter.errors import Unusable

END_OF_TEXT = "<|endoftext|>"
END_OF_PROMPT = "<|endofprompt|>"


class UnusableVocabulary(Unusable):
    """A vocabulary cannot be used; the message is one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What tiktoken needs to know of one vocabulary.

    `sha256` is of the decompressed `.tiktoken` file and is the one that tiktoken itself expects; `pattern` splits text
    into words and `special` gives the ids of special tokens, both as in `tiktoken_ext.openai_public`.
    """

    name: str
    sha256: str
    pattern: str
    special: tuple[tuple[str, int], ...]


CL100K = Vocabulary(
    "cl100k_base",
    "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]"
    r"|\s+(?!\S)|\s",
    (
        (END_OF_TEXT, 100257),
        ("<|fim_prefix|>", 100258),
        ("<|fim_middle|>", 100259),
        ("<|fim_suffix|>", 100260),
        (END_OF_PROMPT, 100276),
    ),
)
O200K = Vocabulary(
    "o200k_base",
    "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ((END_OF_TEXT, 199999), (END_OF_PROMPT, 200018)),
)
SHIPPED = {vocabulary.name: vocabulary for vocabulary in (CL100K, O200K)}


def shipped_bytes(name: str) -> bytes:
    """The compressed file of a shipped vocabulary; KeyError for a name that is not shipped."""
    vocabulary = SHIPPED[name]
    return files("exporter.tokens").joinpath("vocabularies", f"{vocabulary.name}.tiktoken.xz").read_bytes()


@cache
def load(name: str) -> tiktoken.Encoding:
    """The encoding of a shipped vocabulary, hash checked, and the same one each time.

    Takes 0.2 to 0.4 s at first; raises UnusableVocabulary for an unknown name or a damaged file.
    """
    if name not in SHIPPED:
        raise UnusableVocabulary(f"There is no vocabulary {name!r}; shipped are {', '.join(SHIPPED)}.")
    try:
        packed = shipped_bytes(name)
    except OSError as error:
        raise UnusableVocabulary(
            f"The file of vocabulary {name} cannot be read ({error.strerror}); install tokentide again."
        ) from error
    return build(SHIPPED[name], packed)


def build(vocabulary: Vocabulary, packed: bytes) -> tiktoken.Encoding:
    """An encoding from the xz-compressed bytes of a `.tiktoken` file.

    Raises UnusableVocabulary where they do not decompress to the bytes that tiktoken expects.
    """
    try:
        plain = lzma.decompress(packed)
    except lzma.LZMAError as error:
        raise UnusableVocabulary(
            f"The file of vocabulary {vocabulary.name} is damaged ({error}); install tokentide again."
        ) from error
    found = hashlib.sha256(plain).hexdigest()
    if found != vocabulary.sha256:
        raise UnusableVocabulary(
            f"The file of vocabulary {vocabulary.name} has SHA-256 {found}, expected is {vocabulary.sha256}; "
            "install tokentide again."
        )
    ranks = _ranks(plain)
    encoding = tiktoken.Encoding(
        vocabulary.name, pat_str=vocabulary.pattern, mergeable_ranks=ranks, special_tokens=dict(vocabulary.special)
    )
    ranks.clear()  # 27 MB of 70 for o200k_base, which the encoding keeps for being pickled only
    return encoding


def _ranks(plain: bytes) -> dict[bytes, int]:
    """The lines `base64(token) rank` of a `.tiktoken` file."""
    fields = plain.split()
    return {binascii.a2b_base64(token): int(rank) for token, rank in zip(fields[::2], fields[1::2], strict=True)}
