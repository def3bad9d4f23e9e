"""Events of one answer that differ in nothing but their text and numbers, of which only the text need be read."""

import contextlib
import json
import re
from collections.abc import Callable
from itertools import product
from typing import Final

import orjson

from exporter.dialect.base import Delta, Piece, Unreadable

_NEVER: Final = b"\r"
"""No event begins with it: it ends a line, and lines are joined with another one."""
_NUMBERS = re.compile(rb"(?<! ) *-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_IN_NUMBERS: Final = b"0123456789.eE+- "
_OTHER_NUMBERS: Final = (b"4711", b"30103", b"9973")
_ANOTHER_TEXT: Final = "another text"
_LONGEST_PAUSE: Final = 4096
_LARGEST: Final = 16_384
_PLACES: Final = 4


class Alike:
    """Knows what stands before and behind the text in an event, once it has seen two that bring nothing else.

    Engines write each event of an answer in the same way, so that its JSON means the same but for the text. Numbers in
    which the two differ, such as the event's own, may differ in others, too. `read` tells what an event means; whether
    it means the same with another text, and with other numbers in these places, is tried once with it. Where events
    differ in more that is tried less and less often.
    """

    __slots__ = ("_before", "_due", "_first", "_head", "_last", "_pause", "_read", "_tail", "completion", "kind")

    def __init__(self, read: Callable[[bytes], Delta]) -> None:
        self.completion = 0
        self.kind = ""
        self._read = read
        self._first, self._last = _NEVER, b""
        self._head: tuple[bytes, ...] = ()
        self._tail: tuple[bytes, ...] = ()
        self._before = b"", ""
        self._due = self._pause = 2

    def text(self, data: bytes) -> str | None:
        """The text of an event; None where it is not alike, or has none."""
        if not (data.startswith(self._first) and data.endswith(self._last)):
            return None
        start, end = len(self._first), len(data) - len(self._last)
        for part in self._head:
            at = data.find(part, start)
            if at < 0 or data[start:at].translate(None, _IN_NUMBERS):
                return None
            start = at + len(part)
        for part in self._tail:
            at = data.rfind(part, start, end)
            if at < 0 or data[at + len(part) : end].translate(None, _IN_NUMBERS):
                return None
            end = at
        try:
            text = orjson.loads(data[start - 1 : end + 1])  # with its quotes, which are those of the other parts
        except orjson.JSONDecodeError:
            return None
        return text if text and isinstance(text, str) else None

    def learn(self, data: bytes, delta: Delta) -> None:
        """Takes the data of an event that was read as `delta`, as all those that are not alike."""
        if len(data) > _LARGEST or len(delta.pieces) != 1:
            return
        if delta != Delta(delta.pieces, model=delta.model, completion=delta.completion):
            return
        self._due -= 1
        if self._due == 1:
            self._before = data, delta.pieces[0].text
        elif not self._due:
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            self._due = self._pause
            self._compare(data, delta)

    def _compare(self, data: bytes, delta: Delta) -> None:
        completion, kind, text = delta.pieces[0]
        meant = delta._replace(pieces=(Piece(completion, kind, _ANOTHER_TEXT),))
        before, text_before = self._before
        number = next((each for each in _OTHER_NUMBERS if each not in data and each not in before), None)
        if number is None:  # what is there already would prove nothing
            return
        for (start, end), (start_before, end_before) in product(_places(data, text), _places(before, text_before)):
            head = _common(data[:start], before[:start_before])
            tail = _common(data[end:], before[end_before:])
            if head and tail and self._means(meant, head, tail, number):
                self._first, *more = head
                *others, self._last = tail
                self._head, self._tail = tuple(more), tuple(reversed(others))
                self.completion, self.kind = completion, kind
                return

    def _means(self, meant: Delta, head: list[bytes], tail: list[bytes], number: bytes) -> bool:
        other = number.join(head) + _ANOTHER_TEXT.encode() + number.join(tail)
        with contextlib.suppress(Unreadable):
            return self._read(other) == meant
        return False


def _places(data: bytes, text: str) -> list[tuple[int, int]]:
    """Where a text stands between quotes in JSON, in one of the two ways to write it."""
    places: list[tuple[int, int]] = []
    for ascii_only in (True,) if text.isascii() else (True, False):
        quoted = json.dumps(text, ensure_ascii=ascii_only).encode(errors="replace")
        at = -1
        while len(places) < _PLACES and (at := data.find(quoted, at + 1)) >= 0:
            places.append((at + 1, at + len(quoted) - 1))
    return places


def _common(one: bytes, other: bytes) -> list[bytes] | None:
    """The parts between the numbers in which the two differ; None where they differ in more."""
    parts = _NUMBERS.split(one)
    if parts != _NUMBERS.split(other):
        return None
    joined = parts[:1]
    for part, number, another in zip(parts[1:], _NUMBERS.findall(one), _NUMBERS.findall(other), strict=True):
        if number == another:
            joined[-1] += number + part
        else:
            joined.append(part)
    return joined
