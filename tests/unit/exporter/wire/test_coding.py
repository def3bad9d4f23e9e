import gzip
import sys
import zlib
from collections.abc import Callable

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from exporter.wire.coding import BadCoding, decoder


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def undo(coding: str, *pieces: bytes) -> bytes:
    unpack = decoder(coding)
    assert unpack is not None
    return b"".join(plain for piece in pieces for plain in unpack.feed(piece))


@pytest.mark.parametrize("coding", [None, "", "identity", " Identity "])
def test_a_plain_body_needs_no_decoder(coding: str | None) -> None:
    assert decoder(coding) is None


@pytest.mark.parametrize("coding", ["compress", "gzip, gzip"])
def test_a_coding_that_is_not_understood_is_refused(coding: str) -> None:
    with pytest.raises(BadCoding):
        decoder(coding)


def test_br_is_not_understood_where_its_library_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    with pytest.raises(BadCoding):
        decoder("br")


PACKED = [
    ("gzip", gzip.compress), ("X-Gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate),
    ("zstd", zstd.compress), ("br", brotli.compress),
]  # fmt: skip


@given(st.sampled_from(PACKED), st.binary(max_size=300), st.integers(1, 20))
def test_any_way_of_cutting_a_packed_body_gives_the_same_bytes(packed, data: bytes, size: int) -> None:
    coding, pack = packed
    body = pack(data)
    assert undo(coding, *(body[i : i + size] for i in range(0, len(body), size))) == data


def flushed(coding: str, data: bytes) -> bytes:
    """The data as a server sends it in the middle of a stream."""
    if coding == "gzip":
        packer = zlib.compressobj(wbits=31)
        return packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
    if coding == "zstd":
        return zstd.ZstdCompressor().compress(data, zstd.ZstdCompressor.FLUSH_BLOCK)
    stream = brotli.Compressor()
    return stream.process(data) + stream.flush()


@pytest.mark.parametrize("coding", ["gzip", "zstd", "br"])
def test_what_was_flushed_is_there_before_the_end(coding: str) -> None:
    assert undo(coding, flushed(coding, b"data: a\n\n")) == b"data: a\n\n"


def test_a_gzip_body_may_have_several_members() -> None:
    assert undo("gzip", gzip.compress(b"a") + gzip.compress(b"b"), gzip.compress(b"c")) == b"abc"


def test_a_zstd_body_may_have_several_frames() -> None:
    assert undo("zstd", zstd.compress(b"a") + zstd.compress(b"b"), zstd.compress(b"c"), b"") == b"abc"


@pytest.mark.parametrize(("coding", "pack"), [("deflate", zlib.compress), ("br", brotli.compress)])
def test_what_follows_a_body_of_one_piece_is_ignored(coding: str, pack: Callable[[bytes], bytes]) -> None:
    assert undo(coding, pack(b"a"), b"more") == b"a"


@pytest.mark.parametrize("coding", ["gzip", "zstd", "br"])
def test_a_body_that_is_not_what_it_claims_is_refused(coding: str) -> None:
    with pytest.raises(BadCoding):
        undo(coding, b"\xff\xffplain text")


@pytest.mark.parametrize(
    ("coding", "pack"), [("gzip", gzip.compress), ("zstd", zstd.compress), ("br", brotli.compress)]
)
def test_a_bomb_comes_out_in_bounded_pieces(coding: str, pack: Callable[[bytes], bytes]) -> None:
    unpack = decoder(coding)
    assert unpack is not None
    sizes = [len(piece) for piece in unpack.feed(pack(bytes(20_000_000)))]
    assert sum(sizes) == 20_000_000
    assert max(sizes) <= 1 << 19


def test_a_window_larger_than_http_allows_is_refused() -> None:
    options = {zstd.CompressionParameter.window_log: 27}
    with pytest.raises(BadCoding):
        undo("zstd", zstd.ZstdCompressor(options=options).compress(b"a", zstd.ZstdCompressor.FLUSH_BLOCK))


def test_a_library_for_br_that_knows_no_limit_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        def is_finished(self) -> bool:
            return False

        def process(self, data: bytes) -> bytes:
            return data

    monkeypatch.setattr(brotli, "Decompressor", Old)
    with pytest.raises(BadCoding):
        undo("br", b"anything")


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_many_frames_in_one_piece_are_all_read(coding: str) -> None:
    pack = gzip.compress if coding == "gzip" else zstd.compress
    letters = [bytes([97 + number % 26]) for number in range(2_000)]
    packed = b"".join(map(pack, letters))
    assert undo(coding, packed) == b"".join(letters)
    assert undo(coding, *(packed[start : start + 4099] for start in range(0, len(packed), 4099))) == b"".join(letters)


@pytest.mark.parametrize(
    ("coding", "frame"),
    [("gzip", gzip.compress(b"")), ("zstd", zstd.compress(b"")), ("zstd", b"\x50\x2a\x4d\x18\0\0\0\0")],
)
def test_a_body_of_frames_that_hold_nothing_is_refused_before_it_costs_much(coding: str, frame: bytes) -> None:
    unpack = decoder(coding)
    assert unpack is not None
    for _ in range(16):
        assert not list(unpack.feed(frame * 1000))
    with pytest.raises(BadCoding):
        list(unpack.feed(frame * 1000))
