import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.wire.sse import SseReader
from tests.fakes.transcripts import cut


def read(*pieces: bytes, limit: int = 1 << 20) -> list[bytes]:
    reader = SseReader(limit)
    events = [event for piece in pieces for event in reader.feed(piece)]
    return events + reader.close()


def test_one_read_may_hold_many_events() -> None:
    assert SseReader().feed(b"data: a\n\ndata: b\n\ndata: c\n\n") == [b"a", b"b", b"c"]


def test_one_event_may_take_many_reads() -> None:
    assert read(b"da", b"ta: hel", b"lo\n", b"\n") == [b"hello"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_end_with_lf_crlf_or_a_lone_cr(end: bytes) -> None:
    assert read(end.join([b"data: a", b"", b"event: x", b"data: b", b"", b""])) == [b"a", b"b"]


def test_line_ends_may_be_mixed() -> None:
    assert read(b"data: a\r\n\ndata: b\r\r\ndata: c\n\r") == [b"a", b"b", b"c"]


def test_an_event_ended_by_a_cr_does_not_wait_for_a_lf() -> None:
    reader = SseReader()
    assert reader.feed(b"data: a\r\n\r") == [b"a"]
    assert reader.feed(b"\ndata: b\n\n") == [b"b"]


def test_a_crlf_split_between_reads_is_one_line_end() -> None:
    assert read(b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n") == [b"a\nb"]


def test_the_blank_after_the_colon_may_be_missing_and_only_one_is_taken() -> None:
    assert read(b"data:a\n\ndata:  b\n\n") == [b"a", b" b"]


def test_data_of_several_lines_is_joined_by_lf() -> None:
    assert read(b"data: {\ndata: }\n\n") == [b"{\n}"]
    assert read(b"data: {\n", b"data: }\n\n") == [b"{\n}"]
    assert read(b"data: {\rdata: }\n\n") == [b"{\n}"]


def test_an_event_that_is_too_long_does_not_end_with_its_first_line() -> None:
    assert read(b"data: " + b"x" * 30 + b"\n", b"data: y\n\n", b"data: z\n\n", limit=20) == [b"z"]


def test_comments_and_other_fields_are_not_data() -> None:
    assert read(b": ping\n\n:\nid: 7\nretry: 10\nevent: message\ndata: a\ndatax: b\n data: c\n\n") == [b"a"]


def test_a_comment_between_the_lines_of_an_event_does_not_end_it() -> None:
    assert read(b"data: a\n: ping\ndata: b\n\n") == [b"a\nb"]


def test_an_event_without_data_is_none() -> None:
    assert read(b"event: ping\n\n\n\n") == []


def test_a_data_field_without_a_value_is_an_empty_line_of_data() -> None:
    assert read(b"data\n\ndata:\ndata\n\n") == [b"", b"\n"]


def test_a_byte_order_mark_at_the_start_is_skipped_and_nowhere_else() -> None:
    assert read(b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n") == [b"a"]


def test_a_last_event_without_a_blank_line_counts() -> None:
    assert read(b"data: a\n\ndata: [DONE]\n") == [b"a", b"[DONE]"]
    assert read(b"data: a\n\ndata: [DONE]") == [b"a", b"[DONE]"]
    assert read(b"data: a\n\ndata: [DONE]\r\n") == [b"a", b"[DONE]"]


def test_an_event_beyond_the_limit_is_counted_and_the_next_one_is_read() -> None:
    reader = SseReader(limit=50)
    assert reader.feed(b"data: " + b"x" * 60 + b"\n\ndata: a\n\n") == [b"a"]
    assert reader.feed(b"data: " + b"x" * 30 + b"\ndata: " + b"x" * 30 + b"\n\ndata: b\n\n") == [b"b"]
    assert reader.oversized == 2


def test_an_event_without_end_holds_no_more_memory_than_the_limit() -> None:
    reader = SseReader(limit=1000)
    for _ in range(1000):
        assert reader.feed(b"data: " + b"x" * 100) == []
    assert sum(map(len, reader._pending)) <= 1000
    assert reader.feed(b"\n\ndata: a\n\n") == [b"a"]
    assert reader.oversized == 1


LINES = st.lists(
    st.sampled_from(
        [b"", b"", b"data: a", b"data:b", b"data", b"data: " + b"long" * 5, b": ping", b"event: e", b"id: 1", b"x",
         "data: é😀".encode(), b"\xef\xbb\xbfdata: c"]
    ),
    max_size=12,
)  # fmt: skip
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    body = b"".join(line + draw(ENDS) for line in draw(LINES))
    return (
        draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
        + body
        + draw(st.sampled_from([b"", b"data: end", b"data: end\n"]))
    )


SIZES = st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any)


@given(streams(), SIZES, st.sampled_from([24, 1000]))
@example(b"data: a\n\ndata: b\n\n", [1], 1000)
def test_any_way_of_cutting_the_bytes_gives_the_same_events(stream: bytes, sizes: list[int], limit: int) -> None:
    whole, pieces = SseReader(limit), SseReader(limit)
    expected = whole.feed(stream) + whole.close()
    events = [event for piece in cut(stream, sizes) for event in pieces.feed(piece)] + pieces.close()
    assert (events, pieces.oversized) == (expected, whole.oversized)


@given(streams())
def test_the_quick_way_reads_what_the_slow_way_reads(stream: bytes) -> None:
    slow = SseReader()
    assert read(stream) == slow._feed_lines(stream) + slow.close()
