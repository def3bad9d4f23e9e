"""A child's end of the control line to its supervisor."""

import asyncio
import contextlib
import json
import socket
from collections.abc import Mapping


class Control:
    """Gives a child its options, tells the supervisor how it is, and the child when it is to end."""

    def __init__(self, number: int) -> None:
        self._socket = socket.socket(fileno=number)

    def options(self) -> dict[str, object]:
        """The options that the supervisor sent."""
        line = b""
        while not line.endswith(b"\n"):
            piece = self._socket.recv(65536)
            if not piece:
                raise SystemExit(1)
            line += piece
        loaded: dict[str, object] = json.loads(line)
        return loaded

    def tell(self, problems: Mapping[str, str | None], *, ready: bool) -> None:
        """Says whether this process takes new work, and why engines could not be reached the last time, by name."""
        said = {"ready": ready, "problems": dict(problems)}
        with contextlib.suppress(OSError):
            self._socket.send(json.dumps(said).encode() + b"\n")

    def on_dismissed(self, ended: asyncio.Event) -> None:
        """Sets `ended` when the supervisor has ended its side of the line, or is gone: no process outlives it."""
        loop = asyncio.get_running_loop()
        self._socket.settimeout(0)

        def readable() -> None:
            with contextlib.suppress(BlockingIOError):
                if not self._recv():
                    loop.remove_reader(self._socket.fileno())
                    ended.set()

        loop.add_reader(self._socket.fileno(), readable)

    def _recv(self) -> bytes:
        try:
            return self._socket.recv(64)
        except ConnectionError:
            return b""
