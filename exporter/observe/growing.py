"""What is new in each event of a completion that an engine may tell from its beginning every time."""

from typing import Final

_CERTAIN: Final = 64
"""Characters: a text of that length that is repeated whole was not written twice by chance."""

_TOO_OFTEN: Final = 16
"""Events in a row that hold the same text: a character takes four tokens at most until it is whole."""

_INCOMPLETE: Final = "\ufffd"
"""Stands at the end of a text whose last character has not all its bytes yet."""


class Growing:
    """Takes the texts of one completion as they come: whole so far, or only what is new; engines do not say which.

    A text that begins with the one before it is taken as whole. A short answer may repeat itself (`ha`, `haha`), so
    the first events are kept in `events` until the texts are longer than chance: time, text, and the tokens that the
    engine had counted by then. If a text does not begin with the one before, each of them was new: `repeats` is False
    from then on, None while not certain. So they were where the same text came again and again: a model that is stuck.
    """

    __slots__ = ("_alike", "_before", "_last", "events", "repeats")

    def __init__(self) -> None:
        self.repeats: bool | None = None
        self.events: list[tuple[int, str, int | None]] = []
        self._before = ""
        self._last = ""
        self._alike = 0

    def take(self, at: int, text: str, told: int | None = None) -> str:
        """What the event that arrived at `at` adds to the text before it; `told` are the tokens counted by then."""
        if self.repeats is False:
            return text
        whole, before = text.rstrip(_INCOMPLETE), self._before
        if self.repeats is None:
            self.events.append((at, text, told))
            self._alike = self._alike + 1 if text and text == self._last else 0
            self._last = text
            if not whole.startswith(before) or self._alike == _TOO_OFTEN:
                self.repeats = False
                return text
            if len(before) >= _CERTAIN:
                self.repeats = True
                self.events.clear()
        # An engine may take back the end of a text, where a stop word was found in it.
        self._before = whole
        return whole[len(before) :]
