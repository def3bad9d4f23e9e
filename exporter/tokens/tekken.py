"""Mistral's `tekken.json`: ranks, pattern and special tokens, as tiktoken takes them."""

import binascii
from collections.abc import Mapping
from pathlib import Path

import orjson
import tiktoken

from exporter.dialect.reading import Fields, fields, items, number, text
from exporter.tokens.byte_pairs import TiktokenCounter
from exporter.tokens.vocabulary import UnusableVocabulary

# Files up to version 7 may leave out their special tokens, which then are these, in the order of their ids.
_UNWRITTEN = (
    "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]", "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]",
    "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]",
)  # fmt: skip
_BEGIN = "<s>"


def load(file: Path, name: str) -> TiktokenCounter:
    """A counter from a `tekken.json`. Raises UnusableVocabulary where it cannot be read.

    The format is that of mistral-common's `Tekkenizer`: `vocab` has more entries than the model, which uses the first
    `default_vocab_size − default_num_special_tokens` of them. In the model the special tokens have the lowest ids; here
    they follow the vocabulary, which changes no count.
    """
    try:
        encoding, begin = _encoding(orjson.loads(file.read_bytes()), name)
    except (OSError, ValueError, KeyError) as error:
        raise UnusableVocabulary(
            f"The tokenizer at {file} cannot be read ({error}); give the path of a model's tekken.json."
        ) from None
    return TiktokenCounter(encoding, name=name, begin=begin)


def _encoding(data: object, name: str) -> tuple[tiktoken.Encoding, int | None]:
    config = fields(fields(data).get("config"))
    size, special = number(config.get("default_vocab_size")), number(config.get("default_num_special_tokens"))
    pattern = text(config.get("pattern"))
    if size is None or special is None or not pattern:
        raise ValueError("it states no pattern, or no size of its vocabulary")
    ranks = _ranks(items(fields(data).get("vocab")), size - special)
    names = _special(fields(data))
    ids = {token: len(ranks) + rank for token, rank in names.items() if rank < special}
    encoding = tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=dict(ranks), special_tokens=ids)
    return encoding, ids.get(_BEGIN)


def _ranks(vocabulary: list[object], size: int) -> Mapping[bytes, int]:
    ranks: dict[bytes, int] = {}
    for entry in map(fields, vocabulary):
        rank = number(entry.get("rank"))
        if rank is not None and rank < size:
            ranks[binascii.a2b_base64(text(entry.get("token_bytes")))] = rank
    if len(ranks) != size or set(ranks.values()) != set(range(size)):
        raise ValueError(f"its vocabulary does not have the {size} different tokens that it states")
    if any(ranks.get(bytes([byte])) is None for byte in range(256)):
        raise ValueError("its vocabulary lacks single bytes")
    return ranks


def _special(data: Fields) -> dict[str, int]:
    written = data.get("special_tokens")
    if written is None:
        return {token: rank for rank, token in enumerate(_UNWRITTEN)}
    entries = [fields(entry) for entry in items(written)]
    ranks = {text(entry.get("token_str")): number(entry.get("rank")) for entry in entries}
    return {token: rank for token, rank in ranks.items() if token and rank is not None}
