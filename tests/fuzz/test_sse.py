"""Whatever bytes an engine streams, its events are those of the standard, within bounded memory."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.effort import effort
from tests.fuzz.grammar import pieces, places
from tests.fuzz.sse_check import check
from tests.unit.exporter.wire.test_sse import streams

PARTS = [
    b"data: ", b"data:", b"data", b"event: x", b"id", b":", b": ping", b"\n", b"\n", b"\n\n", b"\r", b"\r\n",
    b"\r\n\r\n", b"\xef\xbb\xbf", b"\xef\xbb", b" ", b"\x00", b"\xff", b"{}", b"[DONE]", b"x" * 40, b"data: a\n\n",
    b"data: b\r\n\r\n",
]  # fmt: skip
byte_streams = st.one_of(
    streams(),
    st.lists(st.sampled_from(PARTS), max_size=30).map(b"".join),
    st.binary(max_size=200),
    st.just(b"data: a\n\n" * 50),
)


@effort(500)
@given(byte_streams, places, st.sampled_from([30, 1000]))
def test_any_bytes_give_the_events_of_the_standard(stream: bytes, at: Sequence[int], limit: int) -> None:
    check(pieces(stream, at), limit)
