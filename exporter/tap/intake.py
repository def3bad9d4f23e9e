"""The observer's end of the local socket: one connection for each relay."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from exporter.giving_way import giving_way
from exporter.tap import frames
from exporter.tap.unpack import Timed, Unpacker

_SHORT: Final = 4096
"""Bytes of a request or an answer that take less time to read than it takes until one would give way; what is done at
the end of either takes more.
"""

Key = tuple[str, int]
"""An exchange: the relay's name and the number it gave."""


@dataclass(frozen=True, slots=True)
class Totals:
    """A relay's own counters since it started.

    `problems` are why engines could not be reached the last time, by name; `added` is the relay's own cost by phase:
    counts per bucket of the catalogue and the sum in nanoseconds.
    """

    forwarded: int
    refused: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[str, str | None] = field(default_factory=dict)
    added: Mapping[str, tuple[list[int], int]] = field(default_factory=dict)


class Receiver(Protocol):
    """Whoever makes sense of what relays report."""

    def known(self, key: Key) -> bool:
        """True when the record of this exchange is already safe."""
        ...

    def received(self, key: Key, events: list[Timed]) -> None:
        """Events of one exchange, in order."""
        ...

    def forget(self, key: Key) -> None:
        """The relay dropped this exchange from observation."""
        ...

    def totals(self, relay: str, totals: Totals) -> None:
        """A relay's counters."""
        ...

    def joined(self, relay: str, intake: "Intake") -> None:
        """A relay has connected; acknowledgements go to `intake`."""
        ...

    def left(self, relay: str) -> None:
        """A relay's connection is gone, and with it what it had in flight."""
        ...


class Intake(asyncio.Protocol):
    """One relay's connection: frames in, acknowledgements out."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._frames = frames.FrameReader()
        self._transport: asyncio.Transport | None = None
        self._relay = ""
        self._reading = False
        self._safe: list[int] = []
        self._unpacker: Unpacker | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits for the relay's name."""
        self._transport = transport  # type: ignore[assignment]  # stream transports are what is accepted here

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The relay stopped or died."""
        self._transport = None
        if self._relay:
            self._receiver.left(self._relay)

    def data_received(self, data: bytes) -> None:
        """Reads frames; a connection that does not speak the protocol is closed."""
        self._reading = True
        try:
            for kind, payload in self._frames.feed(data):
                if len(payload) <= _SHORT and frames.goes_on(kind, payload):
                    self._take(kind, payload)
                else:
                    with giving_way():
                        self._take(kind, payload)
                os.sched_yield()
        except (ValueError, KeyError, TypeError):
            if self._transport is not None:
                self._transport.abort()
        finally:
            self._reading = False
        self._acknowledge()

    def acknowledge(self, numbers: list[int]) -> None:
        """Tells the relay that the records of these exchanges are safe, at the end of what is being read."""
        self._safe += numbers
        if not self._reading:
            self._acknowledge()

    def fail(self, number: int, reason: str) -> None:
        """Tells the relay that this exchange could not be observed, so that it counts it as dropped."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frames.failure(number, reason))

    def _acknowledge(self) -> None:
        safe, self._safe = self._safe, []
        if safe and self._transport is not None and not self._transport.is_closing():
            self._transport.write(frames.numbers(frames.ACK, safe))

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == frames.HELLO:
            hello = json.loads(payload)
            self._relay = str(hello["relay"])
            self._unpacker = Unpacker()
            self._receiver.joined(self._relay, self)
        elif self._unpacker is None:
            raise ValueError("A relay says who it is first.")
        elif kind == frames.PIECES:
            self._pieces(self._unpacker, payload)
        elif kind == frames.TOTALS:
            self._receiver.totals(self._relay, Totals(**json.loads(payload)))
        elif kind == frames.DROP:
            for number in frames.read_numbers(payload):
                self._unpacker.forget(number)
                self._receiver.forget((self._relay, number))
        elif kind == frames.ASK:
            self._answer(frames.read_numbers(payload))

    def _answer(self, numbers: list[int]) -> None:
        """Tells which of these exchanges are on record; a predecessor may have died before it could."""
        known = [number for number in numbers if self._receiver.known((self._relay, number))]
        self.acknowledge(known)
        unknown = sorted(set(numbers).difference(known))
        if unknown and self._transport is not None:
            self._transport.write(frames.numbers(frames.UNKNOWN, unknown))

    def _pieces(self, unpacker: Unpacker, payload: bytes) -> None:
        number, events = unpacker.feed(payload)
        if self._receiver.known((self._relay, number)):
            unpacker.forget(number)
            self.acknowledge([number])
        else:
            self._receiver.received((self._relay, number), events)
