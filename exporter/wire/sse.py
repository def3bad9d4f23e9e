"""Server-sent events, read piece by piece as the bytes arrive."""

from typing import Final

_BOM: Final = b"\xef\xbb\xbf"
_LF: Final = 10
_CR: Final = 13


class SseReader:
    """Cuts the bytes of an event stream into the data of its events, by the rules of the HTML standard (9.2.6).

    How the bytes are cut into reads makes no difference to the events. `limit` bounds the bytes of one line and the
    bytes of data in one event; an event beyond it is left out and counted in `oversized`. Fields other than `data`
    and comments are ignored.
    """

    __slots__ = ("_begun", "_data", "_idle", "_limit", "_pending", "_pending_size", "_size", "_skip_lf", "oversized")

    def __init__(self, limit: int = 4 << 20) -> None:
        self.oversized = 0
        self._limit = limit
        self._begun = False
        self._idle = True
        self._skip_lf = False
        self._data: list[bytes] = []
        self._size = 0
        self._pending: list[bytes] = []
        self._pending_size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Reads on; returns the data of each event that is complete now, lines joined by LF."""
        # What engines send almost always: whole events of one line each, ended by two LFs.
        if self._idle and data.endswith(b"\n\n") and b"\r" not in data and len(data) < self._limit:
            if data.find(b"\n") == len(data) - 2 and data.startswith(b"data: "):
                self._begun = True
                return [data[6:-2]]
            events = data[:-2].split(b"\n\n")
            if all(event.startswith(b"data: ") and b"\n" not in event for event in events):
                self._begun = True
                return [event[6:] for event in events]
        return self._feed_lines(data)

    def close(self) -> list[bytes]:
        """The stream has ended: the last event, if the blank line after it is missing."""
        events: list[bytes] = []
        if self._pending_size:
            self._line(self._take_pending(b""), events)
        self._line(b"", events)
        self._idle = True
        self._skip_lf = False
        return events

    def _feed_lines(self, data: bytes) -> list[bytes]:
        events: list[bytes] = []
        if not data:
            return events
        if self._skip_lf and data[0] == _LF:
            data = data[1:]
        self._skip_lf = False
        if b"\r" in data:
            # A CR ends its line at once, so that no event waits for a LF that may never come.
            self._skip_lf = data[-1] == _CR
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        first, *more = data.split(b"\n")
        if more:
            rest = more.pop()
            self._line(self._take_pending(first), events)
            for line in more:
                self._line(line, events)
        else:
            rest = first
        self._keep(rest)
        self._idle = not (self._pending_size or self._size or self._skip_lf)
        return events

    def _keep(self, rest: bytes) -> None:
        if not rest:
            return
        self._pending_size += len(rest)
        if self._pending_size > self._limit:
            self._pending.clear()
        else:
            self._pending.append(rest)

    def _take_pending(self, end: bytes) -> bytes:
        """The line that ends with `end`; of a line beyond the limit only its excess length is kept, in `_size`."""
        if not self._pending_size:
            return end
        if self._pending_size + len(end) > self._limit:
            line = b":"
            self._size = self._limit + 1
        else:
            line = b"".join((*self._pending, end))
        self._pending.clear()
        self._pending_size = 0
        return line

    def _line(self, line: bytes, events: list[bytes]) -> None:
        if len(line) > self._limit:
            self._begun = True
            self._size = self._limit + 1
            return
        if not self._begun:
            self._begun = True
            line = line.removeprefix(_BOM)
        if line[:5] == b"data:":
            self._add(line[6:] if line[5:6] == b" " else line[5:])
        elif line == b"data":
            self._add(b"")
        elif not line:
            self._dispatch(events)

    def _add(self, value: bytes) -> None:
        self._size += len(value) + 1
        if self._size > self._limit:
            self._data.clear()
        else:
            self._data.append(value)

    def _dispatch(self, events: list[bytes]) -> None:
        if self._size > self._limit:
            self.oversized += 1
        elif self._data:
            events.append(b"\n".join(self._data))
        self._data.clear()
        self._size = 0
