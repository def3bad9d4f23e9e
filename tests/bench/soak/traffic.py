"""The soak's load: streams that follow one another without a pause, and requests at a steady rate beside them."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from tests.bench.soak.answers import GAP_US, Answer, Expected, Fate, Outcome, Plan, planned, right

CHUNKS_PER_SECOND = 2000
REQUESTS_PER_SECOND = 50
_STREAMS = CHUNKS_PER_SECOND * GAP_US // 1_000_000 + 2
"""Two more than would do if none ever waited for its next head."""
_ASKERS = 10
_PATIENCE_SECONDS = 30.0


@dataclass(slots=True)
class Tally:
    """What clients saw so far; of those that `left_early` nobody knows whether the sidecar had begun with them.

    `stray` counts bytes that came after an answer was over.
    """

    asked: int = 0
    left_early: int = 0
    chunks: int = 0
    stray: int = 0
    ends: Counter[tuple[Fate, Outcome]] = field(default_factory=Counter)

    @property
    def wrong(self) -> int:
        """Exchanges that did not end as they must."""
        return self.stray + sum(n for (fate, outcome), n in self.ends.items() if not right(fate, outcome))


class Connection(asyncio.Protocol):
    """A client's connection, for one exchange after the other."""

    def __init__(self, tally: Tally) -> None:
        self.closed = False
        self._tally = tally
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._leave: int | None = None
        self._end: asyncio.Future[Outcome] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # stream transports are what is connected here

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._ended(Outcome.BROKEN_OFF)

    def data_received(self, data: bytes) -> None:
        answer = self._answer
        if answer is None or answer.outcome is not Outcome.OPEN:
            self._tally.stray += 1
            self.close()
            return
        outcome = answer.feed(data)
        if outcome is not Outcome.OPEN:
            self._ended(outcome)
        elif self._leave is not None and answer.events >= self._leave:
            self._ended(Outcome.LEFT)

    def close(self) -> None:
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    async def exchange(self, plan: Plan, answer: Answer) -> Outcome:
        """Sends the request and waits for the end of its answer; the connection can be used again after a whole one."""
        self._answer, self._leave = answer, plan.leave
        self._end = asyncio.get_running_loop().create_future()
        assert self._transport is not None
        self._transport.write(plan.request())
        if plan.leave == 0:
            self._ended(Outcome.LEFT)
        try:
            outcome = await asyncio.wait_for(self._end, _PATIENCE_SECONDS)
        except TimeoutError:
            outcome = Outcome.UNFINISHED
        self._answer = self._end = None
        self._tally.chunks += answer.events
        self._tally.ends[plan.fate, outcome] += 1
        if outcome is not Outcome.WHOLE:
            self.close()
        return outcome

    def _ended(self, outcome: Outcome) -> None:
        if self._end is not None and not self._end.done():
            self._end.set_result(outcome)


class Traffic:
    """The load against one port; `active` is how many clients are at work."""

    def __init__(self, port: int, expected: Expected, random: Random) -> None:
        self.tally = Tally()
        self.active = 0
        self._worked = 0.0
        self._since = 0.0
        self._port = port
        self._expected = expected
        self._random = random
        self._go = asyncio.Event()
        self._slots: list[asyncio.Task[None]] = []

    @property
    def worked(self) -> float:
        """Seconds under load."""
        return self._worked + (time.monotonic() - self._since if self._since else 0.0)

    def start(self) -> None:
        """Starts all clients; none of them does anything before `resume`."""
        loop = asyncio.get_running_loop()
        each_after = _ASKERS / REQUESTS_PER_SECOND
        streams = [self._slot(True, 0.0, number * GAP_US / 1e6 / _STREAMS) for number in range(_STREAMS)]
        askers = [self._slot(False, each_after, number * each_after / _ASKERS) for number in range(_ASKERS)]
        self._slots = [loop.create_task(each) for each in (*streams, *askers)]

    def resume(self) -> None:
        """Lets the clients go on."""
        self._since = time.monotonic()
        self._go.set()

    async def pause(self) -> None:
        """Lets every exchange end and every connection close. Raises what went wrong in a client."""
        self._worked, self._since = self.worked, 0.0
        self._go.clear()
        while self.active:
            await asyncio.sleep(0.05)
            self.check()

    def check(self) -> None:
        """Raises what went wrong in a client."""
        for each in self._slots:
            if each.done():
                each.result()

    async def stop(self) -> None:
        """Ends all clients."""
        for each in self._slots:
            each.cancel()
        await asyncio.gather(*self._slots, return_exceptions=True)

    async def _slot(self, stream: bool, period: float, phase: float) -> None:
        """One client: streams one after the other, or a whole answer every `period` seconds."""
        loop = asyncio.get_running_loop()
        while True:
            await self._go.wait()
            self.active += 1
            connection: Connection | None = None
            await asyncio.sleep(phase)
            due = loop.time()
            while self._go.is_set():
                plan = planned(self.tally.asked, self._random, stream=stream)
                self.tally.asked += 1
                connection = await self._one(plan, connection)
                due = max(due + period, loop.time())
                await asyncio.sleep(due - loop.time() if period else 0)
            if connection is not None:
                connection.close()
            self.active -= 1

    async def _one(self, plan: Plan, connection: Connection | None) -> Connection:
        if connection is None or connection.closed:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(lambda: Connection(self.tally), "127.0.0.1", self._port)
        self.tally.left_early += plan.fate is Fate.LEAVES_EARLY
        await connection.exchange(plan, Answer(self._expected, plan))
        return connection
