"""The chunked transfer coding: where a body ends, and what it holds without its framing."""

import re
from typing import Final

import httptools

from exporter.wire.http1 import BadMessage

_SIZE: Final = 0
_DATA: Final = 1
_DATA_END: Final = 2
_TRAILER: Final = 3
_DONE: Final = 4

_MAX_LINE: Final = 1024
_LONGEST_SIZE: Final = 16
_TINY: Final = 64
"""Bytes of a chunk with its framing; smaller ones are joined, or there would be many times more pieces than reads."""
_MAX_TRAILERS: Final = 8192
_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = rb'"[\t\x20\x21\x23-\x5b\x5d-\x7e]*"'
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;%b(?:=(?:%b|%b))?)*" % (_TOKEN, _TOKEN, _QUOTED))
_WHOLE_SIZE_LINE = re.compile(rb"%b\r\n" % _SIZE_LINE.pattern)
_TRAILER_LINE = re.compile(rb"(?!(?i:content-length|transfer-encoding|host):)%b:[\t\x20-\x7e\x80-\xff]*" % _TOKEN)


def _small_chunks() -> re.Pattern[bytes]:
    """A run of whole chunks of 1 to 255 bytes, those below 16 with extensions too; never more than is valid.

    A client may send a chunk for each byte, and a call for each would let it fill a core. The run is bounded because
    the engine of `re` remembers each turn, and extensions are, so that no line is longer than _MAX_LINE.
    """
    token, quoted = _TOKEN.removesuffix(b"+") + b"{1,60}+", _QUOTED.replace(b"*", b"{0,60}+")
    extensions = rb"(?:;%b(?:=(?:%b|%b))?){0,8}" % (token, token, quoted)
    digits = [b"[%x%X]" % (digit, digit) for digit in range(16)]
    sizes = [rb"%b%b\r\n.{%d}" % (digits[size], extensions, size) for size in range(1, 16)]
    for first in range(1, 16):
        seconds = (rb"%b\r\n.{%d}" % (digits[second], 16 * first + second) for second in range(16))
        sizes.append(rb"%b(?:%b)" % (digits[first], b"|".join(seconds)))
    return re.compile(rb"(?:0{0,13}(?:%b)\r\n){0,512}" % b"|".join(sizes), re.DOTALL)


_SMALL_CHUNKS = _small_chunks()


class ChunkScanner:
    """Finds the end of a chunked body without touching its bytes; strict, so that no other reader can disagree."""

    __slots__ = ("_left", "_line", "_state", "_trailers")

    def __init__(self) -> None:
        self._state = _SIZE
        self._line = b""
        self._left = 0
        self._trailers = 0

    @property
    def done(self) -> bool:
        """True once the body's last byte was seen."""
        return self._state == _DONE

    def feed(self, data: bytes) -> int:
        """Reads on; returns how many bytes of `data` belong to the body. Raises BadMessage."""
        at = 0
        while at < len(data) and self._state != _DONE:
            if self._state == _DATA:
                step = min(self._left, len(data) - at)
                at += step
                self._left -= step
                if not self._left:
                    self._state = _DATA_END
                    if data[at : at + 2] == b"\r\n":
                        self._state = _SIZE
                        at += 2
            elif self._state == _SIZE and not self._line:
                at = self._read_chunks(data, at)
            else:
                at = self._read_line(data, at)
        return at

    def _read_chunks(self, data: bytes, at: int) -> int:
        """Reads a run of small chunks and the line of the next chunk's size, as far as they are there."""
        at = _SMALL_CHUNKS.match(data, at).end()  # type: ignore[union-attr]  # a run of none matches as well
        line = _WHOLE_SIZE_LINE.match(data, at, at + _MAX_LINE)
        if line is None:
            return self._read_line(data, at)
        self._begin_chunk(int(line.group(1), 16))
        return line.end()

    def _begin_chunk(self, size: int) -> None:
        self._left = size
        self._state = _DATA if size else _TRAILER

    def _read_line(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at)
        piece = data[at : end + 1] if end >= 0 else data[at:]
        line = self._line + piece
        if len(line) > _MAX_LINE:
            raise BadMessage("A line of the chunked coding is too long.")
        if self._state == _DATA_END and not b"\r\n".startswith(line):
            raise BadMessage("A chunk is longer than its size.")
        if end < 0:
            self._line = line
            return len(data)
        self._line = b""
        if not line.endswith(b"\r\n"):
            raise BadMessage("A line of the chunked coding does not end with CRLF.")
        self._take_line(line[:-2])
        return end + 1

    def _take_line(self, line: bytes) -> None:
        if self._state == _SIZE:
            match = _SIZE_LINE.fullmatch(line)
            if match is None:
                raise BadMessage("A chunk size is not a hexadecimal number.")
            self._begin_chunk(int(match.group(1), 16))
        elif self._state == _DATA_END:
            self._state = _SIZE
        elif not line:
            self._state = _DONE
        else:
            self._trailers += len(line)
            if self._trailers > _MAX_TRAILERS or not _TRAILER_LINE.fullmatch(line):
                raise BadMessage("The trailers are malformed or too long.")


