"""Content codings of bodies, taken off piece by piece."""

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Final, Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_PIECE: Final = 1 << 18
_GZIP: Final = 31
_ZLIB: Final = 15
_RAW: Final = -15
_ZSTD_WINDOW_LOG: Final = 23
"""8 MiB: a larger window is not allowed in HTTP (RFC 9659), and would be memory that a stranger asks for."""

_SMALL: Final = 4096
_MOST_FRAMES: Final = 1 << 14
"""A body of frames that hold next to nothing costs time and never comes to a size: so many cost 0.2 s."""
_NOT_AS_CLAIMED: Final = "The body is not in the coding that it claims."


class BadCoding(Exception):
    """The body has a coding that is not understood, or is not in the coding that it claims."""


class ContentDecoder(Protocol):
    """Undoes one coding; what comes out is bounded at each step, however well the bytes were compressed."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Reads on; yields plain pieces of about 256 KiB at most. Raises BadCoding."""
        ...


class Inflater:
    """Undoes gzip or deflate."""

    __slots__ = ("_coding", "_inflate", "_members", "_whole")

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._inflate = zlib.decompressobj(_GZIP) if coding == "gzip" else None
        self._members = 0
        self._whole = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Reads on."""
        if not data or self._whole:
            return
        if self._inflate is None:
            # "deflate" means zlib by the standard and the bare stream by habit; zlib's first byte tells them apart.
            self._inflate = zlib.decompressobj(_ZLIB if data[0] & 0x0F == 8 else _RAW)
        try:
            yield from self._pieces(self._inflate, data)
        except zlib.error as error:
            raise BadCoding(_NOT_AS_CLAIMED) from error

    def _pieces(self, inflate: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
        waiting = [data]
        while waiting:
            plain = inflate.decompress(waiting.pop(), _PIECE)
            while plain:
                yield plain
                more = inflate.unconsumed_tail or len(plain) == _PIECE
                plain = inflate.decompress(inflate.unconsumed_tail, _PIECE) if more and not inflate.eof else b""
            if inflate.eof:
                if self._coding != "gzip":
                    self._whole = True
                    return
                # A gzip body may have several members.
                waiting += _rest(inflate.unused_data)
                self._members = _one_more(self._members)
                self._inflate = inflate = zlib.decompressobj(_GZIP)


class Zstandard:
    """Undoes zstd, which may have several frames."""

    __slots__ = ("_frame", "_frames")

    def __init__(self) -> None:
        self._frame = _zstd_frame()
        self._frames = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Reads on."""
        waiting = [data] if data else []
        try:
            while waiting:
                if self._frame.eof:
                    self._frames = _one_more(self._frames)
                    self._frame = _zstd_frame()
                plain = self._frame.decompress(waiting.pop(), _PIECE)
                if plain:
                    yield plain
                while not (self._frame.eof or self._frame.needs_input):
                    plain = self._frame.decompress(b"", _PIECE)
                    if plain:
                        yield plain
                if self._frame.eof:
                    waiting += _rest(self._frame.unused_data)
        except zstd.ZstdError as error:
            raise BadCoding(_NOT_AS_CLAIMED) from error


def _rest(data: bytes) -> list[bytes]:
    """What follows the end of a frame, cut small, last piece first: each end copies the rest of its piece."""
    return [data[start : start + _SMALL] for start in reversed(range(0, len(data), _SMALL))]


def _one_more(frames: int) -> int:
    if frames == _MOST_FRAMES:
        raise BadCoding("The body has more frames than anybody needs.")
    return frames + 1


def _zstd_frame() -> zstd.ZstdDecompressor:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})


class Brotli:
    """Undoes br, where the library is there."""

    __slots__ = ("_error", "_stream")

    def __init__(self) -> None:
        try:
            import brotli  # type: ignore[import-untyped]  # noqa: PLC0415 - optional: engines do not send br, and few things before them do
        except ImportError:
            raise BadCoding("The content coding is not understood.") from None
        self._stream = brotli.Decompressor()
        self._error = brotli.error

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Reads on."""
        try:
            while not self._stream.is_finished():
                plain = self._stream.process(data, output_buffer_limit=_PIECE)
                data = b""
                if plain:
                    yield plain
                elif self._stream.can_accept_more_data():
                    return
        # A library older than 1.2 knows no limit, without which a small body could fill the memory.
        except (self._error, TypeError, AttributeError) as error:
            raise BadCoding(_NOT_AS_CLAIMED) from error


_CODINGS: Final[dict[str, Callable[[], ContentDecoder]]] = {
    "gzip": lambda: Inflater("gzip"),
    "x-gzip": lambda: Inflater("gzip"),
    "deflate": lambda: Inflater("deflate"),
    "zstd": Zstandard,
    "br": Brotli,
}


def decoder(coding: str | None) -> ContentDecoder | None:
    """The decoder for a Content-Encoding header, None where nothing has to be undone. Raises BadCoding."""
    name = (coding or "identity").strip().lower()
    if name in {"", "identity"}:
        return None
    if name in _CODINGS:
        return _CODINGS[name]()
    raise BadCoding("The content coding is not understood.")
