"""`python -m tests.gpu.load URL OUT LOAD…`: recorded lengths at a rate, or so many at once, and what the client saw.

A load is RATE:SECONDS for Poisson arrivals, -N:SECONDS for N requests at once, either with :ISL:OSL for constant
lengths. OUT gets a JSON array for each request: load, start, ISL, OSL, TTFT and E2E in seconds, and the prompt and
completion tokens of the usage.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp
import duckdb
import uvloop

_TRACE: Final = Path(__file__).parents[2] / "examples" / "azure_conv.parquet"
_LENGTHS: Final = "SELECT input_tokens, output_tokens FROM read_parquet(?) WHERE input_tokens < 7000"
_PAUSE_SECONDS: Final = 3.0
Lengths = Callable[[], tuple[int, int]]


class Load:
    """Sends requests to one address and keeps what came of them in `rows`."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self.rows: list[list[object]] = []
        self._session = session
        self._url = f"{base}/v1/completions"
        self._rng = random.Random(7)  # noqa: S311 - prompts, not secrets

    async def at_a_rate(self, name: str, rate: float, seconds: float, lengths: Lengths) -> None:
        """Poisson arrivals; returns when all are answered."""
        tasks, began, due = set(), time.time(), 0.0
        while due < seconds:
            await asyncio.sleep(max(0.0, began + due - time.time()))
            tasks.add(asyncio.create_task(self._ask(name, *lengths())))
            due += self._rng.expovariate(rate)
        await asyncio.gather(*tasks)

    async def at_once(self, name: str, many: int, seconds: float, lengths: Lengths) -> None:
        """Each of `many` clients asks again as soon as it has its answer."""
        until = time.time() + seconds

        async def client() -> None:
            while time.time() < until:
                await self._ask(name, *lengths())

        await asyncio.gather(*(client() for _ in range(many)))

    async def _ask(self, name: str, isl: int, osl: int) -> None:
        body = {
            "model": "m",
            "prompt": [self._rng.randrange(3, 128_000) for _ in range(isl)],
            "max_tokens": osl,
            "ignore_eos": True,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        began, first, last, usage = time.time(), 0.0, 0.0, dict[str, int]()
        async with self._session.post(self._url, json=body) as answer:
            answer.raise_for_status()
            async for line in answer.content:
                if line.startswith(b"data: {"):
                    event: dict[str, Any] = json.loads(line[6:])
                    usage = event.get("usage") or usage
                    if event["choices"]:
                        last = time.time()
                        first = first or last
        counts = (usage["prompt_tokens"], usage["completion_tokens"])
        self.rows.append([name, began, isl, osl, first - began, last - began, *counts])


async def run(base: str, loads: list[str]) -> list[list[object]]:
    """One load after the other."""
    recorded = duckdb.execute(_LENGTHS, [str(_TRACE)]).fetchall()
    drawn = random.Random(3)  # noqa: S311 - a sample
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:
        load = Load(session, base)
        for name in loads:
            rate, seconds, *fixed = map(float, name.split(":"))
            constant = (int(fixed[0]), int(fixed[1])) if fixed else None
            lengths = partial(drawn.choice, [constant] if constant else recorded)
            if rate > 0:
                await load.at_a_rate(name, rate, seconds, lengths)
            else:
                await load.at_once(name, round(-rate), seconds, lengths)
            await asyncio.sleep(_PAUSE_SECONDS)
    return load.rows


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(uvloop.run(run(sys.argv[1], sys.argv[3:]))))
