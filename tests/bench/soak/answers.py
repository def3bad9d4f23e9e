"""What the soak asks for, and whether an answer is whole, visibly broken, or wrong: every byte is compared."""

import socket
from dataclasses import dataclass
from enum import Enum
from random import Random

GAP_US = 20_000
"""All streams have it: the engine keeps them in one queue by time."""
_EVENTS = (20, 180)
_LEAVING, _CUT = 0.05, 0.05
"""Shares of exchanges that the client, or the engine, ends before their time."""
_SIZE = 1024
_BODY = '{{"model":"gpt-4o-mini","stream":{},"messages":[{{"role":"user","content":"'
_HEAD_END = b"\r\n\r\n"


class Outcome(Enum):
    """How an exchange ended, as the client sees it."""

    OPEN = "open"
    WHOLE = "whole"
    REFUSED = "refused"
    BROKEN_OFF = "broken off"
    LEFT = "left"
    UNFINISHED = "unfinished"
    WRONG = "wrong"


class Fate(Enum):
    """What is meant to happen to an exchange."""

    UNDISTURBED = "undisturbed"
    LEAVES_EARLY = "the client leaves before the answer"
    LEAVES = "the client leaves mid-stream"
    CUT_BEFORE_HEAD = "the engine breaks off before the head"
    CUT_AFTER_HEAD = "the engine breaks off after the head"
    CUT_INSIDE = "the engine breaks off mid-answer"


_SEEN = {
    Fate.UNDISTURBED: {Outcome.WHOLE},
    Fate.LEAVES_EARLY: {Outcome.LEFT},
    Fate.LEAVES: {Outcome.LEFT, Outcome.WHOLE},  # a client that was held up may find the whole answer there at once
}
_VISIBLE = {Outcome.REFUSED, Outcome.BROKEN_OFF}


def right(fate: Fate, outcome: Outcome) -> bool:
    """Whether that is what the client must see: an answer that the engine broke off is never whole, and shows it."""
    return outcome in _SEEN.get(fate, _VISIBLE)


