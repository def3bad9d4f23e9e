"""One request twice: as a client saw it, and as the sidecar recorded it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Times = tuple[float, ...]
"""Milliseconds; one value for a figure of the whole request, one for each gap between chunks."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a client told of one request.

    `started` is when it began and `ended` when its last content came, in Unix seconds. The counts are the server's
    usage as the client read it, None where the server sent none. `figures` are the client's own, by the name of their
    `Definition`. `request_id` is the `x-request-id` that it sent, if it sends one.
    """

    started: float
    ended: float
    input_tokens: int | None
    output_tokens: int | None
    figures: Mapping[str, Times] = field(default_factory=dict)
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the record says of one request, times in milliseconds; see docs/reference/record.md for each."""

    request_id: str
    started: float
    stream: bool
    input_tokens: int | None
    output_tokens: int | None
    counted_by: frozenset[str | None]
    ttft_ms: float | None
    ttst_ms: float | None
    e2e_ms: float | None
    gaps_ms: Times
    outcome: str

    @property
    def ended(self) -> float:
        """When its last content came, in Unix seconds."""
        return self.started + (self.e2e_ms or 0) / 1000


@dataclass(frozen=True, slots=True)
class Definition:
    """A figure of a client: what it means there, and how it is computed from our record.

    `ours` yields nothing where a record has no such figure. `sentence` goes into the page. `own_time` says that the
    figure holds time of the client itself: before its request is written, for the head of an answer, until its stamps.
    """

    name: str
    sentence: str
    ours: Callable[[Recorded], Times]
    own_time: bool = False


def recorded(row: Mapping[str, Any]) -> Recorded:
    """A row of a Parquet file, written with the full timeline."""
    return Recorded(
        request_id=row["request_id"],
        started=row["timestamp"].timestamp(),
        stream=bool(row["stream"]),
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        counted_by=frozenset({row["input_source"], row["output_source"]}),
        ttft_ms=_ms(row["ttft_us"]),
        ttst_ms=_ms(row["ttst_us"]),
        e2e_ms=_ms(row["e2e_us"]),
        gaps_ms=tuple(gap / 1000 for gap in row["chunk_gaps_us"] or ()),
        outcome=row["outcome"],
    )


def ttft(record: Recorded) -> Times:
    """From the last byte of the request to the first content event."""
    return () if record.ttft_ms is None else (record.ttft_ms,)


def gaps(record: Recorded) -> Times:
    """Between one content event and the next."""
    return record.gaps_ms


def latency(record: Recorded) -> Times:
    """From the last byte of the request to the last content event, or to the last byte of an answer in one piece."""
    return () if record.e2e_ms is None else (record.e2e_ms,)


def _ms(us: int | None) -> float | None:
    return None if us is None else us / 1000
