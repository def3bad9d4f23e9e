"""Events of one answer that differ in nothing but their text, of which only the text need be read."""

import contextlib
import json
from collections.abc import Callable
from typing import Final

import orjson

from exporter.dialect.base import Delta, Piece, Unreadable

_NEVER: Final = b"\n"
"""No event begins with it: an end of a line is the end of an event's data, or stands between two lines of it."""
_PROBE: Final = "another text"
_LONGEST_PAUSE: Final = 4096
_PLACES: Final = 4
_LARGEST: Final = 16_384


class Alike:
    """Knows the bytes before and behind the text in an event, once it has seen one that brings nothing else.

    Engines write each event of an answer in the same way, so that its JSON means the same but for the text. `read`
    tells what an event means; whether it means the same with another text in this place is tried once with it. Where
    events differ in more, in a counter or a name, that is tried less and less often.
    """

    __slots__ = ("_due", "_pause", "_read", "completion", "head", "kind", "tail")

    def __init__(self, read: Callable[[bytes], Delta]) -> None:
        self.head = _NEVER
        self.tail = b""
        self.completion = 0
        self.kind = ""
        self._read = read
        self._due = 2
        self._pause = 2

    def learn(self, data: bytes, delta: Delta) -> None:
        """Takes the data of an event that was read as `delta`, as all those that are not alike."""
        if (
            len(data) > _LARGEST
            or len(delta.pieces) != 1
            or delta != Delta(delta.pieces, model=delta.model, completion=delta.completion)
        ):
            return
        self._due -= 1
        if self._due:
            return
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self._due = self._pause
        completion, kind, text = delta.pieces[0]
        other = delta._replace(pieces=(Piece(completion, kind, _PROBE),))
        for start, end in _written(data, text):
            head, tail = data[: start + 1], data[end - 1 :]
            with contextlib.suppress(Unreadable):
                if self._read(head + _PROBE.encode() + tail) == other:
                    self.head, self.tail, self.completion, self.kind = head, tail, completion, kind
                    return

    def text(self, data: bytes) -> str | None:
        """The text of an event that begins with `head` and ends with `tail`; None where it is not alike."""
        try:
            text: str = orjson.loads(data[len(self.head) - 1 : len(data) - len(self.tail) + 1])
        except orjson.JSONDecodeError:
            return None
        return text or None


def _written(data: bytes, text: str) -> list[tuple[int, int]]:
    """Where a text stands in JSON, in one of the two ways to write it, its quotes included."""
    places: list[tuple[int, int]] = []
    for written in dict.fromkeys((json.dumps(text, ensure_ascii=False), json.dumps(text))):
        literal = written.encode(errors="replace")
        at = -1
        while len(places) < _PLACES and (at := data.find(literal, at + 1)) >= 0:
            places.append((at, at + len(literal)))
    return places
