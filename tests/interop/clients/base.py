"""What a client is to the harness, and how its program is run."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.interop.seen import Definition, Seen
from tests.interop.servers.base import Address

LONGEST_S = 300


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
    packages: Mapping[str, Sequence[str]]
    """Whose versions go into the page, by environment."""
    definitions: tuple[Definition, ...]
    """The first three are TTFT, chunk gaps and latency."""

    def run(self, order: Order) -> list[Seen]:
        """Every counted request as the client tells of it. Raises RuntimeError where it fails."""
        ...


def output_of(command: Sequence[str | Path], log: Path, **environment: str) -> str:
    """What a client's program prints; its errors go to `log`. Raises RuntimeError where it fails."""
    variables = {name: value for name, value in (os.environ | environment).items() if value}
    with log.open("ab") as errors:
        ended = subprocess.run(
            [str(each) for each in command],
            stdout=subprocess.PIPE,
            stderr=errors,
            env=variables,
            timeout=LONGEST_S,
            check=False,
            text=True,
        )
        errors.write(ended.stdout.encode())
    if ended.returncode:
        raise RuntimeError(f"{Path(command[0]).name} ended with {ended.returncode}; {log} says why.")
    return ended.stdout
