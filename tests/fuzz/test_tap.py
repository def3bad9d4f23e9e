"""Whatever bytes arrive on the tap, the observer reads frames, says no, and does not break."""

import json
from array import array
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from exporter.tap import frames
from exporter.tap.intake import Intake, Key, Totals
from exporter.tap.unpack import Timed, Unpacker
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
from tests.fakes.wires import MemoryTransport
from tests.fuzz.effort import effort
from tests.fuzz.grammar import NOISE, answers, pieces, places, requests

EVENTS = (
    Aborted, RequestBody, RequestEnded, RequestStarted, ResponseBody, ResponseEnded, ResponseRun, ResponseStarted,
)  # fmt: skip


class Nobody:
    """Listens to an intake and checks the types of what it hears."""

    def known(self, key: Key) -> bool:
        return False

    def received(self, key: Key, events: list[Timed]) -> None:
        assert all(isinstance(event, EVENTS) and isinstance(at, int) for event, at in events)

    def forget(self, key: Key) -> None:
        assert isinstance(key[1], int)

    def totals(self, relay: str, totals: Totals) -> None:
        assert isinstance(relay, str)

    def joined(self, relay: str, intake: Intake) -> None:
        assert isinstance(relay, str)

    def left(self, relay: str) -> None:
        assert isinstance(relay, str)


blobs = st.one_of(
    st.binary(max_size=40),
    requests(wild=True),
    answers(wild=True),
    st.builds(frames.opening, st.integers(0, 1 << 62), st.integers(0, 9), st.just(b"engine:1"), requests(wild=True)),
    st.sampled_from([b"client closed", b"upstream", b"\xff", b"5\r\nhello\r\n", b"zz", *NOISE]),
)
stamps = st.integers(-(1 << 62), 1 << 62)
contents = st.lists(st.tuples(st.integers(0, 255), stamps, blobs), max_size=8)


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """A PIECES payload, perhaps damaged."""
    told = draw(contents)
    kinds = bytes(kind % 9 if draw(st.integers(0, 9)) else kind for kind, _, _ in told)
    times = array("q", [at for _, at, _ in told]).tobytes()
    data = frames.pieces(draw(st.integers(0, 3)), kinds, times, [blob for _, _, blob in told])[5:]
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=8)) + data[at + draw(st.integers(0, 8)) :]
    return data


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["relay", "forwarded", "refused", "dropped", "problems", "x"]), inner),
    ),
    max_leaves=6,
).map(lambda value: json.dumps(value).encode())
HELLO = frames.frame(frames.HELLO, b'{"relay": "r"}')
some_frames = st.one_of(
    st.builds(frames.frame, st.just(frames.PIECES), payloads()),
    st.builds(frames.frame, st.sampled_from([frames.HELLO, frames.TOTALS]), st.one_of(JSON, st.binary(max_size=20))),
    st.builds(frames.frame, st.integers(0, 255), st.binary(max_size=20)),
    st.binary(max_size=20),
    st.just(HELLO),
)


@effort(150)
@given(st.lists(payloads(), max_size=4))
def test_a_damaged_frame_is_a_value_error_and_nothing_else(told: list[bytes]) -> None:
    unpacker = Unpacker()
    for payload in told:
        try:
            number, events = unpacker.feed(payload)
        except ValueError:
            continue
        assert isinstance(number, int)
        assert all(isinstance(event, EVENTS) for event, _ in events)


@effort(150)
@given(st.lists(some_frames, max_size=6), places)
def test_an_intake_closes_what_does_not_speak_its_language(told: list[bytes], at: Sequence[int]) -> None:
    intake = Intake(Nobody())
    transport = MemoryTransport(intake)
    for piece in pieces(b"".join([HELLO, *told]), at):
        if not transport.closed:
            intake.data_received(piece)
