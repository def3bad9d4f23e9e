"""Real processes for end-to-end tests: the scripted engine and the sidecar, on free ports, always cleaned up."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq

from tests.fakes.web import web

ROOT = Path(__file__).parents[2]


_given: set[int] = set()
"""Ports that were handed out: drawn twice, one would be asked for by two programs of the same test."""


def free_port() -> int:
    """A port below those that the system gives to clients, of a range that no other test worker takes from."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = 10_000 * (1 + worker % 2) + random.randrange(10_000)  # noqa: S311 - a port is no secret
        if port in _given:
            continue
        with contextlib.suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", port))
            _given.add(port)
            return port


def eventually(check: Callable[[], Any], what: str, seconds: float = 20.0) -> Any:
    """The first true answer of `check`; fails with `what` when none comes in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(httpx.HTTPError, OSError):
            if answer := check():
                return answer
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {seconds} s")


class Engine:
    """The scripted engine as its own process."""

    def __init__(self, *options: str, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, str(ROOT / "examples" / "engine.py"), "--port", str(self.port), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        eventually(lambda: web().get(f"{self.url}/health").status_code == 200, "the engine's start")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class Sidecar:
    """`tokentide-exporter serve` as a user starts it; `log` is what it printed."""

    def __init__(
        self,
        upstream: str,
        folder: Path,
        *options: str,
        settings: str = "",
        at: Sequence[str] = (),
        within: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.records = folder / "records"
        self.log_path = folder / "sidecar.log"
        ports = [int(url.rpartition(":")[2]) for url in at] or [free_port() for _ in range(3)]
        self.url, self.admin, self.health = (f"http://127.0.0.1:{port}" for port in ports)
        self.port = ports[0]
        file = folder / "settings.toml"
        file.write_text(settings)
        addresses = [f"127.0.0.1:{port}" for port in ports]
        command = [
            *within, str(Path(sys.executable).with_name("tokentide-exporter")), "serve",
            *(("--upstream", upstream) if upstream else ()),
            "--listen", addresses[0], "--admin", addresses[1], "--health", addresses[2],
            "--records", str(self.records), "--settings", str(file), *options,
        ]  # fmt: skip
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def wait_ready(self) -> None:
        def whole() -> bool:
            if self.process.poll() is not None:
                raise AssertionError(f"the sidecar has ended with {self.process.returncode}: {self.log}")
            said = web().get(f"{self.health}/readyz").json()
            return said["status"] == "ready" and said["observer"] == "ready"

        eventually(whole, "the sidecar's readiness")

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def child(self, title: str) -> int:
        """The process id of `tokentide-relay` or `tokentide-observer`."""
        for pid in _below(self.process.pid):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode() == title:
                    return pid
        raise AssertionError(f"there is no {title}")

    def memory(self, title: str) -> tuple[float, float]:
        """Resident memory of a process in MB (10^6 bytes): now, and the most since its start or `forget_peak`."""
        status = Path(f"/proc/{self.child(title)}/status").read_text()
        now, peak = (int(status.split(f"{name}:")[1].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))
        return now, peak

    def forget_peak(self, title: str) -> None:
        """Lets the peak of a process's memory begin anew."""
        Path(f"/proc/{self.child(title)}/clear_refs").write_text("5")

    def live(self) -> dict[str, Any]:
        answer: dict[str, Any] = web().get(f"{self.admin}/live").json()
        return answer

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that carry the labels."""
        total = 0.0
        for line in web().get(f"{self.admin}/metrics").text.splitlines():
            if line.startswith((f"{name}{{", f"{name} ")) and all(f'{k}="{v}"' in line for k, v in labels.items()):
                total += float(line.rpartition(" ")[2])
        return total

    def settled(self, forwarded: int) -> None:
        """Waits until every forwarded request is accounted for."""

        def accounted() -> bool:
            live = self.live()
            done = live["records"]["written"] + sum(live["records"]["lost"].values()) + sum(live["dropped"].values())
            return bool(live["forwarded"] >= forwarded and done >= forwarded)

        eventually(accounted, f"the account of {forwarded} requests")

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill_everything(self) -> None:
        """kill -9 of all processes at once, as a power cut would."""
        family = [self.process.pid, *_below(self.process.pid)]
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        for pid in family:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def rows(self) -> list[dict[str, Any]]:
        """All records on disk, by time."""
        files = sorted(self.records.glob("date=*/hour=*/*.parquet"))
        rows = [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]
        return sorted(rows, key=lambda row: row["timestamp"])


@contextlib.contextmanager
def sidecar(
    upstream: str,
    folder: Path,
    *options: str,
    settings: str = "",
    ready: bool = True,
    at: Sequence[str] = (),
    within: Sequence[str] = (),
) -> Iterator[Sidecar]:
    """A sidecar that is stopped whatever happens.

    `at` are the URLs of another whose ports it shares; `within` is a program that turns into it.
    """
    running = Sidecar(upstream, folder, *options, settings=settings, at=at, within=within)
    try:
        if ready:
            running.wait_ready()
        yield running
    finally:
        if running.process.poll() is None:
            running.process.send_signal(signal.SIGTERM)
            try:
                running.process.wait(20)
            except subprocess.TimeoutExpired:
                running.kill_everything()


def _below(pid: int) -> list[int]:
    """The processes below a process: its children, then theirs."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            parents[int(entry.name)] = int(entry.joinpath("stat").read_text().rpartition(") ")[2].split()[1])
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]
