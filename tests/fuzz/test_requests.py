"""Whatever a client sends, the engine gets the requests that an independent reader finds in it, and no other."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.proxy.ports import Limits
from exporter.proxy.usage import UsageAsking
from exporter.wire.http1 import BadMessage, repeated, request_head
from tests.fakes.wires import House
from tests.fuzz.effort import effort
from tests.fuzz.grammar import known_attacks, known_codings, pieces, places, repetitions, streams
from tests.fuzz.story import KINDS, Story, check

SMALL = Limits(head_bytes=400, header_lines=6, body_bytes=1000)
GATHERS = ("never", "for its model", "for usage")
"""Why the whole body is read before it goes on."""
kinds = st.lists(st.sampled_from(KINDS), min_size=1, max_size=3)


def play(data: bytes, at: Sequence[int], answers: list[str], house: House, *, eager: bool) -> Story:
    async def run() -> Story:
        story = Story(house, answers, eager=eager)
        await story.play(pieces(data, at))
        return story

    return asyncio.run(run())


@pytest.mark.parametrize("every", [0, 1, 7])
@pytest.mark.parametrize("kind", ["length", "early"])
def test_no_known_attack_works_however_its_bytes_are_cut(every: int, kind: str) -> None:
    for data in (*known_attacks(), *known_codings()):
        at = range(0, len(data), every) if every else ()
        check(play(data, at, [kind], House(), eager=bool(every)), data)


@effort(150)
@given(streams(wild=True), places, kinds, st.booleans(), st.booleans(), st.booleans(), st.sampled_from(GATHERS))
def test_no_request_is_smuggled_past_the_relay(
    data: bytes, at: Sequence[int], answers: list[str], eager: bool, slow: bool, small: bool, gathers: str
) -> None:
    usage = UsageAsking() if gathers == "for usage" else None
    limits = SMALL if small else None
    house = House(connect_at_once=not slow, by_body=gathers == "for its model", limits=limits, usage=usage)
    check(play(data, at, answers, house, eager=eager), data)


@effort(100)
@given(streams(wild=False), places, kinds, st.booleans())
def test_valid_requests_are_never_refused(data: bytes, at: Sequence[int], answers: list[str], eager: bool) -> None:
    story = play(data, at, answers, House(), eager=eager)
    check(story, data)
    assert set(story.house.mailbox.refused) <= {"upstream_error"}


@effort(100)
@given(streams(wild=True), places, st.booleans())
def test_how_the_bytes_are_cut_makes_no_difference(data: bytes, at: Sequence[int], small: bool) -> None:
    limits = SMALL if small else None
    whole = play(data, [], ["length"], House(limits=limits), eager=False)
    cut = play(data, at, ["length"], House(limits=limits), eager=True)
    assert cut.house.mailbox.refused.total() == whole.house.mailbox.refused.total()
    assert cut.caller.closed == whole.caller.closed
    assert cut.engine.completed == whole.engine.completed


@effort(400)
@given(repetitions())
def test_what_is_taken_for_the_last_head_again_is_what_reading_it_gives(heads: tuple[bytes, bytes]) -> None:
    first, second = heads
    try:
        known = request_head(first)
    except BadMessage:
        return
    again = repeated(second, known)
    assert again is None or again == request_head(second)
