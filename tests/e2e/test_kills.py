"""Killed by kill -9 at any moment, the sidecar loses at most a second of records and leaves no unreadable file.

`make kills` does it fifty times; KILLS and KILL_SEED say how often and at which moments.
"""

import asyncio
import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

from exporter.sinks.spool import Reading
from tests.fakes.processes import Engine, Sidecar, eventually

pytestmark = pytest.mark.e2e

OBSERVER = "tokentide-observer"
KILLS = int(os.environ.get("KILLS", "10"))
EVERYTHING_EVERY = 4
LARGE_EVERY = 100
"""One request in so many is too large to be told twice, so that losses that are counted do happen."""


class Clients:
    """Four clients in a thread that ask without pause; `ended` says when each whole answer had been read."""

    def __init__(self, url: str, seed: int) -> None:
        self._url = url
        self._chance = random.Random(seed)  # noqa: S311 - chooses requests, not secrets
        self._over = False
        self.begun: dict[str, float] = {}
        self.ended: dict[str, float] = {}
        self.failed: dict[str, float] = {}
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()))

    def __enter__(self) -> "Clients":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._thread.join()

    async def _all(self) -> None:
        async with httpx.AsyncClient(timeout=20) as client:
            await asyncio.gather(*(self._ask_on(client, number) for number in range(4)))

    async def _ask_on(self, client: httpx.AsyncClient, number: int) -> None:
        turn = 0
        while not self._over:
            turn += 1
            name = f"client-{number}-{turn}"
            self.begun[name] = time.time()
            whole = await self._ask(client, name, large=self._chance.random() < 1 / LARGE_EVERY)
            (self.ended if whole else self.failed)[name] = time.time()
            if not whole:
                await asyncio.sleep(0.02)

    async def _ask(self, client: httpx.AsyncClient, name: str, *, large: bool) -> bool:
        script = {"ttft_ms": 80, "itl_ms": 2, "tokens": self._chance.randint(1, 20), "usage": "always"}
        content = "apple " * (100_000 if large else 5)
        body = {
            "model": "gpt-4o",
            "stream": True,
            "x_script": script,
            "messages": [{"role": "user", "content": content}],
        }
        try:
            url = f"{self._url}/v1/chat/completions"
            answer = await client.post(url, json=body, headers={"x-request-id": name})
        except httpx.HTTPError:
            return False
        return answer.status_code == 200 and answer.text.rstrip().endswith("[DONE]")


@dataclass
class Reader:
    """Somebody who looks into the folder all the time and reads each file as soon as it has its name."""

    folder: Path
    names: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        over = threading.Event()

        def look() -> None:
            while not over.wait(0.02):
                self.look()

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def look(self) -> None:
        """Reads what is new; a file that was written again is new."""
        with self._lock:
            for file in self.folder.glob("date=*/hour=*/*.parquet"):
                key = (str(file), file.stat().st_ino)
                if key in self.names:
                    continue
                try:
                    self.names[key] = pq.ParquetFile(file).read(["request_id"])["request_id"].to_pylist()
                except (OSError, ValueError) as error:
                    self.unreadable.append(f"{file}: {error}")

    def filed(self) -> Counter[str]:
        """How often each request is in the files that are there now."""
        self.look()
        with self._lock:
            there = {(str(file), file.stat().st_ino) for file in self.folder.glob("date=*/hour=*/*.parquet")}
            return Counter(name for key in there for name in self.names.get(key, ()))

    def safe(self) -> set[str]:
        """Requests in the spool or in a file; the spool first, because records go from there to files."""
        spooled: set[str] = set()
        for segment in (self.folder / ".spool").glob("*.spool"):
            with contextlib.suppress(FileNotFoundError):
                spooled |= {str(entry.record["request_id"]) for entry in Reading(segment)}
        return spooled | set(self.filed())


