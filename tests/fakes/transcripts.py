"""Exchanges as they happen on the wire: scripted in a test, or read from tests/transcripts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from exporter.dialect.table import find
from exporter.observe.exchange import Exchange
from exporter.observe.observation import Observation
from exporter.wire.events import (
    Aborted,
    Event,
    RequestBody,
    RequestEnded,
    RequestStarted,
    ResponseBody,
    ResponseEnded,
    ResponseStarted,
)

FOLDER = Path(__file__).parents[1] / "transcripts"
MS = 1_000_000
SSE = {"content-type": "text/event-stream"}
JSON = {"content-type": "application/json"}

Read = tuple[float, bytes]
"""Bytes of a body and the millisecond at which they arrived."""


def sse(*events: object, done: bool = True) -> list[bytes]:
    """Each event as bytes, JSON unless it is text already; `[DONE]` at the end."""
    datas = [event if isinstance(event, str) else json.dumps(event, ensure_ascii=False) for event in events]
    return [f"data: {data}\n\n".encode() for data in (*datas, *(["[DONE]"] if done else []))]


def paced(pieces: Sequence[bytes], first: float = 50, step: float = 10) -> list[Read]:
    """The pieces arriving every `step` milliseconds from `first` on."""
    return [(first + i * step, piece) for i, piece in enumerate(pieces)]


def cut(data: bytes, sizes: Sequence[int]) -> list[bytes]:
    """The data in pieces of these sizes, over and over; at least one size must not be 0."""
    pieces: list[bytes] = []
    at = 0
    for size in cycle(sizes):
        if at >= len(data):
            break
        pieces.append(data[at : at + size])
        at += size
    return pieces


@dataclass(frozen=True, slots=True)
class Script:
    """One exchange; times are milliseconds, the request is received at 0 and sent at `sent_ms` (None: never).

    `end` is `ended`, or who broke it off and why (`client reset`).
    """

    reads: Sequence[Read] = ()
    request: object = None
    method: str = "POST"
    target: str = "/v1/chat/completions"
    request_headers: Mapping[str, str] | None = None
    sent_ms: float | None = 2
    status: int | None = 200
    headers: Mapping[str, str] | None = None
    first_byte_ms: float = 40
    ended_ms: float = 1000
    end: str = "ended"

    def events(self) -> Iterable[tuple[Event, int]]:
        """The events and their times in monotonic nanoseconds."""
        headers = tuple((self.request_headers or {}).items())
        yield RequestStarted(self.method, self.target, headers, "req-1", "http://engine", 1_700_000_000_000_000, 3), 0
        body = self.request if isinstance(self.request, bytes) else json.dumps(self.request).encode()
        yield RequestBody(body), _ns(1)
        if self.sent_ms is not None:
            yield RequestEnded(), _ns(self.sent_ms)
        if self.status is not None:
            head = tuple((SSE if self.headers is None else self.headers).items())
            yield ResponseStarted(self.status, head), _ns(self.first_byte_ms)
        for at, data in self.reads:
            yield ResponseBody(data), _ns(at)
        by, _, reason = self.end.partition(" ")
        yield ResponseEnded() if by == "ended" else Aborted(by, reason), _ns(self.ended_ms)

    def observe(self) -> Observation:
        """What an exchange makes of it."""
        exchange = Exchange(find)
        observation = None
        for event, at in self.events():
            assert observation is None, "observed before the end"
            observation = exchange.receive(event, at)
        assert observation is not None, "no observation at the end"
        return observation


@dataclass(frozen=True, slots=True)
class Transcript:
    """A captured exchange with what is expected of it (see tests/transcripts/README.md)."""

    name: str
    script: Script
    observation: dict[str, object]
    record: dict[str, object]


def names() -> list[str]:
    """The captured exchanges."""
    return sorted(path.name.removesuffix(".transcript.json") for path in FOLDER.glob("*.transcript.json"))


def load(name: str) -> Transcript:
    """The captured exchange of this name."""
    told = json.loads((FOLDER / f"{name}.transcript.json").read_text())
    body = (FOLDER / told["body"]).read_bytes()
    pieces = [event + b"\n\n" for event in body.split(b"\n\n") if event] if told["body"].endswith(".sse") else [body]
    request = told["request"]
    script = Script(
        reads=list(zip(told["reads_ms"], pieces, strict=False)),
        request=request["body"],
        method=request["method"],
        target=request["target"],
        request_headers=request["headers"],
        sent_ms=told["sent_ms"],
        status=told["status"],
        headers=told["headers"],
        first_byte_ms=told["first_byte_ms"],
        ended_ms=told["ended_ms"],
        end=told["end"],
    )
    return Transcript(name, script, told["observation"], told["record"])


def _ns(ms: float) -> int:
    return round(ms * MS)
