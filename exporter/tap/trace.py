"""What was seen of one exchange, as the relay keeps it for the observer."""

from array import array
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from exporter.tap.mailbox import Mailbox

OVERHEAD: Final = 64
"""Bytes that the interpreter spends on keeping one piece, counted against the budget."""

LARGE: Final = 4096
"""Bytes from which a piece may be reason to hand over at once: small ones do not come to much until the next flush."""


class Trace:
    """What was seen of one exchange: kinds, stamps and bytes of its pieces, in order."""

    __slots__ = (
        "_mailbox",
        "blobs",
        "deaths",
        "dirty",
        "dropped",
        "ended",
        "flushed",
        "heard",
        "held",
        "kinds",
        "number",
        "replayable",
        "stamps",
    )

    def __init__(self, number: int, mailbox: "Mailbox") -> None:
        self.number = number
        self.kinds = bytearray()
        self.stamps = array("q")
        self.blobs: list[bytes] = []
        self.held = 0
        self.flushed = 0
        self.dirty = False
        self.dropped = False
        self.ended = False
        """Whether its end was handed over and then given up; only of those that cannot be told again."""
        self.replayable = True
        self.heard = False
        """Whether an observer that is gone had heard all of it, and so may have it on record."""
        self.deaths = 0
        """Observers that were gone before they had a record of it."""
        self._mailbox = mailbox

    def add(self, kind: int, data: bytes, at: int) -> None:
        """Keeps one piece seen at the monotonic nanosecond `at`."""
        if self.dropped:
            return
        self.kinds.append(kind)
        self.stamps.append(at)
        self.blobs.append(data)
        size = len(data) + OVERHEAD
        self.held += size
        mailbox = self._mailbox
        mailbox.held += size
        if not self.dirty:
            self.dirty = True
            mailbox.dirty.append(self)
        if size >= LARGE:
            mailbox.mark_large(size)

    def forget(self) -> None:
        """Keeps nothing of what was seen; the mailbox counts what it held."""
        self.held = self.flushed = 0
        self.blobs.clear()
