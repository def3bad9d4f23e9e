"""Engines that break off, contradict themselves, answer too early or never: each client learns the truth, at once."""

import asyncio
import contextlib
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h11
import pytest

from tests.fakes.clients import RawClient
from tests.fakes.engines import Peer, Play, RawEngine, Witness
from tests.fakes.processes import Sidecar, eventually, free_port, sidecar
from tests.fakes.web import web

pytestmark = pytest.mark.e2e

CHAT = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
MODELS = b"GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
REFUSAL = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n%b\r\ntoo large"


@dataclass(frozen=True, slots=True)
class Stage:
    """A sidecar before an engine that does as a test says; the outcomes are those since the test began."""

    engine: RawEngine
    relay: Sidecar
    before: dict[str, int]

    def client(self, timeout: float = 10.0) -> RawClient:
        return RawClient(self.relay.port, timeout=timeout)

    def outcomes(self) -> dict[str, int]:
        now = self.relay.live()["requests"]
        return {name: n - self.before.get(name, 0) for name, n in now.items() if n != self.before.get(name, 0)}

    def recorded(self, outcome: str) -> None:
        """Waits for the record of this test's one chat request."""
        eventually(lambda: self.outcomes() == {outcome: 1}, f"a request with outcome {outcome}")


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RawEngine, Sidecar]]:
    with RawEngine(Witness().play) as engine, sidecar(engine.url, tmp_path_factory.mktemp("faults")) as relay:
        yield engine, relay


@pytest.fixture
def stage(theatre: tuple[RawEngine, Sidecar]) -> Stage:
    engine, relay = theatre
    eventually(lambda: settled(relay), "the account of the test before")
    return Stage(engine, relay, relay.live()["requests"])


def settled(relay: Sidecar) -> bool:
    live = relay.live()
    return bool(live["forwarded"] == live["records"]["written"] + sum(live["dropped"].values()))


def once(answer: bytes, *, end: str) -> Play:
    """An engine that says these bytes and then closes (`fin`), resets (`rst`) or stays."""

    async def play(peer: Peer) -> None:
        await peer.head()
        await peer.body(2)
        await peer.send(answer)
        if end == "rst":
            await asyncio.sleep(0.05)  # a reset overtakes what is on its way
            peer.reset()
        elif end == "stay":
            await peer.gone()

    return play


UNFINISHED = b"HTTP/1.1 200 OK\r\nContent-Type: text/pl"

NO_ANSWERS = {
    "a reset before the head": (b"", "rst"),
    "an end before the head": (b"", "fin"),
    "a reset within the head": (UNFINISHED, "rst"),
    "an end within the head": (UNFINISHED, "fin"),
    "a reset after an interim answer": (b"HTTP/1.1 103 Early Hints\r\n\r\n", "rst"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "stay"),
    "another version": (b"HTTP/2 200\r\n\r\n", "stay"),
    "a head without end": (b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 10_000, "stay"),
    "two lengths that differ": (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "stay"),
    "an unknown coding": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "stay"),
    "a line feed in a header": (b"HTTP/1.1 200 OK\r\nX-A: b\nContent-Length: 2\r\n\r\nab", "stay"),
}


