"""An HTTP transport for an SDK that remembers when bytes were written to and read from the socket; runs in `sdk`."""

import time
from collections.abc import Iterator
from typing import Any

import httpcore2
import httpx2


class Wire(httpcore2.SyncBackend):
    """Opens the connections; `sent_ns` is the latest write and `came_ns` the latest read, in monotonic nanoseconds."""

    def __init__(self) -> None:
        self.sent_ns = 0
        self.came_ns = 0

    def connect_tcp(self, *where: Any, **options: Any) -> httpcore2.NetworkStream:
        return Stamped(super().connect_tcp(*where, **options), self)


class Stamped(httpcore2.NetworkStream):
    """One connection whose reads and writes are stamped."""

    def __init__(self, stream: httpcore2.NetworkStream, wire: Wire) -> None:
        self._stream = stream
        self._wire = wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        piece = self._stream.read(max_bytes, timeout)
        self._wire.came_ns = time.monotonic_ns()
        return piece

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)
        self._wire.sent_ns = time.monotonic_ns()

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class Body(httpx2.SyncByteStream):
    """An answer's body as httpx takes it from httpcore."""

    def __init__(self, pieces: Any) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces

    def close(self) -> None:
        self._pieces.close()


class Transport(httpx2.BaseTransport):
    """httpx's own way to httpcore, over connections that `wire` stamps."""

    def __init__(self, wire: Wire) -> None:
        self._pool = httpcore2.ConnectionPool(network_backend=wire)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self._pool.handle_request(
            httpcore2.Request(
                request.method,
                url,
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx2.Response(
            answer.status, headers=answer.headers, stream=Body(answer.stream), extensions=answer.extensions
        )

    def close(self) -> None:
        self._pool.close()
