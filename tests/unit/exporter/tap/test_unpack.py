from array import array

import pytest

from exporter.tap import frames
from exporter.tap.unpack import Unpacker
from exporter.wire.events import (
    Aborted,
    RequestBody,
    RequestEnded,
    RequestStarted,
    ResponseBody,
    ResponseEnded,
    ResponseRun,
    ResponseStarted,
)

HEAD = b"POST /v1/x HTTP/1.1\r\nHost: e\r\nx-request-id: id-1\r\n"


def told(*pieces: tuple[int, bytes]) -> bytes:
    kinds = bytes(kind for kind, _ in pieces)
    frame = frames.pieces(7, kinds, array("q", range(len(pieces))).tobytes(), [blob for _, blob in pieces])
    [(_, payload)] = frames.FrameReader().feed(frame)
    return payload


def test_pieces_of_an_exchange_become_its_events() -> None:
    number, events = Unpacker().feed(
        told(
            (frames.REQUEST_HEAD, frames.opening(5, 3, b"engine:1", HEAD + b"Content-Length: 2\r\n\r\n")),
            (frames.REQUEST_BODY, b"{}"),
            (frames.REQUEST_END, b""),
            (frames.RESPONSE_HEAD, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"),
            (frames.RESPONSE_BODY, b"ok"),
            (frames.RESPONSE_END, b""),
        )
    )
    assert number == 7
    started = events[0][0]
    assert isinstance(started, RequestStarted)
    assert (started.method, started.target, started.request_id) == ("POST", "/v1/x", "id-1")
    assert (started.upstream, started.wall_us, started.concurrency) == ("engine:1", 5, 3)
    assert [event for event, _ in events[1:]] == [
        RequestBody(b"{}"),
        RequestEnded(),
        ResponseStarted(200, (("content-length", "2"),)),
        ResponseBody(b"ok"),
        ResponseEnded(),
    ]
    assert [at for _, at in events] == [0, 1, 2, 3, 4, 5]


def test_chunked_bodies_lose_their_framing() -> None:
    unpacker = Unpacker()
    unpacker.feed(
        told((frames.REQUEST_HEAD, frames.opening(0, 1, b"engine:1", HEAD + b"Transfer-Encoding: chunked\r\n\r\n")))
    )
    _, events = unpacker.feed(told((frames.REQUEST_BODY, b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")))
    assert [event for event, _ in events] == [RequestBody(b"hello")]
    unpacker.feed(told((frames.RESPONSE_HEAD, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")))
    _, events = unpacker.feed(told((frames.RESPONSE_BODY, b"1\r\na"), (frames.RESPONSE_BODY, b"\r\n0\r\n\r\n")))
    assert [event for event, _ in events] == [ResponseBody(b"a")]


def test_pieces_of_an_answer_in_a_row_are_one_run_with_their_times() -> None:
    unpacker = Unpacker()
    unpacker.feed(
        told(
            (frames.REQUEST_HEAD, frames.opening(0, 1, b"engine:1", HEAD + b"\r\n")),
            (frames.RESPONSE_HEAD, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        )
    )
    first, second = b"a" * 100, b"b" * 100
    chunks = [b"64\r\n%b\r\n" % data for data in (first, second)]
    _, events = unpacker.feed(
        told(
            (frames.RESPONSE_BODY, chunks[0]),
            (frames.RESPONSE_BODY, chunks[1] + chunks[0]),
            (frames.RESPONSE_BODY, b"0\r\n\r\n"),
            (frames.RESPONSE_END, b""),
        )
    )
    assert events == [(ResponseRun([(0, first), (1, second), (1, first)]), 1), (ResponseEnded(), 3)]


def test_a_body_that_cannot_be_read_ends_there_and_the_exchange_goes_on() -> None:
    unpacker = Unpacker()
    _, events = unpacker.feed(
        told(
            (frames.REQUEST_HEAD, frames.opening(0, 1, b"engine:1", HEAD + b"\r\n")),
            (frames.RESPONSE_HEAD, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            (frames.RESPONSE_BODY, b"1\r\na\r\n"),
            (frames.RESPONSE_BODY, b"zz\r\n"),
            (frames.RESPONSE_BODY, b"1\r\nb\r\n"),
            (frames.ABORTED, b"upstream reset"),
        )
    )
    assert [event for event, _ in events[2:]] == [ResponseBody(b"a"), Aborted("upstream", "reset")]


def test_a_head_of_as_many_lines_as_a_setting_allows_is_read() -> None:
    lines = b"".join(b"X-A: b\r\n" for _ in range(1000))
    _, events = Unpacker().feed(told((frames.REQUEST_HEAD, frames.opening(0, 1, b"engine:1", HEAD + lines + b"\r\n"))))
    [(started, _)] = events
    assert isinstance(started, RequestStarted)
    assert len(started.headers) == 1002


@pytest.mark.parametrize(
    "piece",
    [
        (frames.REQUEST_HEAD, b"short"),
        (frames.REQUEST_HEAD, bytes(100)),
        (frames.RESPONSE_HEAD, b"no head\r\n\r\n"),
        (frames.ABORTED, b"\xff"),
    ],
)
def test_what_no_relay_sends_is_an_error_that_the_intake_knows(piece: tuple[int, bytes]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Unpacker().feed(told(piece))