@pytest.mark.parametrize(("answer", "end"), NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_an_engine_that_gives_no_answer_is_a_502_by_us_and_on_record(stage: Stage, answer: bytes, end: str) -> None:
    stage.engine.perform(once(answer, end=end))
    with stage.client() as client:
        client.send(CHAT)
        answered = client.answer("POST")
        assert answered.status == 502
        assert b'"type": "upstream_error"' in answered.body
        assert b"tokentide-exporter" in answered.body
        assert client.closed()
    stage.recorded("upstream_error")
    assert len(stage.engine.peers) == 1, "the request was sent twice"


BROKEN_BODIES = {
    "length, reset after the head": (LENGTH, "rst"),
    "length, end after the head": (LENGTH, "fin"),
    "length, reset within the body": (LENGTH + b"{" * 500, "rst"),
    "length, end within the body": (LENGTH + b"{" * 500, "fin"),
    "chunked, reset after the head": (CHUNKED, "rst"),
    "chunked, end after the head": (CHUNKED, "fin"),
    "chunked, reset within a chunk": (CHUNKED + b"6\r\ndata", "rst"),
    "chunked, end between chunks": (CHUNKED + b"6\r\ndata: \r\n", "fin"),
    "chunked, end before the last line": (CHUNKED + b"6\r\ndata: \r\n0\r\n", "fin"),
    "until close, reset after the head": (UNTIL_CLOSE, "rst"),
    "until close, reset within the body": (UNTIL_CLOSE + b"data: {}\n\n", "rst"),
}


@pytest.mark.parametrize(("answer", "end"), BROKEN_BODIES.values(), ids=BROKEN_BODIES.keys())
def test_an_answer_that_breaks_off_is_broken_for_the_client_too(stage: Stage, answer: bytes, end: str) -> None:
    stage.engine.perform(once(answer, end=end))
    with stage.client() as client:
        client.send(CHAT)
        with pytest.raises((h11.RemoteProtocolError, ConnectionError)):
            client.answer("POST")
    stage.recorded("mid_stream_error")


def test_an_answer_whose_first_bytes_are_nonsense_is_a_502_by_us(stage: Stage) -> None:
    stage.engine.perform(once(CHUNKED + b"6\r\ndata: \r\nxyz\r\n", end="stay"))
    with stage.client() as client:
        client.send(CHAT)
        assert client.answer("POST").status == 502
    stage.recorded("mid_stream_error")


def test_an_answer_that_ends_with_its_connection_is_whole_for_the_client_too(stage: Stage) -> None:
    stage.engine.perform(once(UNTIL_CLOSE + b"data: [DONE]\n\n", end="fin"))
    with stage.client() as client:
        client.send(CHAT)
        answer = client.answer("POST")
        assert (answer.body, answer.headers["connection"]) == (b"data: [DONE]\n\n", "close")
    stage.recorded("completed")


@pytest.mark.parametrize("apart", [False, True], ids=["at once", "a little later"])
def test_what_an_engine_says_unasked_is_never_the_answer_to_another_request(stage: Stage, apart: bool) -> None:
    poison = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 6\r\n\r\npoison"

    async def play(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK if apart else OK + poison)
        if apart:
            await asyncio.sleep(0.05)
            await peer.send(poison)
        await peer.gone()

    stage.engine.perform(play)
    for _ in range(5):
        with stage.client() as client:
            client.send(MODELS)
            assert client.answer().body == b"ok"
            if apart:
                eventually(lambda: stage.engine.peers[-1].over, "the end of a connection that nobody can trust")
    assert len(stage.engine.peers) == 5
    eventually(lambda: stage.outcomes() == {"completed": 5}, "the records")


UPLOAD = 20 << 20


def uploading(client: RawClient, size: int = UPLOAD) -> int:
    """Sends a long body until it is out or the other side has had enough; tells how much was sent."""
    client.send(b"POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
    block, sent = b"x" * (1 << 16), 0
    try:
        while sent < size:
            client.send(block)
            sent += len(block)
    except ConnectionError:
        pass
    return sent


@pytest.mark.parametrize("end", ["stay", "read on", "fin", "rst"])
def test_an_answer_before_the_end_of_the_upload_reaches_the_client(stage: Stage, end: str) -> None:
    async def play(peer: Peer) -> None:
        await peer.head()
        await peer.send(REFUSAL % (b"Connection: close\r\n" if end in {"fin", "rst"} else b""))
        if end == "read on":
            await peer.block(UPLOAD)
        elif end == "rst":
            await asyncio.sleep(0.05)  # a reset overtakes what is on its way
            peer.reset()
        if end in {"stay", "read on"}:
            await peer.gone()

    stage.engine.perform(play)
    with stage.client() as client:
        assert uploading(client) == UPLOAD
        answer = client.answer("POST")
        assert (answer.status, answer.body) == (413, b"too large")
        stage.engine.perform(once(OK, end="stay"))
        client.send(CHAT)
        assert client.answer("POST").body == b"ok"
    eventually(lambda: stage.outcomes() == {"refused": 1, "completed": 1}, "the records")


def test_an_answer_may_stream_while_the_upload_goes_on(stage: Stage) -> None:
    async def play(peer: Peer) -> None:
        await peer.head()
        await peer.send(CHUNKED)
        for _ in range(5):
            await peer.send(b"8\r\n" + await peer.body(8) + b"\r\n")
        await peer.send(b"0\r\n\r\n")
        await peer.gone()

    stage.engine.perform(play)
    with stage.client() as client:
        client.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n")
        data = b""
        for number in range(5):
            word = b"data: %d\n" % number
            client.send(word)
            while not data.endswith(word + b"\r\n"):
                data += client.sock.recv(4096)
        while not data.endswith(b"0\r\n\r\n"):
            data += client.sock.recv(4096)
    stage.recorded("completed")


def test_a_request_on_a_connection_that_the_engine_closes_is_repeated_only_where_that_is_safe(stage: Stage) -> None:
    seen: list[bytes] = []

    async def play(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK)
        seen.append(await peer.head())

    for request, status, sent in ((MODELS, 200, 1), (CHAT, 502, 1)):
        seen.clear()
        stage.engine.perform(play)
        with stage.client() as client:
            client.send(MODELS)
            assert client.answer().body == b"ok"
            client.send(request)
            assert client.answer(request.split()[0].decode()).status == status
        assert len(seen) == sent
        assert len(stage.engine.peers) == (2 if status == 200 else 1)


def test_a_request_is_repeated_once_and_not_on_every_connection_that_is_idle(stage: Stage) -> None:
    idle, again = 4, 0
    everybody = asyncio.Event()

    async def play(peer: Peer) -> None:
        nonlocal again
        await peer.head()
        if len(stage.engine.peers) == idle:
            everybody.set()
        await everybody.wait()
        await peer.send(OK)
        await peer.head()
        again += 1

    stage.engine.perform(play)
    with contextlib.ExitStack() as opened:
        clients = [opened.enter_context(stage.client()) for _ in range(idle)]
        for client in clients:
            client.send(MODELS)
        assert {client.answer().status for client in clients} == {200}
        clients[0].send(MODELS)
        assert clients[0].answer().status == 200
    assert (again, len(stage.engine.peers)) == (1, idle + 1)


def test_a_request_of_which_the_client_has_heard_is_not_repeated(stage: Stage) -> None:
    async def play(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK)
        await peer.head()
        await peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        await asyncio.sleep(0.1)

    stage.engine.perform(play)
    with stage.client() as client:
        client.send(MODELS)
        assert client.answer().status == 200
        client.send(MODELS)
        heard = client.rest()
    assert heard.startswith(b"HTTP/1.1 103 Early Hints\r\n")
    assert b"HTTP/1.1 502" in heard
    assert len(stage.engine.peers) == 1


def test_an_engine_that_closes_idle_connections_without_a_word_fails_no_request(stage: Stage) -> None:
    async def play(peer: Peer) -> None:
        await peer.head()
        await peer.body(2)
        await peer.send(OK)

    stage.engine.perform(play)
    with stage.client() as client:
        for _ in range(50):
            client.send(CHAT)
            assert client.answer("POST").body == b"ok"
            eventually(lambda: stage.engine.peers[-1].over, "the end of the connection")


def test_an_engine_that_never_answers_is_given_up_after_the_time_that_is_set(tmp_path: Path) -> None:
    async def play(peer: Peer) -> None:
        await peer.head()
        await peer.body(2)
        await peer.gone()

    settings = "[limits]\ntotal_seconds = 1.0\n"
    with RawEngine(play) as engine, sidecar(engine.url, tmp_path, settings=settings) as relay:
        with RawClient(relay.port) as client:
            client.send(CHAT)
            answer = client.answer("POST")
            assert answer.status == 504
            assert b'"type": "timeout"' in answer.body
            assert client.closed()
        with RawClient(relay.port) as client:
            client.send(CHAT.removesuffix(b"}"))
            assert client.answer("POST").status == 504, "a body that never ends held the engine"
        eventually(lambda: [peer.over for peer in engine.peers] == [True, True], "the end of the engine's work")
        relay.settled(2)
        eventually(lambda: relay.metric("tokentide_refused_requests_total", reason="timeout") == 2, "the count")
        assert relay.stop() == 0
        rows = relay.rows()
    assert [(row["outcome"], row["error_type"]) for row in rows] == [("upstream_error", "timeout")] * 2


def test_an_engine_that_does_not_accept_connections_is_a_502_after_the_time_that_is_set(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = []
        for _ in range(4):  # the kernel takes as many as the backlog holds, and no more
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            waiting.append(sock)
        settings = "connect_timeout_seconds = 0.3\n"
        try:
            with sidecar(f"http://127.0.0.1:{port}", tmp_path, settings=settings, ready=False) as relay:
                answer = eventually(lambda: web().get(f"{relay.url}/v1/models"), "an answer")
                assert answer.status_code == 502
                assert "connecting timed out" in answer.json()["error"]["message"]
                assert relay.live()["forwarded"] == 0
        finally:
            for sock in waiting:
                sock.close()


IN_A_NAMESPACE = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"')


def test_a_name_is_resolved_anew_for_each_new_connection(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 engine.test\n")
    try:
        subprocess.run([*IN_A_NAMESPACE, str(hosts), "true"], check=True, capture_output=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("a mount namespace, which this needs for an /etc/hosts of its own, is not allowed here")
    first, second, port = Witness(), Witness(), free_port()
    settings = "keepalive_seconds = 0.2\n"
    url, within = f"http://engine.test:{port}", (*IN_A_NAMESPACE, str(hosts))
    with (
        RawEngine(first.play, "127.0.0.1", port) as old,
        RawEngine(second.play, "127.0.0.2", port) as new,
        sidecar(url, tmp_path, settings=settings, within=within) as relay,
    ):

        def moved(engine: RawEngine, addresses: str, target: str) -> None:
            """Lets idle connections end, so that the next request needs a new one."""
            hosts.write_text(addresses)
            eventually(lambda: all(peer.over for peer in engine.peers), "the end of the idle connection")
            assert web().get(relay.url + target).text == target

        moved(old, "127.0.0.1 engine.test\n", "/before")
        moved(old, "127.0.0.2 engine.test\n", "/after")
        moved(new, "127.0.0.3 engine.test\n127.0.0.2 engine.test\n", "/one-of-two-is-away")
    assert [each.target for each in first.heard] == ["/before"]
    assert [each.target for each in second.heard] == ["/after", "/one-of-two-is-away"]
    assert second.heard[0].header("host") == [f"engine.test:{port}"]
