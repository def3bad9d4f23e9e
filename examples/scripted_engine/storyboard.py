"""An answer as a row of steps: when each is due, what is written, and how it ends."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

from scripted_engine.frames import BROKEN_FRAMES, ENGINE_FAILED, Frames, error_body, whole_body
from scripted_engine.script import NANOSECONDS_PER_MS, Asked, Script

LAST_CHUNK = b"0\r\n\r\n"


class Kind(Enum):
    """What a step does beyond writing its bytes."""

    OTHER = "other"  # a head or a role-only frame
    CONTENT = "content"
    WHOLE = "whole"  # a complete body in one piece
    DONE = "done"  # the answer is complete
    FIN = "fin"
    RST = "rst"
    HANG = "hang"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens `due_ns` after the request; `tokens` of each choice are in its bytes."""

    due_ns: int
    data: bytes
    kind: Kind
    tokens: int = 0


def head(status: int, media: str, manner: Script, length: int | None = None) -> bytes:
    """The head of an answer; `length` for a body in one piece, else as the script frames it."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase if status in set(HTTPStatus) else 'Scripted'}"]
    lines += [f"content-type: {media}", "server: scripted-engine"]
    if manner.gzip:
        lines.append("content-encoding: gzip")
    if length is not None:
        lines.append(f"content-length: {length}")
    elif manner.framing == "chunked":
        lines.append("transfer-encoding: chunked")
    if manner.framing == "close":
        lines.append("connection: close")
    return "\r\n".join([*lines, "", ""]).encode()


def storyboard(asked: Asked, identity: str) -> Iterator[Step]:
    """The steps of the answer to a request, made as they are needed."""
    manner = asked.manner
    if manner.hang_after == "nothing":
        return iter((Step(0, b"", Kind.HANG),))
    if manner.break_after == "nothing":
        return iter((Step(manner.due_ns(0), b"", Kind(manner.break_with)),))
    if manner.status != 200 or not asked.stream or manner.whole:
        return _whole(asked, identity)
    return _stream(asked, identity)


def _whole(asked: Asked, identity: str) -> Iterator[Step]:
    manner = asked.manner
    events = -(-asked.output_tokens // manner.tokens_per_chunk)
    body, due = whole_body(asked, identity), manner.due_ns(events - 1)
    if manner.status != 200:
        body, due = error_body("The script asked for this status.", "ScriptedError", manner.status), manner.due_ns(0)
    elif manner.error_after is not None:
        body = ENGINE_FAILED
    elif manner.garble_after is not None:
        body = body[: len(body) // 2]
    if manner.gzip:
        body = gzip.compress(body, mtime=0)
    answer_head = head(manner.status, "application/json", manner, None if manner.framing == "close" else len(body))
    if manner.break_after == "half_head":
        yield Step(due, answer_head[: len(answer_head) // 2], Kind(manner.break_with))
    elif manner.break_after is not None or manner.hang_after is not None:
        ending = Kind.HANG if manner.break_after is None else Kind(manner.break_with)
        yield Step(due, answer_head + body[: len(body) // 2], ending)
    else:
        yield Step(due, answer_head + body, Kind.WHOLE, asked.output_tokens if manner.status == 200 else 0)


def _stream(asked: Asked, identity: str) -> Iterator[Step]:
    manner, frames, wrap = asked.manner, Frames(asked, identity), _Wrapping(asked.manner)
    opening = head(200, "text/event-stream; charset=utf-8", manner)
    first = manner.due_ns(0) if manner.role_ms is None else round(manner.role_ms * NANOSECONDS_PER_MS)
    if manner.break_after == "half_head":
        yield Step(first, opening[: len(opening) // 2], Kind(manner.break_with))
        return
    yield Step(first, opening + wrap.piece(frames.role()), Kind.OTHER)
    number = 0
    for number, (tokens, data) in enumerate(frames.contents()):
        ending = _ending(manner, number)
        due = manner.due_ns(number)
        if ending is not None:
            yield Step(due, b"", ending)
            return
        if number == manner.error_after:
            yield Step(due, wrap.piece(frames.error()) + wrap.end(), Kind.DONE)
            return
        if number == manner.garble_after:
            yield Step(due, wrap.piece(BROKEN_FRAMES[manner.garble] + manner.newline.encode() * 2), Kind.OTHER)
        yield Step(due, wrap.piece(data), Kind.CONTENT, tokens)
    ending = _ending(manner, number + 1)
    yield Step(manner.due_ns(number), b"" if ending else wrap.piece(frames.closing()) + wrap.end(), ending or Kind.DONE)


def _ending(manner: Script, number: int) -> Kind | None:
    """How the answer ends before content event `number`, if it does."""
    if number == manner.break_after:
        return Kind(manner.break_with)
    if number == manner.hang_after:
        return Kind.HANG
    return None


class _Wrapping:
    """Content coding and transfer coding of a stream, piece by piece."""

    def __init__(self, manner: Script) -> None:
        self._chunked = manner.framing == "chunked"
        self._gzip = zlib.compressobj(wbits=31) if manner.gzip else None

    def piece(self, data: bytes) -> bytes:
        """The bytes of one piece on the wire; nothing for an empty piece, which would end a chunked body."""
        if self._gzip is not None and data:
            data = self._gzip.compress(data) + self._gzip.flush(zlib.Z_SYNC_FLUSH)
        if not data or not self._chunked:
            return data
        return b"%x\r\n%b\r\n" % (len(data), data)

    def end(self) -> bytes:
        """What ends the body."""
        rest = self._gzip.flush() if self._gzip is not None else b""
        if not self._chunked:
            return rest
        return (b"%x\r\n%b\r\n" % (len(rest), rest) if rest else b"") + LAST_CHUNK
