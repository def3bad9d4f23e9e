"""A scripted server of the Anthropic form, because no engine that runs here speaks it."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.interop import environments
from tests.interop.servers.base import Address, started


class Messages:
    """Sends its head and `message_start` at once, the first text later; usage at both ends of a stream."""

    name = "scripted /v1/messages"
    environments = ()
    packages = ()
    options = ()
    head_with_content = False

    @contextlib.contextmanager
    def running(self, port: int, folder: Path, model: Path) -> Iterator[Address]:
        url = f"http://127.0.0.1:{port}"
        command = [sys.executable, environments.PROGRAMS / "serve_messages.py", port]
        with started(command, folder / "messages.log", f"{url}/v1/models"):
            yield Address(url, "scripted", model)
