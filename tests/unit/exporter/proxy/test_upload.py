import pytest

from exporter.proxy.upload import Upload
from exporter.wire.http1 import BadMessage, request_head


def upload(framing: bytes, limit: int = 100) -> Upload:
    return Upload(request_head(b"POST / HTTP/1.1\r\nHost: h\r\n" + framing), limit)


def test_a_body_of_known_length_ends_after_it() -> None:
    body = upload(b"Content-Length: 5")
    assert body.measure(b"abc") == 3
    assert not body.done
    assert body.measure(b"deGET /") == 2
    assert body.done


def test_a_chunked_body_ends_with_its_last_chunk() -> None:
    body = upload(b"Transfer-Encoding: chunked")
    assert body.measure(b"1\r\na\r\n0\r\n\r\nGET /") == 11
    assert body.done


def test_a_request_without_body_is_done_at_once() -> None:
    assert upload(b"X: y").done


def test_a_chunked_body_may_not_grow_beyond_the_limit() -> None:
    body = upload(b"Transfer-Encoding: chunked", limit=10)
    with pytest.raises(BadMessage) as error:
        body.measure(b"ff\r\n" + b"x" * 20)
    assert error.value.status == 413


def test_what_waits_is_counted_until_it_is_released() -> None:
    body = upload(b"Content-Length: 5")
    body.wait(b"ab")
    body.wait(b"c")
    assert (body.waiting, body.gathered()) == (3, b"abc")
    assert body.release() == [b"ab", b"c"]
    assert (body.waiting, body.release()) == (0, [])
