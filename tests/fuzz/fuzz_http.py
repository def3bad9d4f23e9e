"""Fuzzes the relay with both sides of HTTP: `python tests/fuzz/fuzz_http.py -max_total_time=60`."""

import asyncio
import sys
from itertools import islice
from pathlib import Path

import atheris

sys.path[0] = str(Path(__file__).parents[2])

with atheris.instrument_imports(include=["exporter", "h11"]):
    from tests.fakes.wires import House
    from tests.fuzz import test_answers
    from tests.fuzz.grammar import FIELDS, NOISE, ODD_FIELDS, known_answers, known_attacks, known_codings
    from tests.fuzz.guided import reads, run, seed
    from tests.fuzz.story import KINDS, Story, check
    from tests.fuzz.test_requests import SMALL

ANSWERED = 128
LOOP = asyncio.new_event_loop()


def requests(choice: int, pieces: list[bytes]) -> None:
    """The reads come from a client."""
    kind = KINDS[choice % len(KINDS)]
    house = House(connect_at_once=choice % 2 == 0, by_body=choice % 5 == 4, limits=SMALL if choice % 4 == 3 else None)
    story = Story(house, [kind, "length"], eager=choice % 3 == 0)
    LOOP.run_until_complete(story.play(pieces))
    check(story, b"".join(pieces))


def answers(choice: int, pieces: list[bytes]) -> None:
    """The reads come from an engine."""
    method = (b"GET", b"POST", b"HEAD")[choice % 3]
    test_answers.story(method, pieces, test_answers.ENDS[choice // 3 % 3])


def one_input(data: bytes) -> None:
    """Plays what the input means."""
    choice, pieces = reads(data)
    if choice & ANSWERED:
        answers(choice - ANSWERED, pieces)
    else:
        requests(choice, pieces)


def seeds() -> list[bytes]:
    """A tenth of the known attacks, and valid messages, in one read and byte by byte."""
    asked = [*islice(known_attacks(), 0, None, 10), *islice(known_codings(), 0, None, 5)]
    answered = [*islice(known_answers(), 0, None, 10)]
    valid = b"POST /v1/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n"
    asked += [valid * 2, b"GET http://h/v1/x HTTP/1.0\r\n\r\n", valid + b"HEAD /v1/x HTTP/1.1\r\nHost: h\r\n\r\n"]
    return [
        seed(number % ANSWERED + side, data, every_byte=number % 2 == 0)
        for side, streams in ((0, asked), (ANSWERED, answered))
        for number, data in enumerate(streams)
    ]


if __name__ == "__main__":
    run(one_input, seeds(), [*NOISE, *FIELDS, *ODD_FIELDS])
