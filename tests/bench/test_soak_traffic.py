"""The soak's clients before the real engine: what it breaks off is seen, and what it does not arrives whole."""

import asyncio
import shutil
from collections.abc import Iterator
from random import Random

import pytest

from tests.bench import programs
from tests.bench.soak.answers import Answer, Expected, Fate, Outcome, Plan, learned
from tests.bench.soak.traffic import Connection, Tally, Traffic

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler"),
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    program, _ = programs.compiled(tmp_path_factory.mktemp("programs"))
    with programs.started_engine(program, None) as port:
        yield port


@pytest.fixture(scope="module")
def expected(engine: int) -> Expected:
    return learned(engine)


async def seen(port: int, expected: Expected, plan: Plan) -> tuple[Outcome, int]:
    """How one exchange ends without a proxy in between, and how many events came."""
    loop = asyncio.get_running_loop()
    tally = Tally()
    _, connection = await loop.create_connection(lambda: Connection(tally), "127.0.0.1", port)
    outcome = await connection.exchange(plan, Answer(expected, plan))
    connection.close()
    return outcome, tally.chunks


@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
@pytest.mark.parametrize("events", [0, 5], ids=["whole", "stream"])
@pytest.mark.parametrize(
    ("fate", "cut"), [(Fate.CUT_BEFORE_HEAD, 0), (Fate.CUT_AFTER_HEAD, 1), (Fate.CUT_INSIDE, 4)], ids=["0", "1", "4"]
)
def test_an_answer_that_the_engine_breaks_off_is_seen_to_be_broken(
    engine: int, expected: Expected, fate: Fate, cut: int, events: int, reset: bool
) -> None:
    outcome, came = asyncio.run(seen(engine, expected, Plan(1, fate, events, cut, reset)))
    assert outcome is Outcome.BROKEN_OFF
    assert came == (3 if events and cut == 4 else 0)


@pytest.mark.parametrize("events", [0, 1, 180])
def test_an_undisturbed_answer_arrives_whole(engine: int, expected: Expected, events: int) -> None:
    assert asyncio.run(seen(engine, expected, Plan(1, Fate.UNDISTURBED, events))) == (Outcome.WHOLE, events)


def test_a_client_leaves_when_it_is_meant_to(engine: int, expected: Expected) -> None:
    assert asyncio.run(seen(engine, expected, Plan(1, Fate.LEAVES, 100, leave=2))) == (Outcome.LEFT, 2)


def test_after_a_pause_every_request_has_ended_as_it_must(engine: int, expected: Expected) -> None:
    async def story() -> Tally:
        traffic = Traffic(engine, expected, Random(1))  # noqa: S311 - no secret
        traffic.start()
        traffic.resume()
        await asyncio.sleep(0.5)
        await traffic.pause()
        await traffic.stop()
        assert traffic.active == 0
        return traffic.tally

    tally = asyncio.run(story())
    assert sum(tally.ends.values()) == tally.asked > 50
    assert tally.wrong == 0
