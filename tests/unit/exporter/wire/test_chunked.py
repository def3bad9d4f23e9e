import contextlib
import itertools
import re
import sys

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
def test_chunk_by_chunk_the_payload_is_the_same_and_the_trailers_too(parts: list[bytes], at: list[int]) -> None:
    whole, apart = Dechunker(), Dechunker()
    body = coded(*parts, trailers=b"x-sum: 1\r\n")
    whole.feed(body)
    assert b"".join(b for piece in cut(body, at) for b in apart.pieces(piece)) == b"".join(parts)
    assert apart.trailers == whole.trailers == [b"x-sum: 1\r\n"]


def test_each_chunk_is_a_piece_unless_they_are_tiny() -> None:
    long = [b"%d" % digit * 70 for digit in range(5)]
    dechunker = Dechunker()
    assert [piece for part in long for piece in dechunker.pieces(b"46\r\n%b\r\n" % part)] == long
    assert Dechunker().pieces(coded(*long)) == long
    assert Dechunker().pieces(coded(*b"abc".split())) == [b"abc"]
    assert Dechunker().pieces(coded(b"a", b"b", b"c")) == [b"abc"]
    assert Dechunker().pieces(b"") == []


@pytest.mark.parametrize("bad", [b"0x2\r\nab\r\n", b"+2\r\nab\r\n", b" 2\r\nab\r\n", b"3\r\nab\r\n", b"2\r\nabcd"])
def test_a_chunk_that_comes_whole_is_judged_as_one_that_comes_in_parts(bad: bytes) -> None:
    for first in (b"", b"2\r\nok\r\n"):
        dechunker = Dechunker()
        dechunker.pieces(first)
        with pytest.raises(BadMessage):
            dechunker.feed(bad) and dechunker.feed(b"\r\n0\r\n\r\n")


def test_nothing_is_read_behind_the_end_of_a_body() -> None:
    dechunker = Dechunker()
    assert dechunker.pieces(b"2\r\nok\r\n0\r\n\r\n") == [b"ok"]
    with pytest.raises(BadMessage):
        dechunker.pieces(b"2\r\nno\r\n")


@given(bodies, places)
def test_the_fast_reader_finds_the_same_end(parts: list[bytes], at: list[int]) -> None:
    end = ChunkEnd()
    for piece in cut(coded(*parts), at):
        assert not end.done or not piece
        if piece:
            end.feed(piece)
    assert end.done


def ended(feeds: list[bytes]) -> int | None:
    """How many bytes the body has, None where it has no end yet. Raises BadMessage."""
    scanner, used = ChunkScanner(), 0
    for piece in feeds:
        used += scanner.feed(piece)
    return used if scanner.done else None


def plainly(data: bytes) -> int | None:
    """As `ended`, by a reader of whole input that takes one step for each rule of RFC 9112, 7.1."""
    at = 0
    while True:
        end = data.find(b"\n", at)
        line = data[at:] if end < 0 else data[at : end + 1]
        if len(line) > 1024:
            raise BadMessage("too long")
        if end < 0:
            return None
        size = re.fullmatch(
            rb"""([0-9A-Fa-f]{1,15})(;[!#-'*+.0-9A-Z^-z|~-]+(=([!#-'*+.0-9A-Z^-z|~-]+|"[\t -!#-[\]-~]*"))?)*\r\n""",
            line,
        )
        if size is None:
            raise BadMessage("no size")
        at, left = end + 1, int(size.group(1), 16)
        if not left:
            return after_trailers(data, at)
        at += left
        if not b"\r\n".startswith(data[at : at + 2]):
            raise BadMessage("no end of the chunk")
        if len(data) < at + 2:
            return None
        at += 2


def after_trailers(data: bytes, at: int) -> int | None:
    while (end := data.find(b"\n", at)) >= 0:
        line, at = data[at : end + 1], end + 1
        if line == b"\r\n":
            return at
        if not re.fullmatch(rb"[!#-'*+.0-9A-Z^-z|~-]+:[\t -~\x80-\xff]*\r\n", line):
            raise BadMessage("no trailer")
    return None


sizes = st.sampled_from([1, 2, 3, 9, 10, 15, 16, 17, 31, 32, 160, 254, 255, 256, 300])
extension = st.sampled_from(
    ["", "", "", ";a", ";a=b", ';a="b; c"', ";a;b;c;d;e;f;g;h;i", ';k="' + "q" * 60 + '"', ";" + "x" * 60,
     ";" + "x" * 61, ';a="' + "x" * 70 + '"', ";" + "y" * 1100, ";", ";a=", " ;a", ';a="', ";=b"]
)  # fmt: skip


