import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.wire.chunked import ChunkEnd, ChunkScanner, Dechunker
from exporter.wire.http1 import BadMessage


def coded(*parts: bytes, trailers: bytes = b"") -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n" + trailers + b"\r\n"


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


bodies = st.lists(st.binary(min_size=1, max_size=40), max_size=6)
places = st.lists(st.integers(0, 500), max_size=8)


@given(bodies, places)
def test_however_the_bytes_are_cut_the_end_is_found_and_what_follows_is_left(parts: list[bytes], at: list[int]) -> None:
    body = coded(*parts)
    scanner, used = ChunkScanner(), 0
    for piece in cut(body + b"GET / HTTP/1.1", at):
        used += scanner.feed(piece)
    assert scanner.done
    assert used == len(body)


@given(bodies, places)
def test_however_the_bytes_are_cut_the_payload_is_the_same(parts: list[bytes], at: list[int]) -> None:
    dechunker = Dechunker()
    assert b"".join(dechunker.feed(piece) for piece in cut(coded(*parts), at)) == b"".join(parts)


@given(bodies, places)
def test_the_fast_reader_finds_the_same_end(parts: list[bytes], at: list[int]) -> None:
    end = ChunkEnd()
    for piece in cut(coded(*parts), at):
        assert not end.done or not piece
        if piece:
            end.feed(piece)
    assert end.done


@pytest.mark.parametrize(
    "data",
    [
        b"5\nhello\r\n0\r\n\r\n",
        b"5\r\nhello0\r\n\r\n",
        b"5\r\nhellooo\r\n0\r\n\r\n",
        b"g\r\n",
        b"-1\r\n",
        b"+5\r\nhello\r\n",
        b"0x5\r\nhello\r\n",
        b" 5\r\nhello\r\n",
        b"\r\n",
        b"5;ext=a\nb\r\nhello\r\n",
        b"5 ;ext\r\nhello\r\n",
        b"5;\r\nhello\r\n",
        b"5;a b\r\nhello\r\n",
        b"0\r\nContent-Length: 5\r\n\r\n",
        b"0\r\ntransfer-encoding: chunked\r\n\r\n",
        b"0\r\nHost: other\r\n\r\n",
        b"5\r\nhellox",
        b"1234567890abcdef1\r\n",
        b"0\r\nbad trailer\r\n\r\n",
        b"0\r\nX: a\nY: b\r\n\r\n",
        b"5;" + b"x" * 2000,
    ],
)
def test_sloppy_chunked_coding_is_refused(data: bytes) -> None:
    with pytest.raises(BadMessage):
        ChunkScanner().feed(data)


def test_extensions_and_trailers_are_part_of_the_body() -> None:
    data = b'5;name="v; w";x;y=z\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n'
    scanner = ChunkScanner()
    assert scanner.feed(data + b"rest") == len(data)
    assert scanner.done


@pytest.mark.parametrize("more", [b"HTTP/1.1 200 OK\r\n", b"H", b"\r\n", b"\n", b"\r\n\r\nHTTP"])
@pytest.mark.parametrize("cut", [0, 2, 3, 4, 5])
def test_bytes_behind_the_body_are_an_error_however_they_are_cut(more: bytes, cut: int) -> None:
    body = coded(b"a", trailers=b"X: 1\r\n")
    end = ChunkEnd()
    end.feed(body[: len(body) - cut])
    with pytest.raises(BadMessage):
        end.feed(body[len(body) - cut :] + more)


def test_a_chunk_of_nothing_but_line_ends_is_a_chunk() -> None:
    end = ChunkEnd()
    for piece in (b"8\r\n", b"\r\n\r\n\n\n\n\n", b"\r\n", b"0", b"\r\n\r\n"):
        assert not end.done
        end.feed(piece)
    assert end.done


def test_malformed_coding_from_the_engine_is_an_error() -> None:
    with pytest.raises(BadMessage):
        ChunkEnd().feed(b"zz\r\n")
    with pytest.raises(BadMessage):
        Dechunker().feed(b"zz\r\n")
