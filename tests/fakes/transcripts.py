"""Exchanges as they happen on the wire: scripted in a test, or read from tests/transcripts."""

import json
import re
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
    """An exchange with what is expected of it (see tests/transcripts/README.md)."""

    name: str
    script: Script
    observation: dict[str, object]
    record: dict[str, object]


def names() -> list[str]:
    """The exchanges, each with its folder, which is the name of a dialect or `other`."""
    found = (path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*.transcript.json"))
    return sorted(name.removesuffix(".transcript.json") for name in found)


def load(name: str) -> Transcript:
    """The exchange of this name."""
    path = FOLDER / f"{name}.transcript.json"
    told = json.loads(path.read_text())
    body = (path.parent / told["body"]).read_bytes() if "body" in told else b""
    streamed = told.get("body", "").endswith(".sse")
    pieces = re.findall(rb".+?(?:\n\n|\Z)", body, re.DOTALL) if streamed else [body]
    reads = list(zip(told.get("reads_ms", [50 + 10 * i for i in range(len(pieces))]), pieces, strict=False))
    request = told["request"]
    script = Script(
        reads=reads,
        request=request["body"],
        method=request.get("method", "POST"),
        target=request["target"],
        request_headers=request.get("headers", JSON),
        sent_ms=told.get("sent_ms", 2),
        status=told.get("status", 200),
        headers=told.get("headers", SSE if streamed else JSON),
        first_byte_ms=told.get("first_byte_ms", 40),
        ended_ms=told.get("ended_ms", reads[-1][0] + 1 if reads else 50),
        end=told.get("end", "ended"),
    )
    return Transcript(name, script, told["observation"], told.get("record", {}))


def _ns(ms: float) -> int:
    return round(ms * MS)
