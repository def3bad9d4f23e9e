"""The last words to a client that is still sending: it can only hear them while we listen."""

import asyncio
import contextlib
import os
import socket
from typing import Final

MOST: Final = 100
"""Sockets of one process that may linger at a time; further ones are closed at once."""
_READ: Final = 64 * 1024


class Lingering:
    """Sockets whose connection is over for us, kept open until their clients have heard so.

    A socket that is closed while the client sends resets the connection, and a reset can overtake an answer or make the
    client's next write fail before it reads: a refused upload would end without its status. So what still comes is read
    and forgotten, for at most `seconds`.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._sockets: set[socket.socket] = set()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._sockets)

    def share(self, transport: asyncio.BaseTransport) -> socket.socket | None:
        """A second handle on the transport's socket, for `begin`; None where there is none or too many linger."""
        sock = transport.get_extra_info("socket")
        if sock is None or len(self._sockets) >= MOST:
            return None
        with contextlib.suppress(OSError):
            return socket.socket(fileno=os.dup(sock.fileno()))
        return None

    def begin(self, sock: socket.socket) -> None:
        """Ends our side and reads on, to be called when the transport is done with its own handle."""
        loop = asyncio.get_running_loop()
        self._sockets.add(sock)
        sock.settimeout(0)
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_WR)
        end = loop.call_later(self._seconds, self._end, sock)

        def read() -> None:
            with contextlib.suppress(BlockingIOError):
                if not _received(sock):
                    end.cancel()
                    self._end(sock)

        loop.add_reader(sock, read)

    def _end(self, sock: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(sock)
        self._sockets.discard(sock)
        sock.close()


def _received(sock: socket.socket) -> bytes:
    """What has come; nothing when the client has left. Raises BlockingIOError when nothing has come yet."""
    try:
        return sock.recv(_READ)
    except ConnectionError:
        return b""
