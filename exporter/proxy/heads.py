"""Heads as they leave the relay: hop-by-hop headers out, identity in, everything else untouched."""

import json
import random
from typing import Final

from exporter.wire.http1 import CHUNKED, RequestHead, ResponseHead

_HOP_BY_HOP: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"upgrade"}
)
_NOT_FOR_UPSTREAM: Final = _HOP_BY_HOP | {b"host"}
_IDENTITY: Final = frozenset({b"x-request-id", b"traceparent"})
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_REASONS: Final = {
    400: b"Bad Request",
    404: b"Not Found",
    408: b"Request Timeout",
    413: b"Content Too Large",
    431: b"Request Header Fields Too Large",
    501: b"Not Implemented",
    502: b"Bad Gateway",
    503: b"Service Unavailable",
    504: b"Gateway Timeout",
}


def for_upstream(head: RequestHead, authority: bytes, target: bytes) -> bytes:
    """The request head as the engine gets it, blank line included.

    `authority` replaces the Host header and `target` the path: a request never chooses where it is sent. A request
    without `x-request-id` or `traceparent` gets one; the new trace is marked as not sampled.
    """
    out = [head.method + b" " + target + (b" HTTP/1.1" if head.minor else b" HTTP/1.0")]
    out.append(b"Host: " + authority)
    left_out = _NOT_FOR_UPSTREAM | head.connection if head.connection else _NOT_FOR_UPSTREAM
    named = traced = False
    for name, _, line in head.fields:
        if name in left_out:
            continue
        out.append(line)
        if name in _IDENTITY:
            named |= name == b"x-request-id"
            traced |= name == b"traceparent"
    if not named or not traced:
        token = b"%048x" % random.getrandbits(192)
        if not named:
            out.append(b"x-request-id: " + token[:32])
        if not traced:
            out.append(b"traceparent: 00-" + token[:32] + b"-" + token[32:] + b"-00")
    if not head.minor:
        out.append(b"Connection: close")
    out.append(b"\r\n")
    return b"\r\n".join(out)


def for_client(head: ResponseHead, *, close: bool) -> bytes:
    """The response head as the client gets it, blank line included; `close` announces the end of the connection."""
    out = [b"HTTP/1.1 %d %b" % (head.status, head.reason)]
    for name, _, line in head.fields:
        if name in _HOP_BY_HOP or (name in head.connection and name not in _FRAMING):
            continue
        if name == b"content-length" and head.body == CHUNKED:
            continue
        out.append(line)
    if close:
        out.append(b"Connection: close")
    out.append(b"\r\n")
    return b"\r\n".join(out)


def refusal(status: int, reason: str, sentence: str, *, head_only: bool = False) -> bytes:
    """A whole response of our own: a JSON error that names the sidecar, and the end of the connection.

    With `head_only` it answers a HEAD request: the length of the body without the body.
    """
    error = {"message": sentence, "type": reason, "code": status, "source": "tokentide-exporter"}
    body = json.dumps({"error": error}).encode()
    return b"\r\n".join(
        (
            b"HTTP/1.1 %d %b" % (status, _REASONS[status]),
            b"Content-Type: application/json",
            b"Content-Length: %d" % len(body),
            b"Connection: close",
            b"",
            b"" if head_only else body,
        )
    )
