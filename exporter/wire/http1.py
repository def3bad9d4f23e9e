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
_CONTROLS: Final = bytes((*range(9), *range(0x0A, 0x20), 0x7F))
"""All but the tab; CR and LF are allowed as the ends of lines only."""
_REQUEST_LINE = re.compile(rb"([A-Za-z][!#$%&'*+\-.^_`|~0-9A-Za-z]*) ([\x21-\x7e]+) HTTP/1\.([01])")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?")
_ABSOLUTE = re.compile(rb"[Hh][Tt][Tt][Pp][Ss]?://[^/?#]*")
_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"host"})
_DECISIVE = _FRAMING | {b"connection"}
"""Names whose fields decide how the message is read."""
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
    line, fields, decisive = _split(head, most_fields)
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise BadMessage("The request line is not a valid HTTP/1.1 request line.")
    method, target, version = match.groups()
    minor = 1 if version == b"1" else 0
    body, connection = _request_framing(decisive, minor)
    keep_alive = minor == 1 and b"close" not in connection
    return RequestHead(method, _origin_form(method, target), minor, fields, body, keep_alive, connection)


def response_head(head: bytes, method: bytes) -> ResponseHead:
    """Reads the head of the response to a request with `method`. Raises BadMessage.

    The heads of an engine's event streams are all alike within the second of their `date`, so a few are remembered.
    """
    return _usual_response(head, method) if len(head) < _USUAL_HEAD else _response_head(head, method)


def _response_head(head: bytes, method: bytes) -> ResponseHead:
    line, fields, decisive = _split(head, MAX_FIELDS)
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise BadMessage("The status line is not a valid HTTP/1.1 status line.", 502)
    version, code, reason = match.groups()
    status, minor = int(code), 1 if version == b"1" else 0
    lengths: set[bytes] = set()
    options: list[bytes] = []
    chunked = False
    for name, value, _ in decisive:
        if name == b"content-length":
            lengths.add(value)
        elif name == b"transfer-encoding":
            if chunked or value.lower() != b"chunked":
                raise BadMessage("The engine used a transfer coding other than a single chunked.", 502)
            chunked = True
        elif name == b"connection":
            options.append(value)
    connection = _options(options)
    keep_alive = b"close" not in connection and (minor == 1 or b"keep-alive" in connection)
    body = _response_body(method, status, chunked=chunked, lengths=lengths)
    return ResponseHead(status, reason or b"", minor, fields, body, keep_alive and body != UNTIL_CLOSE, connection)


_usual_response = lru_cache(64)(_response_head)


def _request_framing(decisive: list[Field], minor: int) -> tuple[int, frozenset[bytes]]:
    """The body's framing and the options of the Connection header. Raises BadMessage."""
    hosts = 0
    length: bytes | None = None
    chunked = False
    options: list[bytes] = []
    for name, value, _ in decisive:
        if name == b"host":
            hosts += 1
        elif name == b"content-length":
            if length is not None or not _DIGITS.fullmatch(value):
                raise BadMessage("The Content-Length header is repeated or is not a number.")
            length = value
        elif name == b"transfer-encoding":
            if chunked or value.lower() != b"chunked" or minor == 0:
                raise BadMessage("The only transfer coding understood is a single chunked, in HTTP/1.1.")
            chunked = True
        else:
            options.append(value)
    if hosts > 1 or (hosts == 0 and minor == 1):
        raise BadMessage("An HTTP/1.1 request has exactly one Host header.")
    if length is not None and chunked:
        raise BadMessage("A request with both Content-Length and Transfer-Encoding is ambiguous.")
    connection = _options(options)
    if connection & _FRAMING:
        raise BadMessage("The Connection header names a header that frames the message.")
    return CHUNKED if chunked else int(length or 0), connection


def _response_body(method: bytes, status: int, *, chunked: bool, lengths: set[bytes]) -> int:
    if len(lengths) > 1 or not all(map(_DIGITS.fullmatch, lengths)):
        raise BadMessage("The engine's Content-Length headers are no numbers or contradict each other.", 502)
    if method == b"HEAD" or status < 200 or status in {204, 304}:
        return 0
    if chunked:
        return CHUNKED
    return int(lengths.pop()) if lengths else UNTIL_CLOSE


def _split(head: bytes, most_fields: int) -> tuple[bytes, tuple[Field, ...], list[Field]]:
    """The first line, all fields, and those of them that decide how the message is read. Raises BadMessage."""
    lines = head.split(b"\r\n")
    ends = len(lines) - 1
    # each end of a line is one CR and one LF: any other control character makes this come out shorter
    if len(head.translate(None, _CONTROLS)) != len(head) - 2 * ends:
        raise BadMessage("The head holds control characters, or a bare CR or LF.")
    if ends > most_fields:
        raise BadMessage(f"The head has more than {most_fields} header lines.", 431)
    fields: list[Field] = []
    decisive: list[Field] = []
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon:
            raise BadMessage("A header line has no colon.")
        known = _usual_name(name) if len(name) < _USUAL else _name(name)
        field = (known, value.strip(b" \t"), line)
        fields.append(field)
        if known in _DECISIVE:
            decisive.append(field)
    return lines[0], tuple(fields), decisive


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


def _options(values: list[bytes]) -> frozenset[bytes]:
    """The options of all Connection headers, in lower case."""
    if not values:
        return _NONE
    words = (option.strip(b" \t").lower() for option in b",".join(values).split(b","))
    return frozenset(word for word in words if word)


def _value(fields: tuple[Field, ...], name: bytes) -> bytes | None:
    for key, value, _ in fields:
        if key == name:
            return value
    return None
