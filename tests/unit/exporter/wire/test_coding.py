import gzip
import zlib

import pytest
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


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip"])
def test_a_coding_that_is_not_understood_is_refused(coding: str) -> None:
    with pytest.raises(BadCoding):
        decoder(coding)


PACKED = [("gzip", gzip.compress), ("X-Gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate)]


@given(st.sampled_from(PACKED), st.binary(max_size=300), st.integers(1, 20))
def test_any_way_of_cutting_a_packed_body_gives_the_same_bytes(packed, data: bytes, size: int) -> None:
    coding, pack = packed
    body = pack(data)
    assert undo(coding, *(body[i : i + size] for i in range(0, len(body), size))) == data


def test_what_was_flushed_is_there_before_the_end() -> None:
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(b"data: a\n\n") + packer.flush(zlib.Z_SYNC_FLUSH)
    assert undo("gzip", first) == b"data: a\n\n"


def test_a_gzip_body_may_have_several_members() -> None:
    assert undo("gzip", gzip.compress(b"a") + gzip.compress(b"b"), gzip.compress(b"c")) == b"abc"


def test_what_follows_a_deflate_body_is_ignored() -> None:
    assert undo("deflate", zlib.compress(b"a") + b"rest", b"more") == b"a"


def test_a_body_that_is_not_what_it_claims_is_refused() -> None:
    with pytest.raises(BadCoding):
        undo("gzip", b"plain text")


def test_a_bomb_comes_out_in_bounded_pieces() -> None:
    unpack = decoder("gzip")
    assert unpack is not None
    sizes = [len(piece) for piece in unpack.feed(gzip.compress(bytes(20_000_000)))]
    assert sum(sizes) == 20_000_000
    assert max(sizes) <= 1 << 18
