"""Heads as they leave the relay: hop-by-hop headers out, identity in, everything else untouched."""

import json
import random
from typing import Final

from exporter.wire.http1 import CHUNKED, RequestHead, ResponseHead

_END: Final = b"\r\n"
_HOP_BY_HOP: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"upgrade"}
)
_NOT_FOR_UPSTREAM: Final = _HOP_BY_HOP | {b"host"}
_PERSISTENCE: Final = frozenset({b"close", b"keep-alive"})
"""Options of a Connection header that name no other header."""
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
    lines = (head.lines if head.connection <= _PERSISTENCE else _unnamed(head)) + _END
    named = traced = False
    for name, _, line in head.notable:
        if name in _NOT_FOR_UPSTREAM or name in head.connection:
            lines = lines.replace(_END + line + _END, _END, 1)
        elif name == b"x-request-id":
            named = True
        elif name == b"traceparent":
            traced = True
    added = b"" if head.minor else b"Connection: close\r\n"
    if not named or not traced:
        token = b"%048x" % random.getrandbits(192)
        if not traced:
            added = b"traceparent: 00-%b-%b-00\r\n%b" % (token[:32], token[32:], added)
        if not named:
            added = b"x-request-id: %b\r\n%b" % (token[:32], added)
    return b"%b %b HTTP/1.%d\r\nHost: %b%b%b\r\n" % (head.method, target, head.minor, authority, lines, added)


def _unnamed(head: RequestHead) -> bytes:
    """The lines without those that the Connection header names."""
    return b"".join(_END + line for name, _, line in head.fields if name not in head.connection)


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
