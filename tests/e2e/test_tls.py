"""TLS on both sides: two sidecars in a row, the first a client of the second over https."""

import contextlib
import http.server
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme

from tests.fakes.clients import RawClient
from tests.fakes.engines import Peer, RawEngine
from tests.fakes.processes import Engine, eventually, free_port, sidecar

pytestmark = pytest.mark.e2e


class Authority:
    """A certificate authority of the test, and files that it issued."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self._folder = folder
        self.ca = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.ca))

    def issue(self, name: str, host: str) -> Path:
        """Key and certificate in one file."""
        path = self._folder / f"{name}.pem"
        self._ca.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(str(path))
        return path

    def connect(self, port: int, window: int | None = None) -> ssl.SSLSocket:
        """A client that tells an end that was said from one that was not; `window` is what its system takes unread."""
        context = ssl.create_default_context(cafile=str(self.ca))
        plain = RawClient(port).sock
        if window is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        return context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)

    def serial(self, port: int) -> int:
        """The serial number of the certificate that a listener shows."""
        with self.connect(port) as secured:
            return int(secured.getpeercert()["serialNumber"], 16)  # type: ignore[index, arg-type]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_a_stream_passes_through_tls_on_both_sides(engine: Engine, authority: Authority, tmp_path: Path) -> None:
    certificate = authority.issue("listener", "localhost")
    inner_folder, outer_folder = tmp_path / "inner", tmp_path / "outer"
    inner_folder.mkdir()
    outer_folder.mkdir()
    body = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "apple"}], "max_tokens": 20}
    direct = httpx.post(f"{engine.url}/v1/chat/completions", json=body)
    with sidecar(engine.url, inner_folder, settings=f'[tls]\ncertificate = "{certificate}"\n') as inner:
        settings = f'[upstream_tls]\nca = "{authority.ca}"\n'
        with sidecar(f"https://localhost:{inner.port}", outer_folder, settings=settings) as outer:
            relayed = httpx.post(f"{outer.url}/v1/chat/completions", json=body)
            assert relayed.content == direct.content
            outer.settled(1)
            inner.settled(1)


def test_an_engine_with_a_foreign_certificate_is_not_trusted(
    engine: Engine, authority: Authority, tmp_path: Path
) -> None:
    certificate = authority.issue("listener", "localhost")
    (tmp_path / "inner").mkdir()
    (tmp_path / "outer").mkdir()
    with (
        sidecar(engine.url, tmp_path / "inner", settings=f'[tls]\ncertificate = "{certificate}"\n') as inner,
        sidecar(f"https://localhost:{inner.port}", tmp_path / "outer") as outer,
    ):
        answer = httpx.get(f"{outer.url}/v1/models")
        assert answer.status_code == 502
        assert answer.json()["error"]["type"] == "upstream_unreachable"
        named = f"https://localhost:{inner.port} cannot be reached: its certificate is not trusted: "
        eventually(lambda: named in outer.log, "the reason in the log")
        eventually(lambda: named in httpx.get(f"{outer.health}/readyz").text, "the reason at /readyz")
        said = checked(f"https://localhost:{inner.port}", tmp_path)
        assert said.returncode == 2
        assert f"wrong upstream: {named}" in said.stdout


def test_an_engine_without_tls_behind_an_https_url_is_told(engine: Engine, tmp_path: Path) -> None:
    url = engine.url.replace("http:", "https:")
    named = f"{url} cannot be reached: it does not speak TLS, which https:// in its URL asks for"
    with sidecar(url, tmp_path) as running:
        assert httpx.get(f"{running.url}/v1/models").status_code == 502
        eventually(lambda: named in running.log, "the reason in the log")
    assert f"wrong upstream: {named}" in checked(url, tmp_path).stdout


def checked(url: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """What `check` says of an engine, with free addresses for the sidecar itself."""
    free = [option for name in ("listen", "admin", "health") for option in (f"--{name}", f"127.0.0.1:{free_port()}")]
    command = [sys.executable, "-m", "exporter.entry", "check", "--upstream", url, "--records", str(folder / "checked")]
    return subprocess.run([*command, *free], check=False, capture_output=True, text=True)


def test_a_new_certificate_is_used_after_sighup_and_a_broken_one_is_not(
    engine: Engine, authority: Authority, tmp_path: Path
) -> None:
    certificate = authority.issue("listener", "localhost")
    with sidecar(engine.url, tmp_path, settings=f'[tls]\ncertificate = "{certificate}"\n') as running:
        before = authority.serial(running.port)
        authority.issue("listener", "localhost")
        running.process.send_signal(signal.SIGHUP)
        eventually(lambda: authority.serial(running.port) != before, "the new certificate")
        after = authority.serial(running.port)
        certificate.write_text("broken")
        running.process.send_signal(signal.SIGHUP)
        eventually(lambda: "The certificate in use stays" in running.log, "the warning")
        assert authority.serial(running.port) == after
        assert running.child("tokentide-relay")


def test_without_tls_sighup_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    with sidecar(engine.url, tmp_path) as running:
        relay = running.child("tokentide-relay")
        running.process.send_signal(signal.SIGHUP)
        assert httpx.get(f"{running.url}/v1/models").status_code == 200
        assert running.child("tokentide-relay") == relay


@pytest.fixture
def picky_engine(authority: Authority) -> Iterator[int]:
    """An https server that answers only clients whose certificate it knows; gives its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.issue("picky", "localhost"))
    context.load_verify_locations(authority.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_a_client_certificate_is_shown_to_an_engine_that_asks(
    picky_engine: int, authority: Authority, tmp_path: Path
) -> None:
    mine = authority.issue("mine", "sidecar.example")
    settings = f'[upstream_tls]\nca = "{authority.ca}"\ncertificate = "{mine}"\n'
    with sidecar(f"https://localhost:{picky_engine}", tmp_path, settings=settings) as running:
        assert httpx.get(f"{running.url}/anything").text == "ok"


def test_a_certificate_that_is_not_there_ends_with_two(engine: Engine, tmp_path: Path) -> None:
    settings = '[tls]\ncertificate = "/nowhere.pem"\n'
    with sidecar(engine.url, tmp_path, settings=settings, ready=False) as running:
        assert running.process.wait(20) == 2
        assert "The TLS certificate /nowhere.pem cannot be used: no such file or directory." in running.log


def test_a_stop_waits_neither_for_idle_clients_nor_for_handshakes(
    engine: Engine, authority: Authority, tmp_path: Path
) -> None:
    certificate = authority.issue("listener", "localhost")
    settings = f'drain_seconds = 60.0\n[tls]\ncertificate = "{certificate}"\n'
    with (
        sidecar(engine.url, tmp_path, settings=settings) as running,
        RawClient(running.port) as silent,
        RawClient(running.port) as plain,
        authority.connect(running.port) as idle,
    ):
        idle.sendall(b"GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n")
        assert idle.recv(12) == b"HTTP/1.1 200"
        plain.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        running.process.terminate()
        assert running.process.wait(30) == 0
        while idle.recv(1 << 16):  # raises where the end was not said
            pass
        with contextlib.suppress(ConnectionError):
            assert silent.rest() == b""


KERNEL = int(Path("/proc/sys/net/ipv4/tcp_wmem").read_text().split()[2])
WHOLE = bytes(range(256)) * (KERNEL // 256 + 400)
"""More than the kernel takes for a client that does not read, by less than what the relay keeps for one."""
PAUSE = 3.0
"""Seconds in which the relay, which looks each second, sees that it has closed a connection that is not yet empty."""


def test_a_slow_client_gets_the_last_byte_of_an_answer_that_ends_with_its_connection(
    authority: Authority, tmp_path: Path
) -> None:
    told = threading.Event()

    async def play(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" + WHOLE)
        told.set()

    settings = f'[tls]\ncertificate = "{authority.issue("listener", "localhost")}"\n'
    with RawEngine(play) as engine, sidecar(engine.url, tmp_path, settings=settings) as running:
        with authority.connect(running.port, window=16 << 10) as client:
            client.sendall(b"GET /v1/files/1/content HTTP/1.1\r\nHost: a\r\n\r\n")
            assert told.wait(20)
            time.sleep(PAUSE)
            data = client.recv(1 << 16)
            time.sleep(PAUSE)
            while piece := client.recv(1 << 16):  # raises where the end was not said
                data += piece
        assert data.partition(b"\r\n\r\n")[2] == WHOLE
        running.settled(1)


HALF = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"half":'


def answer_and_close(listener: socket.socket, context: ssl.SSLContext, *, said: bool) -> None:
    """Plays an https engine whose answers end with the connection, and which says so within TLS or does not."""
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:  # the test is over
            return
        with contextlib.suppress(OSError), plain, context.wrap_socket(plain, server_side=True) as secured:
            secured.recv(1 << 16)
            secured.sendall(HALF)
            if said:
                secured.unwrap()


@pytest.mark.parametrize(("said", "outcome"), [(True, "completed"), (False, "mid_stream_error")])
def test_an_answer_that_ends_with_its_connection_is_whole_only_where_tls_says_so(
    authority: Authority, tmp_path: Path, said: bool, outcome: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.issue("closing", "localhost"))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=answer_and_close, args=(listener, context), kwargs={"said": said}, daemon=True)
    thread.start()
    url = f"https://localhost:{listener.getsockname()[1]}"
    with sidecar(url, tmp_path, settings=f'[upstream_tls]\nca = "{authority.ca}"\n') as running:
        with RawClient(running.port) as client:
            client.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")
            with contextlib.nullcontext() if said else pytest.raises(ConnectionError):
                assert client.rest().endswith(b'{"half":')
        running.settled(1)
        assert running.stop() == 0
        assert [row["outcome"] for row in running.rows()] == [outcome]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
