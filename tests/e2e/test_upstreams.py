"""One sidecar before several engines: by path, by model, over a unix socket, and when one of them is away."""

import http.server
import socketserver
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from tests.fakes.processes import Engine, Sidecar, eventually, free_port, sidecar
from tests.fakes.web import web

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def other_engine() -> Iterator[Engine]:
    running = Engine("--model", "other-model")
    yield running
    running.stop()


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """An HTTP server on a unix socket."""

    daemon_threads = True


@pytest.fixture
def unix_engine(tmp_path: Path) -> Iterator[str]:
    """An engine that says `over unix` to everything; gives the path of its socket."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "9")
            self.end_headers()
            self.wfile.write(b"over unix")

        def log_message(self, *args: object) -> None:
            pass

        def address_string(self) -> str:
            return "unix"

    path = str(tmp_path / "engine.sock")
    with UnixServer(path, Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield path
        server.shutdown()


def started(folder: Path, *upstreams: str) -> AbstractContextManager[Sidecar]:
    """A sidecar whose engines stand in its settings file."""
    return sidecar("", folder, settings="".join(f"[[upstreams]]\n{each}\n" for each in upstreams))


def chat(url: str, model: str, path: str = "") -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": "apple"}], "max_tokens": 3}
    return web().post(f"{url}{path}/v1/chat/completions", json=body)


def models(url: str, path: str = "") -> str:
    return str(web().get(f"{url}{path}/v1/models").json()["data"][0]["id"])


def test_the_path_chooses_the_engine(engine: Engine, other_engine: Engine, tmp_path: Path) -> None:
    with started(
        tmp_path,
        f'name = "other"\nurl = "{other_engine.url}"\nprefix = "/other"',
        f'name = "main"\nurl = "{engine.url}"',
    ) as running:
        assert models(running.url, "/other") == "other-model"
        assert models(running.url) == "gpt-4o"
        assert chat(running.url, "x", "/other").status_code == 200
        running.settled(3)
        assert running.stop() == 0
        upstreams = [row["upstream"] for row in running.rows()]
        assert upstreams == [f"127.0.0.1:{port}" for port in (other_engine.port, engine.port, other_engine.port)]


def test_the_model_chooses_the_engine_and_an_unknown_one_is_refused(
    engine: Engine, other_engine: Engine, tmp_path: Path
) -> None:
    with started(
        tmp_path,
        f'name = "other"\nurl = "{other_engine.url}"\nmodels = ["other-*"]',
        f'name = "main"\nurl = "{engine.url}"\nmodels = ["gpt-*"]',
    ) as running:
        for _ in range(2):
            assert chat(running.url, "other-model").status_code == 200
            assert chat(running.url, "gpt-4o").status_code == 200
        refused = chat(running.url, "unknown")
        assert refused.status_code == 404
        assert refused.json()["error"]["type"] == "no_upstream"
        running.settled(4)
        eventually(
            lambda: running.metric("tokentide_refused_requests_total", reason="no_upstream") == 1,
            "the count of the refusal",
        )
        assert running.stop() == 0
        seen = {(row["model"], row["upstream"]) for row in running.rows()}
        assert seen == {
            ("other-model", f"127.0.0.1:{other_engine.port}"),
            ("gpt-4o", f"127.0.0.1:{engine.port}"),
        }


def test_an_engine_may_listen_on_a_unix_socket(unix_engine: str, tmp_path: Path) -> None:
    with started(tmp_path, f'name = "local"\nurl = "unix:{unix_engine}"') as running:
        assert web().get(f"{running.url}/anything").text == "over unix"
        running.settled(1)
        assert running.stop() == 0
        assert running.rows()[0]["upstream"] == unix_engine


def test_an_engine_that_is_away_is_named_and_the_others_go_on(engine: Engine, tmp_path: Path) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    with started(
        tmp_path, f'name = "away"\nurl = "{away}"\nprefix = "/away"', f'name = "main"\nurl = "{engine.url}"'
    ) as running:
        assert web().get(f"{running.url}/away/v1/models").status_code == 502
        assert models(running.url) == "gpt-4o"
        ready = web().get(f"{running.health}/readyz")
        assert ready.status_code == 200
        assert ready.json()["unreachable"] == [f"The engine at {away} cannot be reached: connection refused."]
        eventually(lambda: running.metric("tokentide_upstream_up", upstream="main") == 1, "the gauge of the engine")
        assert 'tokentide_upstream_up{upstream="away"} 0' in web().get(f"{running.admin}/metrics").text
        assert running.log.count(f"The engine at {away} cannot be reached: connection refused.") == 1
