"""What a server is to the harness, and how one is started and waited for."""

import contextlib
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

NICENESS = 5
"""An engine has a machine of its own; here it shares one with its client, so it steps back."""
START_S = 120


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens, the model to ask it for, and the folder with that model's vocabulary."""

    url: str
    model: str
    vocabulary: Path


class Server(Protocol):
    """A server that somebody else wrote, or a scripted one where none speaks the protocol."""

    name: str
    environments: tuple[str, ...]
    packages: tuple[str, ...]
    """Whose versions go into the page; they are in the first of the environments."""
    options: tuple[str, ...]
    """What a client must be told of it: `usage` where a stream has usage only if asked for it."""
    head_with_content: bool
    """Whether the head of a streamed answer leaves together with its first content, so that a client reads the head on
    the account of TTFT."""

    def running(self, port: int, folder: Path, model: Path) -> AbstractContextManager[Address]:
        """The server while it runs; it logs into `folder`, and `model` is the folder with the tiny model."""
        ...


@contextlib.contextmanager
def started(command: Sequence[str | Path], log: Path, probe: str, **environment: str) -> Iterator[None]:
    """A server process, from when it answers `probe` until the end of the block."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            ["nice", "-n", str(NICENESS), *map(str, command)], stdout=out, stderr=out, env=os.environ | environment
        )
    try:
        _wait(process, probe, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], probe: str, log: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(probe, timeout=5) as answer:  # noqa: S310 - our own address
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise RuntimeError(f"{probe} does not answer; {log} says why.")
