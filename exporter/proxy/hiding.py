"""A client that asked for no usage, and does not see the event that brings it."""

from typing import Final

from exporter.dialect.usage_option import only_usage
from exporter.proxy.ports import Client
from exporter.wire.chunked import Dechunker, chunk, last_chunk
from exporter.wire.event_bytes import EventBytes, split
from exporter.wire.http1 import CHUNKED, UNTIL_CLOSE, ResponseHead, response_head
from exporter.wire.sse import SseReader

_BLANK: Final = b"\r\n\r\n"


class Hiding:
    """Stands before a client and takes the usage event out of an event stream; every other answer passes as it is.

    A body that was chunked is cut into other chunks, and one whose length was told becomes chunked.
    """

    __slots__ = ("_begun", "_chunked", "_client", "_dechunker", "_events")

    def __init__(self, client: Client) -> None:
        self._client = client
        self._begun = False
        self._events: EventBytes | None = None
        self._dechunker: Dechunker | None = None
        self._chunked = False

    def write(self, data: bytes) -> None:
        """Sends bytes of the answer to the client; the first are a whole head."""
        if not self._begun:
            data = self._begin(data)
        elif self._events is not None:
            data = self._body(data, self._events)
        if data:
            self._client.write(data)

    def hold(self, *, upload: bool) -> None:
        """Stops or goes on reading the request's body."""
        self._client.hold(upload=upload)

    def finished(self, *, keep: bool) -> None:
        """The answer is complete: sends what was held back, and the end."""
        if self._events is not None:
            rest = self._shown([self._events.close()])
            if self._chunked:
                rest += last_chunk(self._dechunker.trailers if self._dechunker is not None else [])
            if rest:
                self._client.write(rest)
        self._client.finished(keep=keep)

    def refuse(self, status: int, reason: str, sentence: str) -> None:
        """Answers with an error of our own and closes."""
        self._client.refuse(status, reason, sentence)

    def cut(self, *, reset: bool = False) -> None:
        """Closes without a proper end, after what was held back."""
        if self._events is not None and (rest := self._events.close()):
            self._client.write(self._framed(rest))
        self._client.cut(reset=reset)

    def _begin(self, data: bytes) -> bytes:
        end = data.index(_BLANK)
        head = response_head(data[:end], b"POST")
        self._begun = head.status >= 200
        if not _is_stream(head):
            return data
        self._events = EventBytes()
        self._chunked = head.body != UNTIL_CLOSE
        if head.body == CHUNKED:
            self._dechunker = Dechunker()
        raw = data[:end] if head.body in {CHUNKED, UNTIL_CLOSE} else _chunked_head(data[:end])
        return raw + _BLANK + self._body(data[end + len(_BLANK) :], self._events)

    def _body(self, data: bytes, events: EventBytes) -> bytes:
        payload = data if self._dechunker is None else self._dechunker.feed(data)
        return self._shown(events.feed(payload))

    def _shown(self, blocks: list[bytes]) -> bytes:
        return self._framed(b"".join(_without_usage(block) for block in blocks))

    def _framed(self, data: bytes) -> bytes:
        return chunk(data) if data and self._chunked else data


def _is_stream(head: ResponseHead) -> bool:
    kind = (head.value(b"content-type") or b"").partition(b";")[0].strip().lower()
    coding = (head.value(b"content-encoding") or b"identity").lower()
    return head.status == 200 and kind == b"text/event-stream" and coding == b"identity" and head.body != 0


def _chunked_head(head: bytes) -> bytes:
    """The head without the length that the body no longer has."""
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
    return b"\r\n".join((*lines, b"Transfer-Encoding: chunked"))


def _without_usage(block: bytes) -> bytes:
    if b'"usage"' not in block:
        return block
    return b"".join(event for event in split(block) if not _is_usage(event))


def _is_usage(event: bytes) -> bool:
    reader = SseReader()
    data = [*reader.feed(event), *reader.close()]
    return len(data) == 1 and only_usage(data[0])
