"""The body of a message as it is gathered for reading."""

from collections.abc import Iterator

from exporter.wire.coding import BadCoding, decoder


class Body:
    """Takes the content coding off a body and holds at most `limit` bytes of it.

    `failure` is None, `content_encoding` or `too_large`; a body that failed yields nothing more.
    """

    __slots__ = ("_decoder", "_limit", "_pieces", "_size", "failure", "plain")

    def __init__(self, coding: str | None, limit: int) -> None:
        self.failure: str | None = None
        self._limit = limit
        self._size = 0
        self._pieces: list[bytes] = []
        self._decoder = None
        try:
            self._decoder = decoder(coding)
        except BadCoding:
            self.failure = "content_encoding"
        self.plain = self._decoder is None and self.failure is None
        """True when the bytes need no decoding."""

    def decoded(self, data: bytes) -> Iterator[bytes]:
        """The plain bytes in `data`, in pieces, not held."""
        if self.plain:
            yield data
        elif self._decoder is not None and self.failure is None:
            try:
                yield from self._decoder.feed(data)
            except BadCoding:
                self.failure = "content_encoding"

    def add(self, data: bytes) -> None:
        """Holds the plain bytes in `data`."""
        if self.failure is not None:
            return
        for piece in self.decoded(data):
            self._size += len(piece)
            if self._size > self._limit:
                self.failure = "too_large"
                self._pieces.clear()
                return
            self._pieces.append(piece)

    def take(self) -> bytes:
        """Everything held, which is given up."""
        whole = b"".join(self._pieces)
        self._pieces.clear()
        return whole
