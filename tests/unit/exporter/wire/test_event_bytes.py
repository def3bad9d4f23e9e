from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.wire.event_bytes import EventBytes, split

STREAM = b"\xef\xbb\xbfdata: a\n\n: ping\n\ndata: b\r\ndata: c\r\n\r\nid: 1\rdata: d\r\rdata: e\r\n\ndata: last"


def test_whole_events_are_given_at_once_and_the_beginning_of_the_next_is_held() -> None:
    events = EventBytes()
    assert events.feed(b"data: a\n\ndata: b\n\nda") == [b"data: a\n\ndata: b\n\n"]
    assert events.feed(b"ta: c\n") == []
    assert events.feed(b"\n") == [b"data: c\n\n"]
    assert events.close() == b""


def test_the_line_feed_after_a_carriage_return_that_ended_an_event_stands_alone() -> None:
    events = EventBytes()
    assert events.feed(b"data: a\r\r") == [b"data: a\r\r"]
    assert events.feed(b"\ndata: b\r\n\r\n") == [b"\n", b"data: b\r\n\r\n"]


def test_where_lines_end_with_both_an_event_ends_with_both() -> None:
    events = EventBytes()
    assert events.feed(b"data: a\r\n\r") == []
    assert events.feed(b"\ndata: b") == [b"data: a\r\n\r\n"]


@given(st.lists(st.integers(0, len(STREAM))))
def test_nothing_is_lost_however_the_bytes_come(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    events = EventBytes()
    given_out = [piece for a, b in pairwise(places) for piece in events.feed(STREAM[a:b])]
    assert b"".join(given_out) + events.close() == STREAM


def test_an_event_beyond_the_limit_is_not_held() -> None:
    events = EventBytes(limit=10)
    assert events.feed(b"data: 1234") == []
    assert events.feed(b"5") == [b"data: 12345"]
    assert events.feed(b"6\n\n") == [b"6\n\n"]


@pytest.mark.parametrize("end", [b"\n\n", b"\r\r", b"\r\n\r\n", b"\r\n\n"])
def test_each_event_is_split_off_with_its_line_ends(end: bytes) -> None:
    assert split(b"data: a" + end + b"data: b" + end + b"rest") == [b"data: a" + end, b"data: b" + end, b"rest"]
