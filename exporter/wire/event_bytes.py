"""Whole server-sent events as the bytes that they came in."""

import re
from typing import Final

_END = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|(?<=\r)\r|\r(?!\Z))")
"""Two ends of lines. A CR after which nothing has come yet is one where lines end so, else half of a CR LF."""
_LIMIT: Final = 64 * 1024


class EventBytes:
    """Holds the bytes of an event stream back to the end of an event; what it gives is what it got, cut elsewhere.

    An event that grows beyond `limit` bytes is given in parts, as if each were an event.
    """

    __slots__ = ("_after_cr", "_held", "_limit")

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._held = b""
        self._after_cr = False

    def feed(self, data: bytes) -> list[bytes]:
        """The bytes of the events that are complete now, in one or two pieces that end where an event does."""
        given = []
        if self._after_cr and data:
            self._after_cr = False
            if data.startswith(b"\n"):  # half of a CR LF whose CR has ended an event already
                given.append(b"\n")
                data = data[1:]
        data = self._held + data
        end = _last_end(data)
        if len(data) - end > self._limit:
            end = len(data)
        self._held = data[end:]
        if end:
            given.append(data[:end])
            self._after_cr = not self._held and data.endswith(b"\r")
        return given

    def close(self) -> bytes:
        """What is held: the beginning of an event, or a last one without the blank line after it."""
        held, self._held = self._held, b""
        return held


def split(data: bytes) -> list[bytes]:
    """The bytes of each event in `data`, the line ends after it included."""
    events, start = [], 0
    for match in _END.finditer(data):
        events.append(data[start : match.end()])
        start = match.end()
    if start < len(data):
        events.append(data[start:])
    return events


def _last_end(data: bytes) -> int:
    """Where the last complete event ends, or 0."""
    if b"\r" not in data:
        return data.rfind(b"\n\n") + 2 if b"\n\n" in data else 0
    end = 0
    for match in _END.finditer(data):
        end = match.end()
    return end
