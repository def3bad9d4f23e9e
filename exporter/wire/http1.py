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

_END: Final = b"\r\n"
_USUAL: Final = 64
"""Names up to this length are remembered."""
_USUAL_HEAD: Final = 1024
"""Heads of answers up to this length are remembered."""
_TCHAR: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_TOKEN = re.compile(rb"%b+" % _TCHAR)
_CONTROLS: Final = bytes((*range(9), *range(0x0A, 0x20), 0x7F))
"""All but the tab; CR and LF are allowed as the ends of lines only."""
_REQUEST = re.compile(
    rb"([A-Za-z]%b*+) ([\x21-\x7e]++) HTTP/1\.([01])((?:\r\n%b++:[\t\x20-\x7e\x80-\xff]*+)*)" % (_TCHAR, _TCHAR)
)
"""A whole request head: its line, and any number of fields."""
_NOTABLE = re.compile(
    rb"\r\n((host|content-length|transfer-encoding|connection|close|keep-alive|proxy-connection|proxy-authorization"
    rb"|te|upgrade|expect|x-request-id|traceparent):([^\r]*+))",
    re.IGNORECASE,
)
"""The fields of a request that the relay reads, leaves out or would add; others it only passes on."""
_LENGTH = re.compile(rb"\r\ncontent-length:[\t ]*+([0-9]{1,18})[\t ]*+", re.IGNORECASE)
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?")
_ABSOLUTE = re.compile(rb"[Hh][Tt][Tt][Pp][Ss]?://[^/?#]*")
_LENGTHS = frozenset({b"content-length", b"transfer-encoding"})
_FRAMING = _LENGTHS | {b"host"}
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

    `raw` is all of it as it came, `notable` are those of its fields that a relay looks at, and `length` is the line of
    its Content-Length, empty where there is none. `body` is a number of bytes or CHUNKED. `target` is in origin form,
    whatever form the client used. `keep_alive` is what the client's side of the connection allows.
    """

    method: bytes
    target: bytes
    minor: int
    raw: bytes
    notable: tuple[Field, ...]
    length: bytes
    body: int
    keep_alive: bool
    connection: frozenset[bytes]

    @property
    def lines(self) -> bytes:
        """The header lines, each behind the CRLF that ends the one before it."""
        _, end, lines = self.raw.partition(_END)
        return end + lines

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields in their order; read anew each time."""
        return tuple(map(_field, self.lines.split(_END)[1:]))

    def value(self, name: bytes) -> bytes | None:
        """The first value of the notable field `name` (lower case), or None."""
        return _value(self.notable, name)


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
    match = _REQUEST.fullmatch(head)
    if match is None:
        _split(head, most_fields)  # which says what is wrong with a field
        raise BadMessage("The request line is not a valid HTTP/1.1 request line.")
    method, target, version, lines = match.groups()
    _check_count(lines.count(_END), most_fields)
    minor = 1 if version == b"1" else 0
    fields = [(name.lower(), value.strip(b" \t"), line) for line, name, value in _NOTABLE.findall(lines)]
    body = _request_framing(fields, minor)
    connection = _options([value for name, value, _ in fields if name == b"connection"])
    if connection & _FRAMING:
        raise BadMessage("The Connection header names a header that frames the message.")
    keep_alive = minor == 1 and b"close" not in connection
    length = b"".join([_END + line for name, _, line in fields if name == b"content-length"])
    notable = tuple([field for field in fields if field[0] not in _LENGTHS])
    return RequestHead(method, _origin_form(method, target), minor, head, notable, length, body, keep_alive, connection)


def repeated(head: bytes, known: RequestHead) -> RequestHead | None:
    """What `request_head` would read in `head`, where it is the head `known` again; None where it is another one.

    It may have another line of Content-Length in the same place, but no other byte may differ.
    """
    if head == known.raw:
        return known
    if not known.length:
        return None
    before, _, behind = known.raw.partition(known.length)
    if not (head.startswith(before) and head.endswith(behind)):
        return None
    line = head[len(before) : len(head) - len(behind)]
    match = _LENGTH.fullmatch(line)
    return known._replace(raw=head, length=line, body=int(match[1])) if match else None


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


def _request_framing(fields: list[Field], minor: int) -> int:
    """The body's framing. Raises BadMessage."""
    hosts = 0
    length: bytes | None = None
    chunked = False
    for name, value, _ in fields:
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
    if hosts > 1 or (hosts == 0 and minor == 1):
        raise BadMessage("An HTTP/1.1 request has exactly one Host header.")
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


def _split(head: bytes, most_fields: int) -> tuple[bytes, tuple[Field, ...], list[Field]]:
    """The first line, all fields, and those of them that decide how the message is read. Raises BadMessage."""
    lines = head.split(b"\r\n")
    ends = len(lines) - 1
    # each end of a line is one CR and one LF: any other control character makes this come out shorter
    if len(head.translate(None, _CONTROLS)) != len(head) - 2 * ends:
        raise BadMessage("The head holds control characters, or a bare CR or LF.")
    _check_count(ends, most_fields)
    fields = tuple(map(_field, lines[1:]))
    return lines[0], fields, [field for field in fields if field[0] in _DECISIVE]


def _check_count(lines: int, most: int) -> None:
    if lines > most:
        raise BadMessage(f"The head has more than {most} header lines.", 431)


def _field(line: bytes) -> Field:
    name, colon, value = line.partition(b":")
    if not colon:
        raise BadMessage("A header line has no colon.")
    return _usual_name(name) if len(name) < _USUAL else _name(name), value.strip(b" \t"), line


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
