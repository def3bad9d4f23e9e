"""Answers that begin with their prompt."""

from collections.abc import Sequence

from exporter.dialect.base import Prompt
from exporter.observe.observation import Content


def without_echo(contents: Sequence[Content], prompt: Prompt) -> tuple[Content, ...]:
    """The contents less the prompt, where an engine repeated it at the start of a completion.

    Several prompts in one request have `n` completions each, in order. An event that held nothing but a part of the
    prompt is no content; what the engine counted in it goes to the next one. A completion that does not begin with the
    whole prompt is left as it is: engines that may echo do not say whether they do.
    """
    left = _echoed(contents, prompt)
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
            kept.append(content._replace(text=content.text[echoed:], tokens=tokens))
    return tuple(kept)


def _echoed(contents: Sequence[Content], prompt: Prompt) -> dict[int, int]:
    """How many characters of its prompt stand at the start of each completion."""
    begun: dict[int, list[str]] = {}
    missing: dict[int, int] = {}
    for content in contents:
        if content.index not in begun:
            begun[content.index] = []
            missing[content.index] = len(_expected(prompt, content.index))
        if missing[content.index] > 0:
            begun[content.index].append(content.text)
            missing[content.index] -= len(content.text)
    whole = {index: _expected(prompt, index) for index in begun}
    return {index: len(text) if "".join(begun[index]).startswith(text) else 0 for index, text in whole.items()}


def _expected(prompt: Prompt, index: int) -> str:
    position = index // max(prompt.n or 1, 1)
    return prompt.texts[position].text if 0 <= position < len(prompt.texts) else ""
