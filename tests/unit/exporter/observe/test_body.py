import gzip

from exporter.observe.body import Body


def test_a_plain_body_is_joined() -> None:
    body = Body(None, 100)
    body.add(b"ab")
    body.add(b"cd")
    assert body.plain
    assert body.take() == b"abcd"


def test_a_packed_body_is_unpacked() -> None:
    packed = gzip.compress(b"hello")
    body = Body("gzip", 100)
    body.add(packed[:7])
    body.add(packed[7:])
    assert body.take() == b"hello"
    assert body.failure is None


def test_a_body_beyond_the_limit_is_given_up_and_holds_nothing() -> None:
    body = Body(None, 5)
    body.add(b"abc")
    body.add(b"def")
    body.add(b"g")
    assert body.failure == "too_large"
    assert body.take() == b""


def test_the_limit_is_for_what_comes_out_of_a_packed_body() -> None:
    body = Body("gzip", 1 << 20)
    body.add(gzip.compress(bytes(50 << 20)))
    assert body.failure == "too_large"


def test_a_coding_that_is_not_understood_is_a_failure() -> None:
    body = Body("compress", 100)
    body.add(b"x")
    assert (body.failure, list(body.decoded(b"x")), body.take()) == ("content_encoding", [], b"")


def test_bytes_that_are_not_in_their_coding_are_a_failure() -> None:
    body = Body("gzip", 100)
    assert list(body.decoded(b"plain")) == []
    assert body.failure == "content_encoding"
