"""The W3C trace context of a request, as its headers carry it."""

import re
from dataclasses import dataclass

from exporter.wire.events import Headers, header

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?P<trace>(?!0{32})[0-9a-f]{32})-(?P<span>(?!0{16})[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?:-.*)?"
)
_SAMPLED = 1


@dataclass(frozen=True, slots=True)
class Trace:
    """What `traceparent` says: trace and span in lower-case hexadecimal, and whether the caller keeps the trace.

    `ours` says that the client sent none, so that the relay began the trace and `span_id` is nobody's span yet.
    """

    trace_id: str
    span_id: str
    sampled: bool
    ours: bool = False


def trace(headers: Headers) -> Trace | None:
    """The trace of a request as the engine gets it (Trace Context, 3.2); None where there is no valid one.

    The relay marks a trace that it begins as not sampled and writes it behind the client's own headers. A client that
    names its request, does not sample, and has its `traceparent` in that very place is taken for one without a trace.
    """
    match = _TRACEPARENT.fullmatch(header(headers, "traceparent") or "")
    if match is None:
        return None
    sampled = bool(int(match["flags"], 16) & _SAMPLED)
    return Trace(match["trace"], match["span"], sampled, ours=not sampled and _last(headers) == "traceparent")


def _last(headers: Headers) -> str:
    """The last header but `connection`, which the relay writes behind all others to an engine of HTTP/1.0."""
    return next((name for name, _ in reversed(headers) if name != "connection"), "")
