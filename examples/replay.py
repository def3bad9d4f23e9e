"""Replays a trace against an OpenAI-compatible address with a real HTTP client, faster than it happened."""

import argparse
import asyncio
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import orjson
import uvloop
from traffic import Habits, Planned, UnusableTrace, plan, read_slice

TRACE = Path(__file__).with_name("azure_conv.parquet")
FIRST_MINUTE = 20.0
MINUTES = 6.0
SPEED = 8.0
TIMEOUT_SECONDS = 120.0
JSON = {"content-type": "application/json"}


@dataclass(slots=True)
class Seen:
    """What the client saw so far; times are seconds. `outcomes` counts completed, left, and failures by their name."""

    planned: int
    sent: int = 0
    in_flight: int = 0
    events: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    ttft: list[float] = field(default_factory=list)
    e2e: list[float] = field(default_factory=list)
    began: float = 0.0
    took: float = 0.0
    latest_send: float = 0.0

    @property
    def finished(self) -> int:
        """Requests that have ended, one way or another."""
        return self.outcomes.total()

    @property
    def failed(self) -> int:
        """Requests that neither completed nor were left by the client on purpose."""
        return self.finished - self.outcomes["completed"] - self.outcomes["left"]


async def replay(requests: list[Planned], url: str, seen: Seen) -> None:
    """Send each request at its time, whether or not earlier ones were answered; returns when all have ended."""
    connector, timeout = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(base_url=url, connector=connector, timeout=timeout) as client:
        seen.began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for request in requests:
                await asyncio.sleep(max(0.0, seen.began + request.at - time.monotonic()))
                seen.latest_send = max(seen.latest_send, time.monotonic() - seen.began - request.at)
                seen.sent += 1
                group.create_task(_send(client, request, seen))
        seen.took = time.monotonic() - seen.began


async def _send(client: aiohttp.ClientSession, request: Planned, seen: Seen) -> None:
    seen.in_flight += 1
    try:
        outcome = await _ask(client, request, seen)
    except (aiohttp.ClientError, TimeoutError) as error:
        outcome = type(error).__name__
    seen.in_flight -= 1
    seen.outcomes[outcome] += 1


async def _ask(client: aiohttp.ClientSession, request: Planned, seen: Seen) -> str:
    began = time.monotonic()
    events = 0
    content = orjson.dumps(request.body)
    async with client.post(request.path, data=content, headers=JSON) as response:
        if response.status != 200:
            return f"HTTP {response.status}"
        async for data in response.content.iter_any():
            if not events and request.stream:
                seen.ttft.append(time.monotonic() - began)
            arrived = data.count(b"data: {") if request.stream else 1
            events += arrived
            seen.events += arrived
            if request.leave_after is not None and events >= request.leave_after:
                return "left"
    seen.e2e.append(time.monotonic() - began)
    return "completed"


async def show(seen: Seen) -> None:
    """Keep one line of a terminal up to date, about four times a second, until cancelled; nothing in a pipe."""
    if not sys.stderr.isatty():
        return
    before = 0
    while True:
        await asyncio.sleep(0.25)
        share = 100 * seen.finished / max(1, seen.planned)
        rate = (seen.events - before) * 4
        before = seen.events
        line = (
            f"  {share:3.0f} %  {seen.sent:,} of {seen.planned:,} sent  {seen.in_flight} in flight  {rate:,} events/s"
        )
        print(f"\r{line:<78}", end="", file=sys.stderr, flush=True)


async def replay_and_show(requests: list[Planned], url: str) -> Seen:
    """Replay with progress on a terminal; what was seen."""
    seen = Seen(len(requests))
    progress = asyncio.create_task(show(seen))
    try:
        await replay(requests, url, seen)
    finally:
        progress.cancel()
        if sys.stderr.isatty():
            print("\r" + " " * 78 + "\r", end="", file=sys.stderr, flush=True)
    return seen


def quantile(values: list[float], share: float) -> float:
    """The nearest-rank quantile of `values`; nan where there are none."""
    if not values:
        return float("nan")
    return sorted(values)[max(0, -(-len(values) * round(share * 1000) // 1000) - 1)]


def summary(seen: Seen) -> str:
    """One line about what the client saw."""
    outcomes = ", ".join(f"{count:,} {name}" for name, count in seen.outcomes.most_common())
    times = f"TTFT p50 {1e3 * quantile(seen.ttft, 0.5):.0f} ms, p99 {1e3 * quantile(seen.ttft, 0.99):.0f} ms"
    late = f"latest sent {1e3 * seen.latest_send:.0f} ms late"
    return f"{seen.sent:,} requests in {seen.took:.1f} s ({outcomes}); {times}; {seen.events:,} events; {late}"


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="replay.py", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="where to send (http://127.0.0.1:8080)")
    parser.add_argument("--trace", type=Path, default=TRACE, help="Parquet with timestamp, model and token counts")
    parser.add_argument(
        "--first-minute", type=float, default=FIRST_MINUTE, help=f"start of the slice ({FIRST_MINUTE:g})"
    )
    parser.add_argument("--minutes", type=float, default=MINUTES, help=f"length of the slice ({MINUTES:g})")
    parser.add_argument("--speed", type=float, default=SPEED, help=f"times faster than it happened ({SPEED:g})")
    parser.add_argument("--seed", type=int, default=1, help="other prompts, other clients that leave (1)")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Replay; 0 if every request was answered or left on purpose, else 1, 2 for a trace that cannot be used."""
    told = options(arguments)
    try:
        rows = read_slice(told.trace, told.first_minute, told.minutes)
    except UnusableTrace as error:
        print(error, file=sys.stderr)
        return 2
    seen = uvloop.run(replay_and_show(plan(rows, told.speed, Habits(), told.seed), told.url))
    print(summary(seen))
    return 1 if seen.failed else 0


if __name__ == "__main__":
    sys.exit(main())
