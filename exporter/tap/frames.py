"""The frames on the local socket between relay and observer."""

# Each frame is its length (u32), its type (u8) and a payload, little-endian. Relay to observer: HELLO (JSON: who the
# relay is), TOTALS (JSON: its counters), PIECES (what was seen of one exchange), DROP (forget exchanges), ASK (whether
# exchanges are on record). Observer to relay: ACK (exchanges whose record is safe), UNKNOWN (asked about, no record),
# FAILED (an exchange that could not be observed, and why).

import struct
from array import array
from collections.abc import Iterator
from typing import Final

HELLO: Final = 1
TOTALS: Final = 2
PIECES: Final = 3
DROP: Final = 4
ACK: Final = 5
ASK: Final = 6
UNKNOWN: Final = 7
FAILED: Final = 8

REQUEST_HEAD: Final = 1
REQUEST_BODY: Final = 2
REQUEST_END: Final = 3
RESPONSE_HEAD: Final = 4
RESPONSE_BODY: Final = 5
RESPONSE_END: Final = 6
ABORTED: Final = 7

_PREFIX: Final = struct.Struct("<IB")
_PIECES: Final = struct.Struct("<QI")
_PIECES_FRAME: Final = struct.Struct("<IBQI")
_PIECE_SIZE: Final = 1 + 8 + 4
"""Bytes of a piece beside its own: kind, stamp and length."""
_NUMBER: Final = struct.Struct("<Q")
_OPENING: Final = struct.Struct("<qIH")

MAX_FRAME: Final = 1 << 30


def frame(kind: int, payload: bytes) -> bytes:
    """One frame as bytes."""
    return _PREFIX.pack(len(payload), kind) + payload


def numbers(kind: int, values: list[int]) -> bytes:
    """A frame whose payload is a list of exchange numbers."""
    return frame(kind, array("Q", values).tobytes())


def read_numbers(payload: bytes) -> list[int]:
    """The exchange numbers of an ACK or DROP payload."""
    return array("Q", payload).tolist()


def failure(number: int, reason: str) -> bytes:
    """A FAILED frame; `reason` is a name in ASCII."""
    return frame(FAILED, _NUMBER.pack(number) + reason.encode("ascii"))


def read_failure(payload: bytes) -> tuple[int, str]:
    """The exchange number and the reason of a FAILED payload. Raises ValueError."""
    (number,) = _unpacked(_NUMBER, payload)
    return number, payload[_NUMBER.size :].decode("ascii")


def pieces(number: int, kinds: bytes | bytearray, stamps: "bytes | array[int]", blobs: list[bytes]) -> bytes:
    """A PIECES frame: `kinds` one byte each, `stamps` int64 monotonic ns each, and the bytes of each piece."""
    lengths = array("I", map(len, blobs))
    count = len(blobs)
    size = _PIECES.size + (_PIECE_SIZE * count) + sum(lengths)
    return b"".join((_PIECES_FRAME.pack(size, PIECES, number, count), kinds, stamps, lengths, *blobs))


def goes_on(kind: int, payload: bytes) -> bool:
    """Whether a frame tells of an exchange that does not end with it, nor does its request."""
    if kind != PIECES or len(payload) <= _PIECES.size:
        return False
    kinds = payload[_PIECES.size : _PIECES.size + _PIECES.unpack_from(payload)[1]]
    return bool(kinds) and kinds[-1] < RESPONSE_END and REQUEST_END not in kinds


def read_pieces(payload: bytes) -> tuple[int, list[tuple[int, int, bytes]]]:
    """The exchange number and its pieces as (kind, stamp in monotonic ns, bytes). Raises ValueError."""
    number, count = _unpacked(_PIECES, payload)
    at = _PIECES.size
    kinds = payload[at : at + count]
    at += count
    stamps = array("q", payload[at : at + 8 * count])
    at += 8 * count
    lengths = array("I", payload[at : at + 4 * count])
    at += 4 * count
    out = []
    for kind, stamp, length in zip(kinds, stamps, lengths, strict=True):
        out.append((kind, stamp, payload[at : at + length]))
        at += length
    if at != len(payload) or len(out) != count:
        raise ValueError("The lengths in a frame of the tap contradict its own.")
    return number, out


def opening(wall_us: int, concurrency: int, upstream: bytes, head: bytes) -> bytes:
    """The bytes of a REQUEST_HEAD piece: reception time, requests in flight here, its engine, and the head sent on."""
    return _OPENING.pack(wall_us, concurrency, len(upstream)) + upstream + head


def read_opening(blob: bytes) -> tuple[int, int, bytes, bytes]:
    """The parts of a REQUEST_HEAD piece. Raises ValueError."""
    wall_us, concurrency, length = _unpacked(_OPENING, blob)
    head = _OPENING.size + length
    return wall_us, concurrency, blob[_OPENING.size : head], blob[head:]


def _unpacked(form: struct.Struct, data: bytes) -> tuple[int, ...]:
    if len(data) < form.size:
        raise ValueError("A frame of the tap ends too early.")
    return form.unpack_from(data)


class FrameReader:
    """Cuts a byte stream into frames."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The frames that are complete with `data`, as (type, payload). Raises ValueError on an absurd length."""
        buffer = self._buffer
        buffer += data
        at = 0
        while len(buffer) - at >= _PREFIX.size:
            length, kind = _PREFIX.unpack_from(buffer, at)
            if length > MAX_FRAME:
                raise ValueError("A frame of the tap is absurdly long.")
            end = at + _PREFIX.size + length
            if end > len(buffer):
                break
            yield kind, bytes(buffer[at + _PREFIX.size : end])
            at = end
        del buffer[:at]