@st.composite
def odd_chunks(draw: st.DrawFn) -> bytes:
    """A chunk as careful and careless writers spell it."""
    size = draw(sizes)
    digits = draw(st.sampled_from(["%x", "%X", "0%x", "%03x", "%013x", "%015X", "%016x"])) % size
    filling = draw(st.sampled_from([b"a", b"\r\n", b"1\r\na\r\n", b"0\r\n\r\n"]))
    payload = (filling * size)[: size + draw(st.sampled_from([0, 0, 0, 0, 0, 1, -1]))]
    ends = st.sampled_from([b"\r\n"] * 9 + [b"\n", b"\r", b"", b"\r\r\n"])
    return (digits + draw(extension)).encode() + draw(ends) + payload + draw(ends)


@given(st.lists(odd_chunks(), max_size=8), st.booleans(), places)
def test_runs_of_chunks_are_read_as_a_plain_reader_reads_them_however_they_are_cut(
    parts: list[bytes], whole: bool, at: list[int]
) -> None:
    body = b"".join(parts) + (b"0\r\nX: 1\r\n\r\nGET /" if whole else b"")
    try:
        expected = plainly(body)
    except BadMessage:
        with pytest.raises(BadMessage):
            ended(cut(body, at))
        with pytest.raises(BadMessage):
            ended([body])
    else:
        assert ended(cut(body, at)) == ended([body]) == expected


@given(st.lists(odd_chunks(), max_size=4))
def test_a_run_of_chunks_is_refused_where_one_byte_after_the_other_is(parts: list[bytes]) -> None:
    body = b"".join(parts)
    whole, single = ChunkScanner(), ChunkScanner()
    with contextlib.suppress(BadMessage):
        for at in range(len(body)):
            single.feed(body[at : at + 1])
        whole.feed(body)
        assert (whole._state, whole._left, whole._line) == (single._state, single._left, single._line)
        return
    with pytest.raises(BadMessage):
        ended([body])


@pytest.mark.parametrize("size", range(1, 300))
def test_a_chunk_of_any_size_ends_where_its_size_says(size: int) -> None:
    for digits in (b"%x", b"%X", b"00%x", b"%x;a=b"):
        chunk = digits % size + b"\r\n" + b"\n" * size + b"\r\n"
        assert ended([chunk * 3 + b"0\r\n\r\n" + b"more"]) == 3 * len(chunk) + 5
        for wrong in (chunk[:-3] + b"\r\n", chunk[:-2] + b"\n\r\n"):
            with pytest.raises(BadMessage):
                ended([chunk + wrong + chunk])


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


@pytest.mark.parametrize("body", [b"0\r\n\r\n", b"2\r\n\r\n\r\n0\r\n\r\n", b"1\r\n\n\r\n0;a\r\nX: 1 \t \r\nY:\r\n\r\n"])
@pytest.mark.parametrize("more", [b"", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" "])
def test_wherever_a_body_is_cut_in_two_and_three_its_end_is_seen_and_more_is_an_error(body: bytes, more: bytes) -> None:
    data = body + more
    for first, second in itertools.combinations_with_replacement(range(len(data) + 1), 2):
        end = ChunkEnd()
        pieces = [piece for piece in (data[:first], data[first:second], data[second:]) if piece]
        with pytest.raises(BadMessage) if more else contextlib.nullcontext():
            for piece in pieces:
                assert more or not end.done
                end.feed(piece)
        assert end.done


def test_malformed_coding_from_the_engine_is_an_error() -> None:
    with pytest.raises(BadMessage):
        ChunkEnd().feed(b"zz\r\n")
    with pytest.raises(BadMessage):
        Dechunker().feed(b"zz\r\n")


def test_a_line_of_the_greatest_length_is_read_in_a_run_too_and_a_longer_one_is_not() -> None:
    value = '="' + "q" * 60 + '"'
    most = ("00000000000001" + (";" + "k" * 60 + value) * 8).encode() + b"\r\na\r\n"
    assert ended([most * 3 + b"0\r\n\r\n"]) == 3 * len(most) + 5
    exact = b"1;" + b"x" * 1020 + b"\r\na\r\n"
    assert ended([exact * 3 + b"0\r\n\r\n"]) == 3 * len(exact) + 5
    with pytest.raises(BadMessage):
        ended([exact + exact.replace(b"x\r\n", b"xx\r\n")])


def test_a_body_in_chunks_of_one_byte_takes_a_few_steps_and_not_two_for_each() -> None:
    steps = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal steps
        steps += event in {"call", "c_call"}

    body = b"1\r\na\r\n" * 40_000 + b"0\r\n\r\n"
    scanner = ChunkScanner()
    sys.setprofile(count)
    try:
        used = scanner.feed(body)
    finally:
        sys.setprofile(None)
    assert used == len(body)
    assert steps < 4_000


def test_the_extensions_of_a_size_line_may_not_be_endless() -> None:
    scanner = ChunkScanner()
    with pytest.raises(BadMessage, match="too long"):
        scanner.feed(b"1" + b";a" * 120_000 + b"\r\n")
    allowed = b"1" + b";a" * 510 + b"\r\n"
    assert ChunkScanner().feed(allowed + b"x\r\n") == len(allowed) + 3
