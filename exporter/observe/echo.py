"""Answers that begin with their prompt."""

from collections.abc import Sequence
from dataclasses import replace

from exporter.dialect.base import Prompt
from exporter.observe.observation import Content


def without_echo(contents: Sequence[Content], prompt: Prompt) -> tuple[Content, ...]:
    """The contents less the prompt, where an engine repeated it at the start of a completion.

    Several prompts in one request have `n` completions each, in order. An event that held nothing but a part of the
    prompt is no content; what the engine counted in it goes to the next one. A completion that does not begin with the
    whole prompt is left as it is: engines that may echo do not say whether they do.
    """
    left = {index: _echoed(contents, prompt, index) for index in {content.index for content in contents}}
    carried: dict[int, int] = {}
    kept: list[Content] = []
    for content in contents:
        echoed = min(left[content.index], len(content.text))
        if not echoed and content.index not in carried:
            kept.append(content)
            continue
        left[content.index] -= echoed
        tokens = content.tokens
        if tokens is not None:
            tokens += carried.pop(content.index, 0)
        if echoed == len(content.text):
            carried[content.index] = tokens or 0
        else:
            kept.append(replace(content, text=content.text[echoed:], tokens=tokens))
    return tuple(kept)


def _echoed(contents: Sequence[Content], prompt: Prompt, index: int) -> int:
    """Characters of the prompt at the start of this completion."""
    position = index // max(prompt.n or 1, 1)
    expected = prompt.texts[position].text if 0 <= position < len(prompt.texts) else ""
    seen: list[str] = []
    size = 0
    for content in contents:
        if content.index == index and size < len(expected):
            seen.append(content.text)
            size += len(content.text)
    return len(expected) if "".join(seen).startswith(expected) else 0