@dataclass(frozen=True, slots=True)
class Plan:
    """One exchange: `events` of a stream, 0 for a whole answer; `cut` and `reset` as engine.c has them.

    The client leaves after `leave` events, 0 at once, None never.
    """

    number: int
    fate: Fate
    events: int
    cut: int = -1
    reset: bool = False
    leave: int | None = None

    def request(self, gap_us: int = GAP_US) -> bytes:
        """Head and body, 1 KB, as the client sends it; a `gap_us` of 0 asks for the highest rate."""
        before, after = _BODY.format("true" if self.events else "false"), '"}]}'
        body = before + (" capital" * _SIZE)[: _SIZE - len(before) - len(after)] + after
        wish = (
            f"stream={int(self.events > 0)} chunks={self.events} gap_us={gap_us} cut={self.cut} reset={int(self.reset)}"
        )
        head = (
            "POST /v1/chat/completions HTTP/1.1\r\nHost: soak\r\nAuthorization: Bearer sk-soak\r\n"
            f"Content-Type: application/json\r\nX-Request-Id: soak-{self.number}\r\nX-Answer: {wish}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return (head + body).encode()


def planned(number: int, random: Random, *, stream: bool) -> Plan:
    """What the next exchange is and what happens to it; `number` becomes its request id."""
    events = random.randint(*_EVENTS) if stream else 0
    dice = random.random()
    if dice < _LEAVING:
        leave = random.randint(1, events - 1) if events and random.random() < 0.8 else 0
        return Plan(number, Fate.LEAVES if leave else Fate.LEAVES_EARLY, events, leave=leave)
    if dice < _LEAVING + _CUT:
        reset = random.random() < 0.5
        where = random.choice((Fate.CUT_BEFORE_HEAD, Fate.CUT_AFTER_HEAD, Fate.CUT_INSIDE))
        inside = random.randint(2, events) if events else 2
        cut = {Fate.CUT_BEFORE_HEAD: 0, Fate.CUT_AFTER_HEAD: 1, Fate.CUT_INSIDE: inside}[where]
        return Plan(number, where, events, cut, reset)
    return Plan(number, Fate.UNDISTURBED, events)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the engine sends, learned from the engine itself: heads aside, byte for byte, but for the stamps."""

    whole: bytes
    events: tuple[bytes, ...]
    end: bytes
    stamp: slice

    def answers(self, event: bytes, number: int) -> bool:
        """Whether these bytes are the event with that number, its stamp left aside."""
        as_sent, stamp = self.events[number], self.stamp
        return event[: stamp.start] == as_sent[: stamp.start] and event[stamp.stop :] == as_sent[stamp.stop :]


def learned(port: int) -> Expected:
    """Asks the engine for the longest stream and a whole answer, without a proxy in between."""
    count = _EVENTS[1]
    _, _, body = _direct(port, Plan(0, Fate.UNDISTURBED, count)).partition(_HEAD_END)
    _, _, whole = _direct(port, Plan(0, Fate.UNDISTURBED, 0)).partition(_HEAD_END)
    size = body.index(b"\n\n\r\n") + 4
    stamp = body.index(b'"at":') + 5
    events = tuple(body[at : at + size] for at in range(0, count * size, size))
    return Expected(whole, events, body[count * size :], slice(stamp, body.index(b",", stamp)))


def _direct(port: int, plan: Plan) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as engine:
        engine.sendall(plan.request(gap_us=0).replace(b"Host:", b"Connection: close\r\nHost:", 1))
        return b"".join(iter(lambda: engine.recv(1 << 20), b""))


class Answer:
    """One answer as it arrives; `outcome` stays open until it is complete, and `events` counts those of a stream."""

    def __init__(self, expected: Expected, plan: Plan) -> None:
        self.outcome = Outcome.OPEN
        self.events = 0
        self._expected = expected
        self._plan = plan
        self._rest = b""
        self._status = 0
        self._length = -1

    def feed(self, data: bytes) -> Outcome:
        """Takes bytes of the answer, and judges it as soon as it is complete or wrong."""
        self._rest = self._rest + data if self._rest else data
        if self._status or self._read_head():
            self._judge()
        return self.outcome

    def _judge(self) -> None:
        if self._status >= 500:
            self._refusal()
        elif self._status != 200:
            self.outcome = Outcome.WRONG
        elif self._plan.events:
            self._stream()
        elif len(self._rest) >= self._length:
            self._complete(self._expected.whole)

    def _read_head(self) -> bool:
        head, end, rest = self._rest.partition(_HEAD_END)
        if not end:
            return False
        self._rest = rest
        self._status = int(head[9:12])
        lines = head.lower().split(b"\r\n")
        lengths = [int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")]
        self._length = lengths[0] if lengths else -1
        if self._status == 200 and (b"transfer-encoding: chunked" in lines) != bool(self._plan.events):
            self.outcome = Outcome.WRONG
        return True

    def _refusal(self) -> None:
        """An error of the sidecar's own, which says where it ends."""
        if self._length < 0 or len(self._rest) > self._length:
            self.outcome = Outcome.WRONG
        elif len(self._rest) == self._length:
            self.outcome = Outcome.REFUSED

    def _stream(self) -> None:
        expected, rest, at = self._expected, self._rest, 0
        size = len(expected.events[0])
        while self.events < self._plan.events and len(rest) - at >= size:
            if not expected.answers(rest[at : at + size], self.events):
                self.outcome = Outcome.WRONG
                return
            self.events += 1
            at += size
        self._rest = rest[at:]
        if self.events == self._plan.events and len(self._rest) >= len(expected.end):
            self._complete(expected.end)

    def _complete(self, rest: bytes) -> None:
        self.outcome = Outcome.WHOLE if self._rest == rest else Outcome.WRONG