def chunk(data: bytes) -> bytes:
    """`data`, which must not be empty, as one chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def last_chunk(trailers: list[bytes]) -> bytes:
    """The end of a chunked body, with the lines of trailers."""
    return b"0\r\n%b\r\n" % b"".join(trailers)


_HEAD: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class ChunkEnd:
    """Tells in C speed when a chunked body is over, for bodies that our own engine sends."""

    __slots__ = ("_parser", "done", "overrun")

    def __init__(self) -> None:
        self.done = False
        self.overrun = False
        self._parser = httptools.HttpResponseParser(self)
        self._parser.feed_data(_HEAD)

    def on_message_complete(self) -> None:
        """Called by the parser after the last chunk and its trailers."""
        self.done = True

    def on_message_begin(self) -> None:
        """Called by the parser at the start of a message; a second one follows the body's end in the same bytes."""
        self.overrun = self.done

    def feed(self, data: bytes) -> None:
        """Reads on; raises BadMessage when the bytes are not chunked coding, or when more follows the body."""
        try:
            if data.isspace():  # llhttp skips line ends behind a body, so that only here their place must be seen
                for piece in (data[:-1], data[-1:]):  # a body that ends, and not with the last byte, is seen in between
                    self.overrun |= self.done
                    self._parser.feed_data(piece)
            else:
                self._parser.feed_data(data)
                self.overrun |= self.done and not _ends_well(data)
        except httptools.HttpParserError as error:
            raise BadMessage("The engine's chunked coding is malformed.", 502) from error
        if self.overrun:
            raise BadMessage("The engine sent more than one answer to one request.", 502)


def _ends_well(data: bytes) -> bool:
    """Whether the empty line of the last chunk or trailer is all that ends the bytes."""
    return data.endswith(b"\r\n\r\n") and data[-5:-4] not in {b"", b"\r", b"\n"}


class Dechunker:
    """Takes the chunked framing off a body; `trailers` are the lines that followed it, each with its end."""

    __slots__ = ("_between", "_over", "_parser", "_pieces", "trailers")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.trailers: list[bytes] = []
        self._over = False
        self._parser = httptools.HttpResponseParser(self)
        self._parser.feed_data(_HEAD)
        self._between = True
        self.trailers.clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser with each header line, and behind the body with each trailer."""
        self.trailers.append(b"%b: %b\r\n" % (name, value))

    def on_body(self, body: bytes) -> None:
        """Called by the parser with payload bytes."""
        self._pieces.append(body)

    def on_chunk_header(self) -> None:
        """Called by the parser behind the size of a chunk."""
        self._between = False

    def on_chunk_complete(self) -> None:
        """Called by the parser behind a chunk."""
        self._between = True

    def on_message_complete(self) -> None:
        """Called by the parser behind the body."""
        self._over = True

    def feed(self, data: bytes) -> bytes:
        """The payload in `data`. Raises BadMessage when the bytes are not chunked coding."""
        pieces = self.pieces(data)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def pieces(self, data: bytes) -> list[bytes]:
        """The payload in `data`, chunk by chunk where they are not tiny. Raises BadMessage as `feed` does."""
        if not data:
            return []
        if self._between:
            # What engines send almost always: one whole chunk. The parser need not see it, it stands at the same place.
            end = data.find(b"\r\n", 1, _LONGEST_SIZE)
            size = len(data) - end - 4
            if end > 0 and size > 0 and data.endswith(b"\r\n") and data[:end].lower() == b"%x" % size:
                return [data[end + 2 : -2]]
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise BadMessage("The chunked coding is malformed.") from error
        self._between = self._between and not self._over and data.endswith(b"\r\n")
        pieces, self._pieces = self._pieces, []
        return pieces if len(data) > _TINY * len(pieces) else [b"".join(pieces)]
