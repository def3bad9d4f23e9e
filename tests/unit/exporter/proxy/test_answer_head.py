import pytest

from exporter.proxy.answer_head import BrokenAnswer, read

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def test_a_head_is_found_with_what_follows_it() -> None:
    interim, found, left = read(OK + b"ok", b"GET")
    assert found is not None
    assert (interim, found.head.status, found.raw, found.rest, left) == ([], 200, OK, b"ok", b"")


def test_interim_heads_come_before_it() -> None:
    interim, found, _ = read(CONTINUE * 2 + OK, b"POST")
    assert [each.status for each in interim] == [100, 100]
    assert found is not None


@pytest.mark.parametrize("cut", range(len(OK)))
def test_what_is_not_whole_yet_is_left(cut: int) -> None:
    interim, found, left = read(CONTINUE + OK[:cut], b"POST")
    assert ([each.status for each in interim], found, left) == ([100], None, OK[:cut])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"NONSENSE\r\n\r\n", "malformed_head"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "switched_protocols"),
        (b"x" * 65_537, "head_too_large"),
    ],
)
def test_what_is_no_answer_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(BrokenAnswer) as broken:
        read(data, b"GET")
    assert broken.value.reason == reason
