"""The relay's side of the tap: what was seen and is not yet safe in the observer, within fixed memory."""

import json
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final, Protocol

from exporter.tap import frames
from exporter.tap.trace import OVERHEAD, Trace

_MUCH: Final = 256 * 1024
"""Bytes of large pieces that are handed over at once."""
_MOST_DEATHS: Final = 5
"""Observers in turn that an exchange is told to if each dies within the seconds below: one may be what they die of."""
_SOON_SECONDS: Final = 60.0
_RELIEF: Final = 1 << 20
"""Bytes of large pieces that passed, or of any that were held at once, after which memory is worth giving back."""


class Wire(Protocol):
    """The connection to the observer as the mailbox needs it."""

    def write(self, data: bytes) -> None:
        """Hands bytes to the connection; never blocks."""
        ...

    def buffered(self) -> int:
        """Bytes handed over that the kernel has not taken yet."""
        ...


class Mailbox:
    """All exchanges that the observer has not acknowledged, and the counters that tell what became of each.

    `forwarded = acknowledged + dropped + in flight` holds at every moment. Pieces are kept after they were sent, as far
    as `budget` bytes allow, so that an observer that was killed can be told again; an exchange for which that is no
    longer possible is dropped with reason `observer_lost`. No exchange may keep more than `share` bytes for that, a
    sixteenth of the budget unless given, so that one large body does not put all others at risk. When more than
    `outbox` bytes wait for the kernel, pieces wait here; an exchange that finds no room is dropped with `tap_full`.
    """

    def __init__(
        self,
        relay: str,
        budget: int = 8 << 20,
        outbox: int = 2 << 20,
        share: int | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.relay = relay
        self.forwarded = 0
        self.acknowledged = 0
        self.dropped: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.problems: dict[str, str | None] = {}
        """Why each engine could not be reached the last time, None where it could."""
        self.added: Callable[[], Mapping[str, tuple[list[int], int]]] = dict
        """What the relay measured of its own cost: bucket counts and sum in nanoseconds, by phase."""
        self._budget = budget
        self._outbox = outbox
        self._share = budget // 16 if share is None else share
        self.held = 0
        """Bytes held, the interpreter's share included."""
        self.dirty: deque[Trace] = deque()
        """Exchanges with pieces to flush."""
        self._full = False
        self._waiting = 0
        self._passed = 0
        self._live: dict[int, Trace] = {}
        self._out: list[bytes] = []
        self._kept: OrderedDict[int, Trace] = OrderedDict()
        self._wire: Wire | None = None
        self._clock = clock
        self._since = 0.0
        self._told: str = ""

    @property
    def pending(self) -> int:
        """Exchanges that the observer has not acknowledged and that are not dropped."""
        return len(self._live)

    def relieved(self) -> bool:
        """True when megabytes have passed since the last call that said so, and little is left.

        Small pieces count when so many were held at once: a client that stops reading leaves as much in its socket's
        buffer. What was handed over is still here until the kernel has taken it.
        """
        left = self.held + (self._wire.buffered() if self._wire is not None else 0)
        if self._passed < _RELIEF or left > _RELIEF // 2:
            return False
        self._passed = 0
        return True

    def open(self) -> Trace:
        """Starts the trace of a request that is being forwarded.

        While the observer is so far behind that there is no room, new exchanges are dropped before they cost anything.
        """
        self.forwarded += 1
        trace = Trace(self.forwarded, self)
        if self._full:
            trace.dropped = True
            self.dropped["tap_full"] += 1
        else:
            self._live[self.forwarded] = trace
        return trace

    def mark_large(self, size: int) -> None:
        """Hands over at once when much waits: a fast body would bring megabytes until the next time."""
        self._passed += size
        self._waiting += size
        if self._waiting >= _MUCH:
            self.flush()

    def connected(self, wire: Wire) -> None:
        """A new observer listens: says who we are, and asks for what an earlier one may have on record.

        What it can still be told comes with the next flushes, so that it can be told little by little.
        """
        self._wire = wire
        self._since = self._clock()
        self._told = ""
        wire.write(frames.frame(frames.HELLO, json.dumps({"relay": self.relay}).encode()))
        self.tell_totals()
        doubtful = [number for number, trace in self._live.items() if trace.ended]
        if doubtful:
            wire.write(frames.numbers(frames.ASK, doubtful))

    def disconnected(self) -> None:
        """The observer is gone: exchanges whose pieces are no longer all here are lost.

        But those that it had heard to their end may be on record: the next observer is asked. What several observers in
        turn died with may be what they died of.
        """
        self._wire = None
        self._out.clear()
        soon = self._clock() - self._since < _SOON_SECONDS
        for trace in list(self._live.values()):
            if not trace.replayable:
                if not trace.ended:
                    self._drop(trace, "observer_lost")
            elif trace.flushed:
                trace.heard = trace.kinds[trace.flushed - 1] >= frames.RESPONSE_END
                trace.flushed = 0
                trace.deaths = trace.deaths + 1 if soon else 0
                if trace.deaths == _MOST_DEATHS:
                    self._give_up(trace, "observer_lost")
                elif not trace.dirty:
                    trace.dirty = True
                    self.dirty.append(trace)

    def acked(self, number: int) -> None:
        """The observer has the record of this exchange on disk."""
        trace = self._live.pop(number, None)
        if trace is not None:
            trace.dropped = True  # it was answered early: the rest is not worth telling
            self.acknowledged += 1
            self._forget(trace)

    def lost(self, number: int) -> None:
        """The observer was asked about this exchange and has no record of it."""
        trace = self._live.get(number)
        if trace is not None and trace.ended:
            self._drop(trace, "observer_lost")

    def failed(self, number: int, reason: str) -> None:
        """The observer could not observe this exchange; counted here, where the count outlives the observer."""
        trace = self._live.get(number)
        if trace is not None:
            self._drop(trace, reason)

    def flush(self, most: int | None = None) -> bool:
        """Hands over what is new; keeps it where the observer is away or slow; drops what finds no room.

        With `most` it stops after so many exchanges; returns True where more could be handed over at once.
        """
        self._waiting = 0
        self._full = False
        self._passed = max(self._passed, self.held)
        left = len(self.dirty) if most is None else min(most, len(self.dirty))
        room = self._outbox - self._wire.buffered() if self._wire is not None else -1
        while left and room >= 0:
            left -= 1
            trace = self.dirty.popleft()
            trace.dirty = False
            if not trace.dropped:
                room -= self._send(trace)
        self._make_room()
        self._write_out()
        return room >= 0 and bool(self.dirty)

    def _write_out(self) -> None:
        """Writes the frames of one flush together: each write is a call of the system."""
        out, self._out = self._out, []
        if out and self._wire is not None:
            self._wire.write(b"".join(out))

    def _send(self, trace: Trace) -> int:
        """Frames what is new of a trace; returns the size of the frame."""
        start = trace.flushed
        kinds, stamps, blobs = trace.kinds, trace.stamps, trace.blobs
        if start:
            kinds, stamps, blobs = kinds[start:], stamps[start:], blobs[start:]
        frame = frames.pieces(trace.number, kinds, stamps, blobs)
        self._out.append(frame)
        trace.flushed = len(trace.blobs)
        if trace.replayable and trace.held <= self._share:
            self._kept[trace.number] = trace
        else:
            self._kept.pop(trace.number, None)
            self._release(trace)
        return len(frame)

    def _make_room(self) -> None:
        """Until the budget holds, gives up telling the oldest exchanges again, then drops what came last."""
        while self.held > self._budget and self._kept:
            _, trace = self._kept.popitem(last=False)
            if trace.flushed:
                self._release(trace)
        while self.held > self._budget and self.dirty:
            trace = self.dirty.pop()
            trace.dirty = False
            if not trace.dropped:
                self._give_up(trace, "tap_full")
                self._full = True

    def _release(self, trace: Trace) -> None:
        trace.replayable = False
        trace.ended = trace.ended or trace.kinds[trace.flushed - 1] >= frames.RESPONSE_END
        size = _size(trace.blobs[: trace.flushed])
        del trace.kinds[: trace.flushed], trace.stamps[: trace.flushed], trace.blobs[: trace.flushed]
        trace.flushed = 0
        trace.held -= size
        self.held -= size

    def _forget(self, trace: Trace) -> None:
        self._kept.pop(trace.number, None)
        self.held -= trace.held
        trace.forget()

    def _give_up(self, trace: Trace, reason: str) -> None:
        """Drops an exchange, or where an earlier observer heard its end, has the next one asked for its record."""
        if not trace.heard:
            self._drop(trace, reason)
            return
        self._kept.pop(trace.number, None)
        self.held -= trace.held
        trace.forget()
        trace.replayable, trace.ended = False, True
        if self._wire is not None:
            self._out.append(frames.numbers(frames.ASK, [trace.number]))

    def _drop(self, trace: Trace, reason: str) -> None:
        trace.dropped = True
        told = trace.flushed or not trace.replayable
        self._live.pop(trace.number, None)
        self._forget(trace)
        self.dropped[reason] += 1
        if told and self._wire is not None:
            self._out.append(frames.numbers(frames.DROP, [trace.number]))

    def tell_totals(self) -> None:
        """Tells the counters, if they have changed since they were told and the observer still reads."""
        if self._wire is None or self._wire.buffered() > self._outbox:
            return
        totals = {
            "forwarded": self.forwarded,
            "refused": self.refused,
            "dropped": self.dropped,
            "problems": self.problems,
            "added": self.added(),
        }
        told = json.dumps(totals)
        if told != self._told:
            self._told = told
            self._wire.write(frames.frame(frames.TOTALS, told.encode()))


def _size(blobs: list[bytes]) -> int:
    return sum(map(len, blobs)) + OVERHEAD * len(blobs)
