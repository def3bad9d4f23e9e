"""/healthz and /readyz, answered by a process that neither relays nor observes."""

import json
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from exporter.errors import Unusable
from exporter.supervisor.visits import Visits

_PAUSE_SECONDS: Final = 0.1


@dataclass(slots=True)
class Condition:
    """What the supervisor knows of its parts; written by its own thread and the probe's, read by the answers.

    `relays_ready` accept connections, `relays_leaving` only finish what they have. `upstreams` are URLs by name;
    `probed` and `relayed` say why a probe, or the relays, could not connect, or None.
    """

    relays_wanted: int
    relays_ready: int = 0
    relays_leaving: int = 0
    observer_ready: bool = False
    draining: bool = False
    upstreams: dict[str, str] = field(default_factory=dict)
    probed: dict[str, str | None] = field(default_factory=dict)
    relayed: dict[str, str | None] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)

    def problems(self) -> list[str]:
        """Why traffic should not be sent here, one sentence each; the observer is no reason."""
        found = []
        if self.relays_ready < self.relays_wanted:
            found.append(f"{self.relays_ready} of {self.relays_wanted} relay processes are ready.")
        if self.draining:
            found.append("The sidecar is draining.")
        unreachable = self.unreachable()
        if len(unreachable) == len(self.upstreams):
            found += unreachable
        return found

    def unreachable(self) -> list[str]:
        """The engines that a probe or a relay could not reach the last time, one sentence each."""
        found = []
        for name, url in self.upstreams.items():
            problem = self.probed.get(name, "not tried yet") or self.relayed.get(name)
            if problem:
                found.append(f"The engine at {url} cannot be reached: {problem}.")
        return found


def answer(condition: Condition, path: str) -> tuple[int, dict[str, object]]:
    """Status and JSON body for a path of the health port."""
    observer = "ready" if condition.observer_ready else "restarting"
    if path == "/healthz":
        alive = condition.relays_ready + condition.relays_leaving > 0 or condition.draining
        return (200 if alive else 503), {"status": "ok" if alive else "no relay process is ready", "observer": observer}
    if path == "/readyz":
        problems = condition.problems()
        body: dict[str, object] = {"status": "not ready" if problems else "ready", "problems": problems}
        body |= {"unreachable": condition.unreachable(), "observer": observer}
        return (503 if problems else 200), {**body, "restarts": condition.restarts}
    return 404, {"error": "There is nothing at this path; try /healthz or /readyz."}


def listen(host: str, port: int, condition: Condition, *, shared: bool) -> ThreadingHTTPServer:
    """Serves the health port in a thread of its own; `shared` lets other processes listen too. Raises Unusable."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer(condition, self.path.partition("?")[0])
            text = json.dumps(body).encode() + b"\n"
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's signature
            """Probes are not worth a line each."""

    class Server(_Bounded):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        allow_reuse_port = shared

    try:
        server = Server((host, port), Handler)
    except OSError as error:
        raise Unusable(f"The health address {host}:{port} cannot be used: {error.strerror or error}.") from None
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server


class _Bounded(ThreadingHTTPServer):
    """A thread for each connection, but few of them and none for long."""

    daemon_threads = True
    request_queue_size = 128  # behind five that wait, the library's own number, a probe would try again after a second

    def server_activate(self) -> None:
        self.visits = Visits()
        super().server_activate()

    def get_request(self) -> tuple[socket.socket, Any]:
        try:
            return super().get_request()
        except OSError:
            time.sleep(_PAUSE_SECONDS)  # without a free descriptor the next try would fail at once, and again
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        self.visits.admit(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.visits.forget(request)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        self.visits.cut_late()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves, or a system without a thread to spare, is not worth a traceback."""
        if not isinstance(sys.exception(), OSError | RuntimeError):
            super().handle_error(request, client_address)
