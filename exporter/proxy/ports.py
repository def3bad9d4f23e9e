"""What a passage needs from the client's connection and from the relay."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from exporter.proxy.upstream import Upstream
from exporter.tap.mailbox import Mailbox
from exporter.wire.http1 import RequestHead

if TYPE_CHECKING:
    from exporter.proxy.passage import Passage


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may ask of the relay: sizes in bytes, times in seconds, 0 for no limit of `total_seconds`.

    `head_seconds` bounds a head, `idle_seconds` a connection between requests, `total_seconds` a whole exchange, and
    `discard_seconds` an upload whose answer is already over. `connections` is per relay process.
    """

    head_bytes: int = 65_536
    header_lines: int = 200
    body_bytes: int = 1 << 30
    connections: int = 10_000
    head_seconds: float = 10.0
    idle_seconds: float = 75.0
    total_seconds: float = 0.0
    discard_seconds: float = 10.0


class Client(Protocol):
    """The client's connection as a passage needs it."""

    def write(self, data: bytes) -> None:
        """Sends bytes to the client."""
        ...

    def hold(self, *, upload: bool) -> None:
        """Stops or goes on reading the request's body."""
        ...

    def finished(self, *, keep: bool) -> None:
        """The exchange is over; `keep` allows another on this connection."""
        ...

    def refuse(self, status: int, reason: str, sentence: str) -> None:
        """Answers with an error of our own and closes."""
        ...

    def cut(self) -> None:
        """Closes without a proper end, so that the client sees a broken answer as broken."""
        ...


class Gate(Protocol):
    """What the relay provides to each passage."""

    mailbox: Mailbox
    limits: Limits
    in_flight: int
    draining: bool

    def connect(self, passage: "Passage") -> None:
        """Finds a connection and calls `passage.connected`, now or later, or `passage.unreachable`."""
        ...

    def upstream_head(self, head: RequestHead) -> bytes:
        """The head as the engine gets it."""
        ...

    def observed(self, target: bytes) -> bool:
        """True where the bodies are worth observing."""
        ...

    def give_back(self, upstream: Upstream) -> None:
        """Takes a connection that can be used again."""
        ...
