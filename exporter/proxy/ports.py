"""What a passage needs from the client's connection and from the relay."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from exporter.proxy.meter import Meter
from exporter.proxy.outbox import Outbox
from exporter.proxy.upstream import Upstream
from exporter.tap.mailbox import Mailbox
from exporter.wire.http1 import RequestHead

if TYPE_CHECKING:
    from exporter.proxy.passage import Passage


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may ask of the relay: sizes in bytes, times in seconds.

    `head_seconds` bounds a head, `idle_seconds` a connection between requests, `stall_seconds` how long a client may
    neither send its body nor take the answer, `total_seconds` a whole exchange, and `discard_seconds` an upload whose
    answer is already over; 0 is no limit for stalls and totals. `connections` is per relay process.
    """

    head_bytes: int = 65_536
    header_lines: int = 200
    body_bytes: int = 1 << 30
    connections: int = 10_000
    head_seconds: float = 10.0
    idle_seconds: float = 75.0
    stall_seconds: float = 300.0
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

    def cut(self, *, reset: bool = False) -> None:
        """Closes without a proper end; `reset` where a close alone would look like the proper end of the answer."""
        ...


class Gate(Protocol):
    """What the relay provides to each passage."""

    mailbox: Mailbox
    limits: Limits
    meter: Meter
    outbox: Outbox
    in_flight: int
    draining: bool

    def connect(self, passage: "Passage") -> None:
        """Finds a connection and calls `passage.connected`, now or later, or `passage.unreachable`.

        Where all of the body must be read before, it sets `passage.gathering` to the bytes that may wait, and is called
        again when the body has come.
        """
        ...

    def gathered_enough(self, passage: "Passage") -> None:
        """More waits than `passage.gathering` allows: goes on without the rest. Raises BadMessage where it cannot."""
        ...

    def upstream_head(self, head: RequestHead, upstream: Upstream) -> bytes:
        """The head as the engine at the other end of `upstream` gets it."""
        ...

    def upstream_name(self, upstream: Upstream) -> bytes:
        """The engine's name in records."""
        ...

    def observed(self, method: bytes, target: bytes) -> bool:
        """True where the bodies are worth observing."""
        ...

    def give_back(self, upstream: Upstream) -> None:
        """Takes a connection that can be used again."""
        ...
