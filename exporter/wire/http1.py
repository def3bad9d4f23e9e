"""HTTP/1.1 heads and body framing, read strictly: what two parsers could understand differently is refused."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

CHUNKED: Final = -1
"""Body framing: chunked transfer coding."""
UNTIL_CLOSE: Final = -2
"""Body framing: everything until the connection closes (responses only)."""

MAX_FIELDS: Final = 200
"""Header lines of a head unless a setting says otherwise."""

Field = tuple[bytes, bytes, bytes]
"""Lower-case name, value without outer blanks, and the line as it came (without its end)."""

_USUAL: Final = 64
"""Names up to this length are remembered."""
_USUAL_HEAD: Final = 1024
"""Heads of answers up to this length are remembered."""
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FORBIDDEN: Final = bytes((*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F))
_REQUEST_LINE = re.compile(rb"([A-Za-z][!#$%&'*+\-.^_`|~0-9A-Za-z]*) ([\x21-\x7e]+) HTTP/1\.([01])")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?")
_ABSOLUTE = re.compile(rb"[Hh][Tt][Tt][Pp][Ss]?://[^/?#]*")
_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"host"})
_DECISIVE = _FRAMING | {b"connection"}
_NONE: Final[frozenset[bytes]] = frozenset()
_DIGITS = re.compile(rb"[0-9]{1,18}")


class BadMessage(Exception):
    """A head or a body that is not valid HTTP/1.1; `status` is what a client that sent it gets."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


# Heads are made for every request: a frozen dataclass takes several times as long to make as a named tuple.


class RequestHead(NamedTuple):
    """A request head.

    `body` is a number of bytes or CHUNKED. `target` is in origin form, whatever form the client used. `keep_alive` is
    what the client's side of the connection allows.
    """

    method: bytes
    target: bytes
    minor: int
    fields: tuple[Field, ...]
    body: int
    keep_alive: bool
    connection: frozenset[bytes]

    def value(self, name: bytes) -> bytes | None:
        """The first value of the field `name` (lower case), or None."""
        return _value(self.fields, name)


class ResponseHead(NamedTuple):
    """A response head; `body` is a number of bytes, CHUNKED or UNTIL_CLOSE."""

    status: int
    reason: bytes
    minor: int
    fields: tuple[Field, ...]
    body: int
    keep_alive: bool
    connection: frozenset[bytes]

    def value(self, name: bytes) -> bytes | None:
        """The first value of the field `name` (lower case), or None."""
        return _value(self.fields, name)


def request_head(head: bytes, most_fields: int = MAX_FIELDS) -> RequestHead:
    """Reads a request head (everything up to, not including, the blank line's CRLF pair). Raises BadMessage."""
    line, fields = _split(head, most_fields)
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise BadMessage("The request line is not a valid HTTP/1.1 request line.")
    method, target, version = match.groups()
    minor = 1 if version == b"1" else 0
    framing = [(name, value) for name, value, _ in fields if name in _DECISIVE]
    hosts = 0
    for name, _ in framing:
        hosts += name == b"host"
    if hosts > 1 or (hosts == 0 and minor == 1):
        raise BadMessage("An HTTP/1.1 request has exactly one Host header.")
    body = _request_body(framing, minor)
    connection = _connection(framing)
    if connection & _FRAMING:
        raise BadMessage("The Connection header names a header that frames the message.")
    keep_alive = minor == 1 and b"close" not in connection
    return RequestHead(method, _origin_form(method, target), minor, fields, body, keep_alive, connection)


def response_head(head: bytes, method: bytes) -> ResponseHead:
    """Reads the head of the response to a request with `method`. Raises BadMessage.

    The heads of an engine's event streams are all alike within the second of their `date`, so a few are remembered.
    """
    return _usual_response(head, method) if len(head) < _USUAL_HEAD else _response_head(head, method)


