"""What a vocabulary makes of a whole prompt: how many tokens, how many of each text, and their ids."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exporter.dialect.base import Prompt, Text

Ids = npt.NDArray[np.uint32]
Place = tuple[int, int]
"""Where a text stands in another: its first character, and the one behind its last."""

BEGINS = np.uint32(1 << 31)
"""Set in the id of a text's first token, so that equal ids that are cut into texts elsewhere are not equal."""

NO_IDS = np.empty(0, np.uint32)


@dataclass(frozen=True, slots=True)
class Read:
    """The tokens of a prompt.

    `tokens` is the whole, as the engine sees it where its template is known; `of_each` are those of each text of the
    prompt, in its order. `exact` is False where anything was sampled, estimated or counted without the template that
    there is; then there are no `ids`. Else these are the sequences that the engine reads: one for a chat, one for each
    text of a prompt that is no chat. `failure` is a fixed word where a template could not be used.
    """

    tokens: int
    of_each: tuple[int, ...]
    exact: bool
    ids: tuple[Ids, ...] = ()
    failure: str | None = None


def is_plain(prompt: Prompt) -> bool:
    """Whether each text is a prompt of its own, to which an engine adds what its tokenizer adds."""
    return prompt.chat is None and not prompt.messages


def bare(prompt: Prompt, ids_of: Callable[[str], Ids | None], estimate: Callable[[str], int]) -> Read:
    """A prompt without template: each text by itself, estimated where `ids_of` gives up by answering None."""
    found = [ids_of(text) for _, text in prompt.texts]
    of_each = tuple(
        estimate(text) if ids is None else len(ids) for ids, (_, text) in zip(found, prompt.texts, strict=True)
    )
    whole = [ids for ids in found if ids is not None]
    if len(whole) < len(found):
        return Read(sum(of_each), of_each, exact=False)
    return Read(sum(of_each), of_each, exact=True, ids=tuple(whole) if is_plain(prompt) else _chained(prompt, whole))


def tools_first(texts: Sequence[Text]) -> list[int]:
    """The order in which templates write texts: definitions of tools stand before the messages."""
    return sorted(range(len(texts)), key=lambda i: texts[i].part != "tools")


def _chained(prompt: Prompt, found: Sequence[Ids]) -> tuple[Ids, ...]:
    ordered = [found[i] for i in tools_first(prompt.texts) if len(found[i])]
    if not ordered:
        return (NO_IDS,)
    chain, at = np.concatenate(ordered), 0
    for ids in ordered:
        chain[at] |= BEGINS
        at += len(ids)
    return (chain,)