@dataclass
class Story:
    """One sidecar after the other in one folder, killed again and again; `lost` are the requests given up by now."""

    engine: Engine
    folder: Path
    chance: random.Random
    clients: Clients
    reader: Reader
    running: Sidecar
    lost: set[str] = field(default_factory=set)
    counted: int = 0
    restarted: list[float] = field(default_factory=list)

    def missing(self, before: float) -> set[str]:
        """Requests that ended before a moment, are nowhere, and have not been given up yet."""
        safe = self.reader.safe()
        return {name for name, ended in self.clients.ended.copy().items() if ended < before} - safe - self.lost

    def dropped(self) -> int:
        """Losses that the running sidecar has counted."""
        return sum(self.running.live()["dropped"].values())

    def settle(self, when: str) -> float:
        """Waits until all that has ended by now is there, but for what was counted; returns the seconds it took."""
        now = time.time()
        try:
            eventually(lambda: len(self.missing(now)) <= self.dropped(), "the account")
        except AssertionError:
            missing = {name: self.clients.ended[name] for name in self.missing(now)}
            told = f"{missing} are missing {when}, {self.dropped()} counted; all was killed at {self.restarted}"
            raise AssertionError(told) from None
        return time.time() - now

    def kill_observer(self) -> None:
        """At any moment, also while it starts or reads the spool: nothing may be missing that was not counted."""
        pid = eventually(self._observer, "an observer")
        time.sleep(self.chance.uniform(0.0, 0.6))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if self.chance.random() < 0.5:
            self.running.wait_ready()
            self.settle("after the observer's death")

    def kill_everything(self) -> None:
        """From a healthy state, at any moment: what ended more than a second before is there, or was counted.

        On a busy machine the observer lags behind the relay by more than it should; that much is allowed besides.
        """
        self.running.wait_ready()
        self.settle("before the death of all")
        lag = self.settle("before the death of all")
        time.sleep(self.chance.uniform(0.0, 1.0))
        dropped = self.dropped()
        self.running.kill_everything()
        at = time.time()
        assert len(self.missing(at - 1.0 - lag)) <= dropped
        assert max(self.reader.filed().values(), default=1) == 1, "an exchange was recorded twice"
        self.lost |= {name for name, begun in self.clients.begun.copy().items() if begun < at} - self.reader.safe()
        self.counted += dropped
        self.restarted.append(at)
        self.running = start(self.engine, self.folder, self.running)

    def _observer(self) -> int | None:
        with contextlib.suppress(AssertionError):
            return self.running.child(OBSERVER)
        return None


def start(engine: Engine, folder: Path, before: Sidecar | None = None) -> Sidecar:
    at = (before.url, before.admin, before.health) if before is not None else ()
    return Sidecar(engine.url, folder, settings="rotate_seconds = 0.1\n", at=at)


def test_killed_at_random_moments_it_loses_at_most_a_second_and_writes_nothing_unreadable(
    engine: Engine, tmp_path: Path
) -> None:
    seed = int(os.environ.get("KILL_SEED") or time.time_ns() % 1_000_000)
    print(f"{KILLS} kills with KILL_SEED={seed}")
    began = time.monotonic()
    running = start(engine, tmp_path)
    reader = Reader(tmp_path / "records")
    chance = random.Random(seed)  # noqa: S311 - chooses moments, not secrets
    try:
        running.wait_ready()
        with reader.reading(), Clients(running.url, seed) as clients:
            story = Story(engine, tmp_path, chance, clients, reader, running)
            try:
                for number in range(KILLS):
                    if number % EVERYTHING_EVERY == EVERYTHING_EVERY - 1:
                        story.kill_everything()
                    else:
                        story.kill_observer()
                story.running.wait_ready()
            finally:
                running = story.running
        eventually(lambda: running.live()["in_flight"]["requests"] == 0, "the end of all observation")
        story.settle("at the end")
        counted = story.counted + story.dropped()
        assert running.stop() == 0
    finally:
        if running.process.poll() is None:
            running.kill_everything()
    filed = reader.filed()
    missing = set(clients.ended) - set(filed)
    print(f"{len(clients.ended)} requests, {len(filed)} records in {len(reader.names)} files, {len(missing)} lost")
    print(f"{counted} losses counted; all killed {len(story.restarted)} times; {time.monotonic() - began:.0f} s")
    assert reader.unreadable == []
    assert max(filed.values()) == 1, "an exchange was recorded twice"
    assert len(missing - story.lost) <= counted
    assert all(any(at - 0.5 < failed < at + 10 for at in story.restarted) for failed in clients.failed.values())
    assert not list((reader.folder / ".spool").iterdir())
    assert not list(reader.folder.rglob("*.partial"))