def _response_head(head: bytes, method: bytes) -> ResponseHead:
    line, fields = _split(head, MAX_FIELDS)
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise BadMessage("The status line is not a valid HTTP/1.1 status line.", 502)
    version, code, reason = match.groups()
    status, minor = int(code), 1 if version == b"1" else 0
    framing = [(name, value) for name, value, _ in fields if name in _DECISIVE]
    lengths: set[bytes] = set()
    chunked = False
    for name, value in framing:
        if name == b"content-length":
            lengths.add(value)
        elif name == b"transfer-encoding":
            if chunked or value.lower() != b"chunked":
                raise BadMessage("The engine used a transfer coding other than a single chunked.", 502)
            chunked = True
    connection = _connection(framing)
    keep_alive = b"close" not in connection and (minor == 1 or b"keep-alive" in connection)
    body = _response_body(method, status, chunked=chunked, lengths=lengths)
    return ResponseHead(status, reason or b"", minor, fields, body, keep_alive and body != UNTIL_CLOSE, connection)


_usual_response = lru_cache(64)(_response_head)


def _request_body(fields: list[tuple[bytes, bytes]], minor: int) -> int:
    length: bytes | None = None
    chunked = False
    for name, value in fields:
        if name == b"content-length":
            if length is not None or not _DIGITS.fullmatch(value):
                raise BadMessage("The Content-Length header is repeated or is not a number.")
            length = value
        elif name == b"transfer-encoding":
            if chunked or value.lower() != b"chunked" or minor == 0:
                raise BadMessage("The only transfer coding understood is a single chunked, in HTTP/1.1.")
            chunked = True
    if length is not None and chunked:
        raise BadMessage("A request with both Content-Length and Transfer-Encoding is ambiguous.")
    return CHUNKED if chunked else int(length or 0)


def _response_body(method: bytes, status: int, *, chunked: bool, lengths: set[bytes]) -> int:
    if len(lengths) > 1 or not all(map(_DIGITS.fullmatch, lengths)):
        raise BadMessage("The engine's Content-Length headers are no numbers or contradict each other.", 502)
    if method == b"HEAD" or status < 200 or status in {204, 304}:
        return 0
    if chunked:
        return CHUNKED
    return int(lengths.pop()) if lengths else UNTIL_CLOSE


def _split(head: bytes, most_fields: int) -> tuple[bytes, tuple[Field, ...]]:
    if len(head.translate(None, _FORBIDDEN)) != len(head):
        raise BadMessage("The head holds control characters.")
    lines = head.split(b"\r\n")
    ends = len(lines) - 1
    if ends > most_fields:
        raise BadMessage(f"The head has more than {most_fields} header lines.", 431)
    if head.count(b"\r") != ends or head.count(b"\n") != ends:
        raise BadMessage("The head has a bare CR or LF.")
    fields: list[Field] = []
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon:
            raise BadMessage("A header line has no colon.")
        known = _usual_name(name) if len(name) < _USUAL else _name(name)
        fields.append((known, value.strip(b" \t"), line))
    return lines[0], tuple(fields)


def _name(name: bytes) -> bytes:
    if not _TOKEN.fullmatch(name):
        raise BadMessage("A header line is folded or has a bad name.")
    return name.lower()


_usual_name = lru_cache(512)(_name)
"""The same few names come with every message. Values, which may be secret, are not kept."""


def _origin_form(method: bytes, target: bytes) -> bytes:
    """Absolute-form targets lose their authority: the upstream is configured, never named by a request."""
    if method == b"CONNECT":
        raise BadMessage("There are no tunnels here.")
    if target[:1] == b"/" or (target == b"*" and method == b"OPTIONS"):
        return target
    match = _ABSOLUTE.match(target)
    if match is None:
        raise BadMessage("The request target must be a path.")
    rest = target[match.end() :]
    return rest if rest[:1] == b"/" else b"/" + rest


def _connection(fields: list[tuple[bytes, bytes]]) -> frozenset[bytes]:
    options = [value for name, value in fields if name == b"connection"]
    if not options:
        return _NONE
    words = (option.strip(b" \t").lower() for option in b",".join(options).split(b","))
    return frozenset(word for word in words if word)


def _value(fields: tuple[Field, ...], name: bytes) -> bytes | None:
    for key, value, _ in fields:
        if key == name:
            return value
    return None
