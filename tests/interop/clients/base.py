"""What a client is to the harness, and how its program is run."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.interop.seen import Definition, Seen
from tests.interop.servers.base import Address

LONGEST_S = 180


@dataclass(frozen=True, slots=True)
class Order:
    """What a client is to do: where, how many requests and how many before them that do not count, how many at once."""

    at: Address
    options: tuple[str, ...]
    requests: int
    warm_up: int
    streams: int
    folder: Path


class Client(Protocol):
    """A client that somebody else wrote."""

    name: str
    environments: tuple[str, ...]
    packages: tuple[str, ...]
    """Whose versions go into the page; they are in the first of the environments."""
    definitions: tuple[Definition, ...]
    """The first three are TTFT, chunk gaps and latency."""

    def run(self, order: Order) -> list[Seen]:
        """Every counted request as the client tells of it. Raises RuntimeError where it fails."""
        ...


def output_of(command: Sequence[str | Path], log: Path, **environment: str) -> str:
    """What a client's program prints; its errors go to `log`. Raises RuntimeError where it fails or takes too long."""
    variables = {name: value for name, value in (os.environ | environment).items() if value}
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [str(each) for each in command], stdout=subprocess.PIPE, stderr=errors, env=variables, text=True
        )
        try:
            said, _ = process.communicate(timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()
            raise RuntimeError(f"{process.args[0]} did not end within {LONGEST_S} s; {log} says why.") from None
        errors.write(said.encode())
    if process.returncode:
        raise RuntimeError(f"{process.args[0]} ended with {process.returncode}; {log} says why.")
    return said
