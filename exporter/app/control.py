"""A child's end of the control line to its supervisor."""

import asyncio
import contextlib
import json
import socket
from collections.abc import Mapping


class Control:
    """Gives a child its options, tells when it is ready, and when the supervisor is gone."""

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

    def ready(self, problems: Mapping[str, str | None] | None = None) -> None:
        """Says that this process does its work, and why engines could not be reached the last time."""
        with contextlib.suppress(OSError):
            self._socket.send(json.dumps(problems or {}).encode() + b"\n")

    def on_orphaned(self, ended: asyncio.Event) -> None:
        """Sets `ended` when the supervisor is gone, so that no process outlives it."""
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
