"""`python -m tests.bench.soak`: lets a sidecar run for an hour before an engine that fails and clients that leave."""

import argparse
import asyncio
import json
import os
import resource
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random

import uvloop
from rich.console import Console

from tests.bench import document, processes, programs, scrape
from tests.bench.__main__ import PAGE, ROOT
from tests.bench.soak import account, answers, page, plot, watch
from tests.bench.soak.account import Terms
from tests.bench.soak.schedule import Event, schedule
from tests.bench.soak.traffic import Traffic
from tests.bench.soak.verdict import courses, verdicts
from tests.bench.soak.watch import Sample
from tests.fakes.processes import Sidecar, sidecar

_WIDTH = 120
_SAMPLES = 600
"""About as many samples a run has; never more than one a second."""
_IDLE_SECONDS = 6.0
"""How long connections to the engine stay open without work (4 s), and how often that is looked after (1 s)."""
_QUIET_SECONDS = 90.0
"""How long the account may take to come to rest: the observer may just have been killed, and is niced."""
_SAME_TIMES = 12
"""An account that is not exact and was the same so many times will not become exact."""
_PAGE_SECONDS = 1.2
"""A page of metrics is up to a second old; two that agree further apart are of different moments."""


def main() -> int:
    """Runs the soak; returns 0 where everything is as it must be."""
    told = _told()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    told.out.mkdir(parents=True, exist_ok=True)
    engine, _ = programs.compiled(told.out / "programs")
    with programs.started_engine(engine, None) as port, tempfile.TemporaryDirectory() as folder:
        with sidecar(f"http://127.0.0.1:{port}", Path(folder)) as running:
            soak = Soak(running, port, told.minutes * 60, Random(told.seed))  # noqa: S311 - no secret
            uvloop.run(soak.run())
            soak.ended(running.stop())
        (told.out / "soak.log").write_text(running.log)
    return _report(told, soak)


def _told() -> argparse.Namespace:
    parser = argparse.ArgumentParser("tests.bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="minutes under load (60)")
    parser.add_argument("--seed", type=int, default=1, help="of lengths and faults (1)")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "soak", help="folder for results (build/soak)")
    parser.add_argument("--write", action="store_true", help="also write the run into docs/performance.md")
    return parser.parse_args()


class Soak:
    """One run and what it found."""

    def __init__(self, running: Sidecar, engine: int, seconds: float, random: Random) -> None:
        self.seconds = seconds
        self.samples: list[Sample] = []
        self.accounts: list[Terms] = []
        self.done: list[Event] = []
        self.twice = 0
        self.traffic = Traffic(running.port, answers.learned(engine), random)
        self._running = running
        self._started = 0.0
        self._load = (0.0, 0)

    async def run(self) -> None:
        """The whole run; at its end nothing is in flight."""
        self._started = time.monotonic()
        self._load = (time.monotonic(), processes.cpu([os.getpid()]).total_ns)
        self.traffic.start()
        self.traffic.resume()
        sampling = asyncio.create_task(self._keep_sampling())
        for event in schedule(self.seconds):
            while self.traffic.worked < event.at:
                await asyncio.sleep(0.1)
                self.traffic.check()
            await self._happen(event)
            self.done.append(replace(event, at=round(self._at(), 1)))
        sampling.cancel()
        await self.traffic.stop()

    def ended(self, status: int) -> None:
        """The account once more, when the sidecar has ended and every record is Parquet."""
        last = self.accounts[-1]
        found = account.rows(self._running.records)
        rows_now = found.get(max(found, default=""), 0)
        self.accounts.append(replace(last, rows=sum(found.values()), rows_now=rows_now))
        self.twice = account.twice(self._running.records)
        if status:
            raise SystemExit(
                f"The sidecar ended with status {status}; the end of its log:\n{self._running.log[-2000:]}"
            )

    @property
    def unasked(self) -> int:
        """How far the relay's count is from the clients', beyond those that left before anybody could say."""
        tally, last = self.traffic.tally, self.accounts[-1]
        surely = tally.asked - last.refused.get("upstream_unreachable", 0)
        return max(0, last.forwarded - surely, surely - tally.left_early - last.forwarded)

    def _at(self) -> float:
        return time.monotonic() - self._started

    async def _happen(self, event: Event) -> None:
        if event.kind == "quiet":
            await self._quiet()
            return
        observer = watch.family(self._running.process.pid).get("observer")
        if observer is None:
            return  # it is being started again
        with suppress(ProcessLookupError):
            if event.seconds:
                os.kill(observer, signal.SIGSTOP)
                await asyncio.sleep(event.seconds)
            os.kill(observer, signal.SIGCONT if event.kind == "stop" else signal.SIGKILL)

    async def _quiet(self) -> None:
        """Pauses the load, waits until the account does not change any more, and reads everything."""
        await self.traffic.pause()
        idle = asyncio.create_task(asyncio.sleep(_IDLE_SECONDS))
        end = time.monotonic() + _QUIET_SECONDS
        last: Terms | None = None
        same = 0
        while time.monotonic() < end and same < _SAME_TIMES and not (same and last is not None and last.exact):
            with suppress(OSError):
                now = await asyncio.to_thread(self._read)
                same = same + 1 if now == last else 0
                last = now
            await asyncio.sleep(_PAGE_SECONDS)
        if last is None:
            raise SystemExit(f"The observer does not answer; the end of its log:\n{self._running.log[-2000:]}")
        await idle
        self.accounts.append(last)
        self._sample(quiet=True)
        self.traffic.resume()

    def _read(self) -> Terms:
        return account.terms(scrape.read(f"{self._running.admin}/metrics"), self._running.records)

    async def _keep_sampling(self) -> None:
        while True:
            self._sample()
            await asyncio.sleep(max(1.0, self.seconds / _SAMPLES))

    def _sample(self, *, quiet: bool = False) -> None:
        at, used = time.monotonic(), processes.cpu([os.getpid()]).total_ns
        load = (used - self._load[1]) / 1e9 / max(1e-3, at - self._load[0])
        self._load = (at, used)
        tally = self.traffic.tally
        held = watch.held(self._running.process.pid)
        self.samples.append(Sample(round(self._at(), 1), held, tally.chunks, tally.asked, round(load, 3), quiet))


def _report(told: argparse.Namespace, soak: Soak) -> int:
    tally = soak.traffic.tally
    course = courses(soak.samples)
    judged = verdicts(course, soak.accounts, tally.wrong, soak.twice, soak.unasked)
    found = page.Found(soak.traffic.worked, soak.samples, soak.accounts, soak.done, tally, course, judged)
    console = Console()
    console.width = max(console.width, _WIDTH)
    page.show(console, found)
    plot.draw(found, told.out / "soak.svg")
    machine = {**programs.machine(), "seed": str(told.seed)}
    (told.out / "soak.json").write_text(json.dumps({"machine": machine, **found.as_dict()}, indent=1) + "\n")
    console.print(f"\nResults are in {told.out}: soak.json, soak.svg and soak.log.")
    if told.write:
        document.write(PAGE, page.markdown(machine, found), "soak")
        (PAGE.parent / "images" / "soak.svg").write_bytes((told.out / "soak.svg").read_bytes())
        console.print(f"{PAGE} holds this run.")
    return int(any(each.met is False for each in judged))


if __name__ == "__main__":
    sys.exit(main())
