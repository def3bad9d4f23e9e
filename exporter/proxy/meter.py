"""What the relay itself adds to each phase of an exchange, by its own stamps."""

from bisect import bisect_left
from collections.abc import Callable
from time import monotonic_ns
from typing import Final

from exporter.catalog import ADDED_LATENCY

PHASES: Final = ("request", "first_byte", "chunk")
_BOUNDS_NS: Final = tuple(round(bound * 1e9) for bound in ADDED_LATENCY)
_EVERY: Final = 16
"""The first of so many is measured in each phase: that is enough for a histogram, and costs nothing to speak of."""


class Meter:
    """Histograms of the time from a read to the moment after its bytes were written.

    Where a socket is full or TLS is spoken the event loop writes at the end of its turn, so the second stamp is taken
    by `soon`, which calls back in the next turn (`loop.call_soon`). What the kernel adds before the read is not seen.
    """

    def __init__(self, soon: Callable[..., object]) -> None:
        self.counts: dict[str, list[int]] = {phase: [0] * (len(_BOUNDS_NS) + 1) for phase in PHASES}
        self.sums_ns: dict[str, int] = dict.fromkeys(PHASES, 0)
        self._soon = soon
        self._left = dict.fromkeys(PHASES, 0)

    def passed(self, phase: str, at: int) -> None:
        """A request, the head or a piece of an answer, read at the monotonic nanosecond `at`, was handed over."""
        left = self._left[phase]
        if left:
            self._left[phase] = left - 1
        else:
            self._left[phase] = _EVERY - 1
            self._soon(self._note, phase, at)

    def _note(self, phase: str, at: int) -> None:
        took = monotonic_ns() - at
        self.counts[phase][bisect_left(_BOUNDS_NS, took)] += 1
        self.sums_ns[phase] += took

    def told(self) -> dict[str, tuple[list[int], int]]:
        """Counts per bucket (the last one open) and the sum in nanoseconds, by phase."""
        return {phase: (self.counts[phase], self.sums_ns[phase]) for phase in PHASES}
