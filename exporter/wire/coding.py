"""Content codings of bodies, taken off piece by piece."""

import zlib
from collections.abc import Iterator
from typing import Final

_PIECE: Final = 1 << 18
_GZIP: Final = 31
_ZLIB: Final = 15
_RAW: Final = -15


class BadCoding(Exception):
    """The body has a coding that is not understood, or is not in the coding that it claims."""


class ContentDecoder:
    """Undoes gzip or deflate; what comes out is bounded at each step, however well the bytes were compressed."""

    __slots__ = ("_coding", "_inflate", "_whole")

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._inflate = zlib.decompressobj(_GZIP) if coding == "gzip" else None
        self._whole = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Reads on; yields plain pieces of at most 256 KiB. Raises BadCoding."""
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


def decoder(coding: str | None) -> ContentDecoder | None:
    """The decoder for a Content-Encoding header, None where nothing has to be undone. Raises BadCoding."""
    name = (coding or "identity").strip().lower()
    if name in {"", "identity"}:
        return None
    if name in {"gzip", "x-gzip"}:
        return ContentDecoder("gzip")
    if name == "deflate":
        return ContentDecoder(name)
    raise BadCoding("The content coding is not understood.")
