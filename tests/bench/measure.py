"""One run: a scenario against a proxy, with processor time and memory read around the measured window."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import processes, scrape
from tests.bench.own import Buckets, Quantiles, between
from tests.bench.peers import Running
from tests.bench.processes import Cpu
from tests.bench.scenarios import Scenario

PHASES = ("request", "first_byte", "chunk")
_SETTLE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Run:
    """What one run gave; CPU in microseconds per unit, latencies in microseconds, memory in KB, shares from 0 to 1.

    `foreign` is how much of the proxy's core others used. `observer_us` counts until the observer has nothing left to
    do. `dropped` are exchanges that the observer did not see, by reason, of `exchanges` that the proxy forwarded. `own`
    is what the sidecar itself says that it added, by phase, from the start of the run to its end.
    """

    peer: str
    scenario: str
    round: int
    units: int
    seconds: float
    relay_us: float | None
    system: float | None
    core: float
    foreign: float
    observer_us: float | None
    p50_us: float | None
    p99_us: float | None
    first_p50_us: float | None
    rss_idle_kb: int
    rss_kb: int
    observer_rss_kb: int
    exchanges: int = 0
    written: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    wrong: Mapping[str, int] = field(default_factory=dict)
    own: Mapping[str, Quantiles] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Units per second."""
        return self.units / self.seconds


@dataclass(frozen=True, slots=True)
class _Reading:
    at_ns: int
    relay: Cpu
    observer: Cpu
    idle_ns: int
    rss_kb: int
    observer_rss_kb: int


@dataclass(frozen=True, slots=True)
class _Page:
    """The sidecar's own counters."""

    forwarded: int = 0
    written: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    added: Mapping[str, Buckets] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where runs take place: the load generator's program, and the cores of the load and of the proxy."""

    load: Path
    load_core: int
    proxy_core: int

    def run(self, scenario: Scenario, running: Running, number: int) -> Run:
        """One scenario against one proxy. Raises SystemExit when the load generator fails."""
        set_engine(running.at.engine, scenario)
        page = _page(running)
        command = [str(self.load), *scenario.arguments(running.port, running.peer.loose)]
        before = self._read(running)
        load = processes.start(command, self.load_core, subprocess.PIPE)
        assert load.stdout is not None
        marks = []
        for name in ("begin", "end"):
            if load.stdout.readline().strip() != name:
                raise SystemExit(f"The load generator failed in scenario {scenario.key} against {running.peer.name}.")
            marks.append(self._read(running))
        said = json.loads(load.stdout.read())
        load.wait()
        after, told = self._told(running, page.forwarded + said["all_requests"])
        return _result(scenario, running, number, said, (before, marks[0], marks[1], after), page, told)

    def _read(self, running: Running) -> _Reading:
        relay, observer = processes.cpu(running.relay), processes.cpu(running.observer)
        rss, observer_rss = processes.rss_kb(running.relay), processes.rss_kb(running.observer)
        return _Reading(time.monotonic_ns(), relay, observer, processes.idle_ns(self.proxy_core), rss, observer_rss)

    def _told(self, running: Running, forwarded: int) -> tuple[_Reading, _Page]:
        """A reading at rest, and the sidecar's counters once they know of all requests.

        An observer that gets no processor time seems to be at rest; its counters tell that it is not.
        """
        limit = time.monotonic() + _SETTLE_SECONDS
        reading, page = self._settled(running), _page(running)
        while running.observer and page.forwarded < forwarded and time.monotonic() < limit:
            reading, page = self._settled(running), _page(running)
        return reading, page

    def _settled(self, running: Running) -> _Reading:
        """A reading once proxy and observer have come to rest, or when waiting any longer is pointless."""
        limit = time.monotonic() + _SETTLE_SECONDS
        last = self._read(running)
        while time.monotonic() < limit and (running.relay or running.observer):
            time.sleep(0.2)
            now = self._read(running)
            used = now.relay.total_ns + now.observer.total_ns - last.relay.total_ns - last.observer.total_ns
            last = now
            if used < 0.03 * 200_000_000:
                break
        return last


def set_engine(port: int, scenario: Scenario) -> None:
    """Tells the engine how to answer from now on."""
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{scenario.engine}", method="PUT")
    with urllib.request.urlopen(asked, timeout=5):  # noqa: S310 - the loopback
        pass


def _result(
    scenario: Scenario,
    running: Running,
    number: int,
    said: Mapping[str, object],
    readings: tuple[_Reading, _Reading, _Reading, _Reading],
    before: _Page,
    after: _Page,
) -> Run:
    start, begin, end, settled = readings
    counts = {name: value for name, value in said.items() if isinstance(value, int)}
    units = counts["requests" if scenario.unit == "request" else "chunks"]
    whole = counts[f"all_{scenario.unit}s"]
    relay = end.relay - begin.relay
    beside = end.observer - begin.observer if running.peer.observer == "same core" else Cpu()
    window_ns, own_ns = end.at_ns - begin.at_ns, relay.total_ns + beside.total_ns
    latency = _latencies(said, scenario.unit)
    dropped = {why: n - before.dropped.get(why, 0) for why, n in after.dropped.items()}
    return Run(
        peer=running.peer.name,
        scenario=scenario.key,
        round=number,
        units=units,
        seconds=float(str(said["seconds"])),
        relay_us=relay.total_ns / 1000 / units if running.relay and units else None,
        system=relay.system_ns / relay.total_ns if relay.total_ns else None,
        core=relay.total_ns / window_ns,
        foreign=max(0.0, 1 - (end.idle_ns - begin.idle_ns + own_ns) / window_ns),
        observer_us=(settled.observer - start.observer).total_ns / 1000 / whole if running.observer and whole else None,
        p50_us=latency.get("p50_us"),
        p99_us=latency.get("p99_us"),
        first_p50_us=_latencies(said, "first").get("p50_us"),
        rss_idle_kb=start.rss_kb,
        rss_kb=end.rss_kb,
        observer_rss_kb=end.observer_rss_kb,
        exchanges=after.forwarded - before.forwarded,
        written=after.written - before.written,
        dropped={why: n for why, n in dropped.items() if n},
        wrong={name: counts[name] for name in ("refused", "broken", "bad", "late", "unfinished") if counts[name]},
        own=_own(before, after),
    )


def _own(before: _Page, after: _Page) -> Mapping[str, Quantiles]:
    found = {phase: between(before.added.get(phase, ()), buckets) for phase, buckets in after.added.items()}
    return {phase: quantiles for phase, quantiles in found.items() if quantiles is not None}


def _latencies(said: Mapping[str, object], name: str) -> Mapping[str, float]:
    found = said[name]
    return found if isinstance(found, dict) else {}


def _page(running: Running) -> _Page:
    """Reads the sidecar's metrics; nothing for other proxies."""
    if not running.observer:
        return _Page()
    page = scrape.read(f"http://127.0.0.1:{running.at.ports[1]}/metrics")
    return _Page(
        page.total("tokentide_forwarded_requests_total"),
        page.total("tokentide_records_written_total"),
        page.by("tokentide_dropped_observations_total", "reason"),
        {phase: page.buckets("tokentide_added_latency_seconds", phase=phase) for phase in PHASES},
    )
