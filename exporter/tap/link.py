"""The relay's connection to the observer: made again whenever it breaks, in the background."""

import asyncio
import contextlib

from exporter.tap import frames
from exporter.tap.mailbox import Mailbox

_RETRY_SECONDS = 0.1
_AT_A_TIME = 8
"""Exchanges that are handed over without letting go of the loop: about 60 µs of work."""


class Link(asyncio.Protocol):
    """One connection to the observer, as a wire for the mailbox."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._frames = frames.FrameReader()
        self._transport: asyncio.Transport | None = None
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Tells the mailbox that an observer listens."""
        self._transport = transport  # type: ignore[assignment]  # stream transports are what is connected here
        self._mailbox.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Tells the mailbox that the observer is gone."""
        self._transport = None
        self._mailbox.disconnected()
        self.lost.set()

    def data_received(self, data: bytes) -> None:
        """Reads acknowledgements, and which exchanges the observer knows nothing of or could not observe."""
        for kind, payload in self._frames.feed(data):
            if kind == frames.ACK:
                for number in frames.read_numbers(payload):
                    self._mailbox.acked(number)
            elif kind == frames.UNKNOWN:
                for number in frames.read_numbers(payload):
                    self._mailbox.lost(number)
            elif kind == frames.FAILED:
                self._mailbox.failed(*frames.read_failure(payload))

    def write(self, data: bytes) -> None:
        """Hands bytes to the connection; never blocks."""
        if self._transport is not None:
            self._transport.write(data)

    def buffered(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0


async def keep_connected(mailbox: Mailbox, path: str) -> None:
    """Connects to the observer at the socket `path`, and again whenever the connection breaks; runs until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        with contextlib.suppress(OSError):
            _, link = await loop.create_unix_connection(lambda: Link(mailbox), path)
            await hand_over(mailbox)
            await link.lost.wait()
        await asyncio.sleep(_RETRY_SECONDS)


async def keep_flushing(mailbox: Mailbox, seconds: float) -> None:
    """Hands over what is new every `seconds`, then the counters; runs until cancelled."""
    while True:
        await asyncio.sleep(seconds)
        await hand_over(mailbox)
        mailbox.tell_totals()


async def hand_over(mailbox: Mailbox) -> None:
    """Hands over what is new, or to a new observer all that it can be told, a few exchanges at a time.

    The loop's other work comes in between: hundreds of streams at once held up their chunks for milliseconds, and what
    an observer that was killed had not acknowledged of 2,000 requests a second all requests for 9 ms.
    """
    for _ in range(0, len(mailbox.dirty), _AT_A_TIME):  # and no more, or on a busy relay this would not end
        if not mailbox.flush(_AT_A_TIME):
            break
        await asyncio.sleep(0)
