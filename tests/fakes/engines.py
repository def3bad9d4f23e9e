"""Engines with a will of their own: a coroutine plays each connection, for what the scripted engine cannot do."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import h11

LINGER_NOT = struct.pack("ii", 1, 0)
"""Value of SO_LINGER with which close sends a reset instead of an end."""


class Peer:
    """The engine's end of one connection; `received` is what came of it, `over` whether both sides have left."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peers: "list[Peer]") -> None:
        self.received = bytearray()
        self.over = False
        self._reader = reader
        self._writer = writer
        self._peers = peers

    async def head(self) -> bytes:
        """The next request head, blank line included."""
        return self._heard(await self._reader.readuntil(b"\r\n\r\n"))

    async def some(self, most: int = 1 << 18) -> bytes:
        """What is there, or nothing when the relay has left."""
        return self._heard(await self._reader.read(most))

    async def body(self, size: int) -> bytes:
        """Exactly so many bytes."""
        return self._heard(await self._reader.readexactly(size))

    async def block(self, size: int) -> bytes:
        """Exactly so many bytes, which are not added to `received`."""
        return await self._reader.readexactly(size)

    async def send(self, data: bytes) -> None:
        """Writes, and waits while too much is on its way."""
        self._writer.write(data)
        await self._writer.drain()

    async def gone(self) -> None:
        """Waits until the relay has left."""
        with contextlib.suppress(ConnectionError):
            while await self._reader.read(1 << 16):
                pass

    def narrow(self, size: int) -> None:
        """Makes the kernel's receive buffer of this connection small."""
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)

    def reset(self) -> None:
        """Breaks the connection as a crash of the engine's machine would."""
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        self._writer.transport.abort()

    def _heard(self, data: bytes) -> bytes:
        if data and not self.received:
            self._peers.append(self)
        self.received += data
        return data


Play = Callable[[Peer], Awaitable[None]]


class RawEngine:
    """Listens in a thread of its own, plays `play` on each connection and closes it afterwards.

    `peers` are the connections of this play that sent something: the supervisor probes the port and says nothing.
    """

    def __init__(self, play: Play, host: str = "127.0.0.1", port: int = 0) -> None:
        self._play = play
        self._tasks: set[asyncio.Task[None]] = set()
        self.peers: list[Peer] = []
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._listener = socket.create_server((host, port))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._thread.start()

    def __enter__(self) -> "RawEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    def perform(self, play: Play) -> None:
        """Closes every connection and plays `play` on those that come."""
        asyncio.run_coroutine_threadsafe(self._change(play), self._loop).result(10)

    def call(self, function: Callable[[], object]) -> None:
        """Runs a function in the engine's thread."""
        self._loop.call_soon_threadsafe(function)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, sock=self._listener, backlog=4096)
        await self._stop.wait()
        server.close()
        await self._change(self._play)

    async def _change(self, play: Play) -> None:
        self._play, self.peers = play, []
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._meet(reader, writer)
        finally:
            self._tasks.discard(task)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer, self.peers)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._play(peer)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            writer.close()
            await writer.wait_closed()
        peer.over = True


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as an independent reader understood it; `peer` is the connection that brought it."""

    peer: Peer
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    trailers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> list[str]:
        """All values of a header, by its name in lower case."""
        return [value for key, value in self.headers if key == name]


class Witness:
    """An engine that reads with h11 and answers each request with its target, so that answers cannot be mixed up.

    `heard` are the requests in the order in which they were understood, `complaints` what h11 refused. A client that
    sends `Expect: 100-continue` is told to go on.
    """

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.complaints: list[str] = []

    async def play(self, peer: Peer) -> None:
        """One connection, request after request."""
        parser = h11.Connection(h11.SERVER)
        try:
            while await self._request(parser, peer):
                parser.start_next_cycle()
        except h11.RemoteProtocolError as error:
            self.complaints.append(str(error))

    async def _request(self, parser: h11.Connection, peer: Peer) -> bool:
        head, body = None, b""
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                if parser.they_are_waiting_for_100_continue:
                    await peer.send(parser.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
                parser.receive_data(await peer.some())
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                self.heard.append(_understood(peer, head, body, event))
                await peer.send(echo(parser, head))
                return parser.our_state is h11.DONE
            else:
                return False


def _understood(peer: Peer, head: h11.Request, body: bytes, end: h11.EndOfMessage) -> Heard:
    return Heard(
        peer,
        head.method.decode("ascii"),
        head.target.decode("ascii"),
        tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in head.headers),
        body,
        tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in end.headers),
    )


def echo(parser: h11.Connection, head: h11.Request) -> bytes:
    text = head.target
    events: list[h11.Event] = [
        h11.Response(status_code=200, headers=[("content-length", str(len(text))), ("content-type", "text/plain")])
    ]
    if head.method != b"HEAD":
        events.append(h11.Data(data=text))
    return b"".join(parser.send(event) or b"" for event in [*events, h11.EndOfMessage()])
