"""A request's body: where it ends, and what of it waits for a connection."""

from exporter.wire.chunked import ChunkScanner
from exporter.wire.http1 import CHUNKED, BadMessage, RequestHead


class Upload:
    """Measures the body of one request as it comes.

    `seen` are its bytes so far, `waiting` those that no connection has taken yet.
    """

    __slots__ = ("_left", "_limit", "_pieces", "_scanner", "done", "seen", "waiting")

    def __init__(self, head: RequestHead, limit: int) -> None:
        self._scanner = ChunkScanner() if head.body == CHUNKED else None
        self._left = max(head.body, 0)
        self._limit = limit
        self.seen = 0
        self._pieces: list[bytes] = []
        self.waiting = 0
        self.done = head.body == 0

    def measure(self, data: bytes) -> int:
        """How many bytes of `data` belong to the body. Raises BadMessage, also when it grows beyond the limit."""
        if self._scanner is None:
            used = min(self._left, len(data))
            self._left -= used
            self.seen += used
            self.done = not self._left
            return used
        used = self._scanner.feed(data)
        self.done = self._scanner.done
        self.seen += used
        if self.seen > self._limit:
            raise BadMessage(f"The request body is longer than {self._limit} bytes.", 413)
        return used

    def wait(self, body: bytes) -> None:
        """Keeps bytes until there is a connection."""
        self._pieces.append(body)
        self.waiting += len(body)

    def gathered(self) -> bytes:
        """What waits, in one piece."""
        return b"".join(self._pieces)

    def release(self) -> list[bytes]:
        """What waited, piece by piece; nothing waits any more."""
        pieces, self._pieces = self._pieces, []
        self.waiting = 0
        return pieces

    def replace(self, body: bytes) -> None:
        """Lets `body` wait instead of what waited."""
        self._pieces = [body]
        self.waiting = len(body)
