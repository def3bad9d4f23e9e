from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.tap import frames

some_pieces = st.lists(st.tuples(st.integers(1, 7), st.integers(-(2**62), 2**62), st.binary(max_size=50)), max_size=10)


@given(st.integers(0, 2**63), some_pieces)
def test_pieces_come_back_as_they_went(number: int, pieces: list[tuple[int, int, bytes]]) -> None:
    kinds = bytes(kind for kind, _, _ in pieces)
    stamps = array("q", [at for _, at, _ in pieces]).tobytes()
    sent = frames.pieces(number, kinds, stamps, [blob for _, _, blob in pieces])
    [(kind, payload)] = frames.FrameReader().feed(sent)
    assert kind == frames.PIECES
    assert frames.read_pieces(payload) == (number, pieces)
    ended = not pieces or pieces[-1][0] in {frames.RESPONSE_END, frames.ABORTED}
    assert frames.goes_on(kind, payload) == (not ended and frames.REQUEST_END not in kinds)


@given(st.lists(st.binary(max_size=30), max_size=5), st.integers(1, 7))
def test_frames_come_out_whole_however_the_bytes_arrive(payloads: list[bytes], step: int) -> None:
    sent = b"".join(frames.frame(frames.TOTALS, payload) for payload in payloads)
    reader = frames.FrameReader()
    got = [each for at in range(0, len(sent), step) for each in reader.feed(sent[at : at + step])]
    assert got == [(frames.TOTALS, payload) for payload in payloads]


def test_numbers_come_back_as_they_went() -> None:
    [(kind, payload)] = frames.FrameReader().feed(frames.numbers(frames.ACK, [1, 2**63]))
    assert (kind, frames.read_numbers(payload)) == (frames.ACK, [1, 2**63])


@pytest.mark.parametrize(
    "payload", [b"", b"short", bytes(24), bytes(8) + b"\xff" * 4, bytes(8) + b"\x01\0\0\0" + bytes(13) + b"x"]
)
def test_a_frame_that_contradicts_itself_is_an_error(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"A frame|The lengths"):
        frames.read_pieces(payload)
    assert frames.goes_on(frames.PIECES, payload) in {True, False}


def test_a_failure_comes_back_as_it_went_and_is_an_error_without_its_number() -> None:
    [(kind, payload)] = frames.FrameReader().feed(frames.failure(7, "observer_error"))
    assert (kind, frames.read_failure(payload)) == (frames.FAILED, (7, "observer_error"))
    with pytest.raises(ValueError, match="ends too early"):
        frames.read_failure(payload[:7])


def test_an_opening_that_ends_too_early_is_an_error() -> None:
    with pytest.raises(ValueError, match="too early"):
        frames.read_opening(b"short")


def test_an_absurd_length_is_an_error_rather_than_memory() -> None:
    with pytest.raises(ValueError, match="absurdly long"):
        list(frames.FrameReader().feed(b"\xff\xff\xff\xff\x01"))
