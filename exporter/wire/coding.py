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


class BadCoding(Exception):
    """The body has a coding that is not understood, or is not in the coding that it claims."""


class ContentDecoder(Protocol):
    """Undoes one coding; what comes out is bounded at each step, however well the bytes were compressed."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Reads on; yields plain pieces of about 256 KiB at most. Raises BadCoding."""
        ...


class Inflater:
    """Undoes gzip or deflate."""

    __slots__ = ("_coding", "_inflate", "_whole")

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._inflate = zlib.decompressobj(_GZIP) if coding == "gzip" else None
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
            raise BadCoding("The body is not in the coding that it claims.") from error

    def _pieces(self, inflate: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
        while True:
            plain = inflate.decompress(data, _PIECE)
            data = inflate.unconsumed_tail
            if plain:
                yield plain
            if inflate.eof:
                data = inflate.unused_data
                if self._coding != "gzip":
                    self._whole = True
                    return
                # A gzip body may have several members.
                self._inflate = inflate = zlib.decompressobj(_GZIP)
                if not data:
                    return
            elif not data and len(plain) < _PIECE:
                return


class Zstandard:
    """Undoes zstd, which may have several frames."""

    __slots__ = ("_frame",)

    def __init__(self) -> None:
        self._frame = _zstd_frame()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Reads on."""
        try:
            while True:
                if self._frame.eof:
                    data = self._frame.unused_data or data
                    if not data:
                        return
                    self._frame = _zstd_frame()
                plain = self._frame.decompress(data, _PIECE)
                data = b""
                if plain:
                    yield plain
                if self._frame.needs_input or (self._frame.eof and not self._frame.unused_data):
                    return
        except zstd.ZstdError as error:
            raise BadCoding("The body is not in the coding that it claims.") from error


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
            raise BadCoding("The body is not in the coding that it claims.") from error


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
