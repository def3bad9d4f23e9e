"""A counter that knows the chat template of its model, so that a prompt counts as it does in the engine."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from exporter.dialect.base import Prompt, Text
from exporter.tokens.counters import Counter
from exporter.tokens.pieces import Ends, encodable
from exporter.tokens.reading import Ids, Place, Read, tools_first
from exporter.tokens.template import ChatTemplate, Unrendered

_SEARCHED = 1 << 26
"""Characters that may be looked through for texts that are not there: 0.06 s, measured with one letter."""


class InContext(Counter, Protocol):
    """A counter that can also count a prompt that a template has written."""

    def in_context(self, rendered: str, places: Sequence[Place]) -> tuple[Ids, list[int]] | None:
        """Ids of the whole, and the tokens of the text at each place; None where it gave up."""
        ...


class Templated:
    """Counts chats with the template of the model, everything else as `counter` does.

    Where the template fails, the texts are counted bare; the count is then not exact, and the read says why. `warn` is
    told the first time.
    """

    def __init__(self, counter: InContext, template: ChatTemplate, warn: Callable[[str], None]) -> None:
        self.name = counter.name
        self.source = counter.source
        self.exact_up_to = counter.exact_up_to
        self._counter = counter
        self._template = template
        self._warn = warn
        self._told: set[str] = set()

    def count(self, text: str) -> int:
        """Tokens in `text`."""
        return self._counter.count(text)

    def ends(self, text: str) -> Ends:
        """For each token of `text`, the number of characters up to and including it."""
        return self._counter.ends(text)

    def read(self, prompt: Prompt) -> Read:
        """The tokens of a prompt; of a chat those of the text that the template makes of it."""
        if prompt.chat is None:
            return self._counter.read(prompt)
        try:
            rendered = encodable(self._template.render(prompt.chat))
        except Unrendered as failure:
            self._tell(failure.reason)
            return replace(self._counter.read(prompt), exact=False, ids=(), failure=failure.reason)
        if len(rendered) > self.exact_up_to:
            return replace(self._counter.read(prompt), exact=False, ids=())
        found = places(rendered, prompt.texts)
        order = sorted((place, i) for i, place in enumerate(found) if place is not None)
        counted = self._counter.in_context(rendered, [place for place, _ in order])
        if counted is None:
            return replace(self._counter.read(prompt), exact=False, ids=())
        ids, of_found = counted
        of_text = {i: tokens for (_, i), tokens in zip(order, of_found, strict=True)}
        # what the template has written otherwise, as tools often are, is counted as the client wrote it
        of_each = tuple(of_text[i] if i in of_text else self.count(text) for i, (_, text) in enumerate(prompt.texts))
        return Read(len(ids), of_each, exact=True, ids=(ids,))

    def _tell(self, reason: str) -> None:
        if reason not in self._told:
            self._told.add(reason)
            self._warn(
                f"The chat template of {self.name} cannot be used ({reason}); the texts are counted without it and "
                "marked as estimates. Further failures are counted only."
            )


def places(rendered: str, texts: Sequence[Text]) -> list[Place | None]:
    """Where the texts stand in the prompt; no two of them overlap.

    Templates strip texts, so that those are found without the blanks around them. None for a text that the template
    has written otherwise, or left out.
    """
    found: list[Place | None] = [None] * len(texts)
    reached, left = 0, _SEARCHED
    taken: list[Place] = []
    for i in tools_first(texts):
        whole = encodable(texts[i].text)
        text = whole.strip()
        if not text:
            found[i] = (reached, reached)
            continue
        if left <= 0:
            continue
        at = rendered.find(text, reached)
        if at < 0:
            at = rendered.find(text)
            left -= 2 * len(rendered) - reached
        if at < 0:
            continue
        place = _unstripped(rendered, at, whole, text)
        behind = bisect_left(taken, place)
        if _overlap(place, taken[behind - 1 : behind + 1] if behind else taken[:1]):
            continue
        found[i] = place
        taken.insert(behind, place)
        reached = place[1] if place[0] >= reached else reached
    return found


def _overlap(place: Place, neighbours: Sequence[Place]) -> bool:
    return any(start < place[1] and place[0] < end for start, end in neighbours)


def _unstripped(rendered: str, at: int, whole: str, text: str) -> Place:
    """The place of the stripped text, with the blanks around it where the template has kept them."""
    before = whole.index(text)
    start = at - before
    if start >= 0 and rendered.startswith(whole, start):
        return start, start + len(whole)
    return at, at + len(text)
