"""What the relay leaves to its event loop, because every release so far has done it."""

import asyncio
import socket

import uvloop


class Noting(asyncio.Protocol):
    """Keeps whether its connection sends small writes at once."""

    def __init__(self, told: list[int]) -> None:
        self._told = told

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        sock = transport.get_extra_info("socket")
        self._told.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


def test_connections_made_and_accepted_send_small_writes_at_once() -> None:
    told: list[int] = []

    async def connect() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Noting(told), "127.0.0.1", 0)
        transport, _ = await loop.create_connection(lambda: Noting(told), *server.sockets[0].getsockname())
        while len(told) < 2:  # noqa: ASYNC110 - it is a matter of one turn
            await asyncio.sleep(0.001)
        transport.abort()
        server.close()

    uvloop.run(connect())
    assert told == [1, 1]
