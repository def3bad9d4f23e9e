"""The edges of HTTP/1.1 over real sockets; what the engine received is the witness."""

import asyncio
import contextlib
import hashlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from exporter.proxy.lingering import Lingering
from tests.fakes.clients import RawClient
from tests.fakes.engines import Heard, Peer, RawEngine, Witness
from tests.fakes.processes import Sidecar, eventually, sidecar
from tests.fakes.web import web

pytestmark = pytest.mark.e2e

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Stage:
    """A sidecar before an engine that tells what it understood, or does as a test says."""

    witness: Witness
    engine: RawEngine
    relay: Sidecar

    def client(self, timeout: float = 10.0) -> RawClient:
        return RawClient(self.relay.port, timeout=timeout)

    def heard(self, *targets: str) -> list[Heard]:
        """What the engine understood of these targets."""
        return [each for each in self.witness.heard if each.target in targets]

    def received(self) -> int:
        """Bytes that reached the engine."""
        return sum(len(peer.received) for peer in self.engine.peers)

    def answers(self, *answers: bytes) -> None:
        """From now on the engine answers the requests of a connection, which have no body, with these bytes."""

        async def play(peer: Peer) -> None:
            for answer in answers:
                await peer.head()
                await peer.send(answer)
            await peer.gone()

        self.engine.perform(play)


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RawEngine, Sidecar]]:
    folder, settings = tmp_path_factory.mktemp("edges"), "[limits]\nhead_seconds = 1.0\nbody_bytes = 209715200\n"
    with RawEngine(Witness().play) as engine, sidecar(engine.url, folder, settings=settings) as relay:
        yield engine, relay


@pytest.fixture
def stage(theatre: tuple[RawEngine, Sidecar]) -> Stage:
    engine, relay = theatre
    witness = Witness()
    engine.perform(witness.play)
    return Stage(witness, engine, relay)


def post(target: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join((b"POST " + target + b" HTTP/1.1", b"Host: a", *headers, b"", body))


CHUNKED = b"Transfer-Encoding: chunked"

AMBIGUOUS = {
    "length before chunked": post(b"/x", b"Content-Length: 4", CHUNKED, body=b"0\r\n\r\n"),
    "chunked before length": post(b"/x", CHUNKED, b"Content-Length: 4", body=b"0\r\n\r\n"),
    "two lengths that differ": post(b"/x", b"Content-Length: 0", b"Content-Length: 36"),
    "two lengths that agree": post(b"/x", b"Content-Length: 0", b"Content-Length: 0"),
    "a list of lengths": post(b"/x", b"Content-Length: 0, 0"),
    "a signed length": post(b"/x", b"Content-Length: +0"),
    "a negative length": post(b"/x", b"Content-Length: -1"),
    "a hexadecimal length": post(b"/x", b"Content-Length: 0x0"),
    "an empty length": post(b"/x", b"Content-Length:"),
    "a length beyond any integer": post(b"/x", b"Content-Length: 99999999999999999999"),
    "a blank before the colon": post(b"/x", b"Content-Length : 0"),
    "a folded header": post(b"/x", b"Transfer-Encoding:", b" chunked", body=b"0\r\n\r\n"),
    "a folded first line": b"POST /x HTTP/1.1\r\n Content-Length: 0\r\nHost: a\r\n\r\n",
    "an unknown coding": post(b"/x", b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "chunked twice": post(b"/x", CHUNKED, CHUNKED, body=b"0\r\n\r\n"),
    "chunked and identity": post(b"/x", b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
    "a hidden vertical tab": post(b"/x", b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
    "a quoted coding": post(b"/x", b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"),
    "chunked in HTTP/1.0": b"POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "line feeds alone": b"POST /x HTTP/1.1\nHost: a\nContent-Length: 0\n\n",
    "one line feed alone": b"POST /x HTTP/1.1\r\nHost: a\nContent-Length: 36\r\n\r\n",
    "a carriage return alone": b"POST /x HTTP/1.1\r\nHost: a\rContent-Length: 36\r\n\r\n",
    "a zero byte": post(b"/x", b"X-A: a\0b"),
    "a header without colon": post(b"/x", b"Content-Length 36"),
    "an empty header name": post(b"/x", b": a"),
    "a header that frames, named as hop by hop": post(b"/x", b"Connection: content-length", b"Content-Length: 0"),
    "no host": b"POST /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    "two hosts": post(b"/x", b"Host: b"),
    "a blank in the target": b"POST /x y HTTP/1.1\r\nHost: a\r\n\r\n",
    "two blanks": b"POST  /x HTTP/1.1\r\nHost: a\r\n\r\n",
    "a later version": b"POST /x HTTP/1.2\r\nHost: a\r\n\r\n",
    "the older version": b"POST /x\r\n\r\n",
    "HTTP/2 by prior knowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a tunnel": b"CONNECT engine:8000 HTTP/1.1\r\nHost: a\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
}


@pytest.mark.parametrize("request_bytes", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_what_two_readers_could_understand_differently_is_refused_before_the_engine_hears_of_it(
    stage: Stage, request_bytes: bytes
) -> None:
    with stage.client() as client:
        client.send(request_bytes + SMUGGLED)
        answer = client.answer()
        assert answer.status == 400
        assert answer.headers["connection"] == "close"
        assert client.closed()
    assert stage.received() == 0


BROKEN_CHUNKS = {
    "no size": b"\r\n",
    "a size that is no number": b"g\r\n",
    "a size with a prefix": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a signed size": b"+5\r\nhello\r\n0\r\n\r\n",
    "a negative size": b"-1\r\n",
    "a size beyond any integer": b"FFFFFFFFFFFFFFFFF\r\n",
    "a blank before the size": b" 5\r\nhello\r\n0\r\n\r\n",
    "a size line without carriage return": b"5\nhello\r\n0\r\n\r\n",
    "a line feed in an extension": b"5;a\nhello\r\n0\r\n\r\n",
    "a chunk longer than its size": b"5\r\nhello!\r\n0\r\n\r\n",
    "a chunk that ends with a line feed": b"5\r\nhello\n0\r\n\r\n",
    "an extension without end": b"5;" + b"a" * 5000,
    "a folded trailer": b"0\r\nX-A: b\r\n folded\r\n\r\n",
    "a trailer that is no header": b"0\r\nGET /smuggled HTTP/1.1\r\n\r\n",
    "a trailer that frames": b"0\r\nContent-Length: 36\r\n\r\n",
    "trailers without end": b"0\r\n" + b"X-A: b\r\n" * 2000,
}


@pytest.mark.parametrize("body", BROKEN_CHUNKS.values(), ids=BROKEN_CHUNKS.keys())
def test_a_broken_chunk_ends_the_connection_on_both_sides_and_nothing_behind_it_is_a_request(
    stage: Stage, body: bytes
) -> None:
    with stage.client() as client:
        client.send(post(b"/broken", CHUNKED, body=b"3\r\nabc\r\n"))
        client.send(body + SMUGGLED)
        assert client.answer().status == 400
        assert client.closed()
    assert not stage.heard("/smuggled", "/broken")


def test_chunk_extensions_and_odd_but_valid_sizes_mean_the_same_to_the_engine(stage: Stage) -> None:
    body = b'5;name="a;b";c\r\nhello\r\n00006;x\r\n world\r\nA\r\n, good day\r\n000\r\n\r\n'
    with stage.client() as client:
        client.send(post(b"/extended", b"transfer-encoding:  CHUNKED  ", body=body) + SMUGGLED.replace(b"smug", b"hug"))
        assert client.answer("POST").body == b"/extended"
        assert client.answer().body == b"/huggled"
    [heard] = stage.heard("/extended")
    assert heard.body == b"hello world, good day"
    assert stage.witness.complaints == []


def test_a_head_that_is_too_large_gets_431_and_never_reaches_the_engine(stage: Stage) -> None:
    for head in (post(b"/large", b"X-A: " + b"a" * 70_000), post(b"/large", *[b"X-A: b"] * 300)):
        with stage.client() as client:
            client.send(head)
            assert client.answer().status == 431
            assert client.closed()
    assert stage.received() == 0


def test_a_head_with_as_many_headers_as_are_allowed_is_observed_like_any_other(stage: Stage) -> None:
    def recorded() -> float:
        return stage.relay.metric("tokentide_requests_total", operation="chat")

    before = recorded()
    with stage.client() as client:
        for _ in range(2):
            client.send(post(b"/v1/chat/completions", *[b"X-A: b"] * 198, b"Content-Length: 2", body=b"{}"))
            assert client.answer("POST").status == 200
    eventually(lambda: recorded() == before + 2, "the records")


def test_pipelined_requests_are_answered_in_their_order_and_reach_the_engine_one_at_a_time(stage: Stage) -> None:
    pairs = [
        b"GET /pipe/%d HTTP/1.1\r\nHost: a\r\n\r\n" % n + post(b"/pipe/%d" % (n + 1), b"Content-Length: 3", body=b"abc")
        for n in range(0, 50, 2)
    ]
    with stage.client() as client:
        client.send(b"".join(pairs))
        assert [client.answer().body for _ in range(50)] == [b"/pipe/%d" % n for n in range(50)]
    assert [each.target for each in stage.witness.heard if each.target.startswith("/pipe/")] == [
        f"/pipe/{n}" for n in range(50)
    ]


def test_a_client_that_expects_100_continue_is_told_so_by_the_engine_before_it_sends_its_body(stage: Stage) -> None:
    with stage.client() as client:
        client.send(post(b"/expects", b"Expect: 100-continue", b"Content-Length: 5"))
        assert client.interim() == b"HTTP/1.1 100 \r\n\r\n"
        assert not stage.heard("/expects")
        client.send(b"hello")
        assert client.answer("POST").body == b"/expects"
        client.send(b"GET /after HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.answer().body == b"/after"
    assert stage.heard("/expects")[0].body == b"hello"


def test_a_client_whose_expectation_is_refused_hears_the_refusal(stage: Stage) -> None:
    refusal = b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"
    stage.answers(refusal)
    with stage.client() as client:
        client.send(post(b"/x", b"Expect: 100-continue", b"Content-Length: 5"))
        answer = client.answer("POST")
    assert (answer.status, answer.interim) == (417, [])


def test_interim_answers_reach_the_client_however_many_there_are(stage: Stage) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3000
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    stage.answers(hints + final)
    with stage.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = client.answer()
    assert (answer.status, answer.body) == (200, b"ok")
    assert answer.interim == [(103, {"link": "</a>"})] * 3000


def test_a_client_of_http_1_0_hears_no_interim_answer(stage: Stage) -> None:
    told = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    stage.answers(told)
    with stage.client() as client:
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        assert client.rest().partition(b"\r\n")[0] == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    ("method", "answer", "status"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 200),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200),
        ("HEAD", b"HTTP/1.1 404 Not Found\r\n\r\n", 404),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: \"a\"\r\n\r\n", 304),
    ],
)  # fmt: skip
def test_answers_that_have_no_body_end_with_their_head_and_the_connections_go_on(
    stage: Stage, method: str, answer: bytes, status: int
) -> None:
    after = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nafter"
    stage.answers(answer, after)
    with stage.client() as client:
        client.send(f"{method} /x HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        answered = client.answer(method)
        assert (answered.status, answered.body) == (status, b"")
        client.send(b"GET /after HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.answer().body == b"after"
        assert len(stage.engine.peers) == 1, "the engine's connection was not used again"


def test_trailers_pass_both_ways(stage: Stage) -> None:
    with stage.client() as client:
        client.send(post(b"/x", CHUNKED, b"Trailer: X-Sum", body=b"3\r\nabc\r\n0\r\nX-Sum: 42\r\n\r\n"))
        assert client.answer("POST").status == 200
    [heard] = stage.heard("/x")
    assert (heard.body, heard.trailers) == (b"abc", (("x-sum", "42"),))
    stage.answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 42\r\n\r\n")
    with stage.client() as client:
        client.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        answered = client.answer()
    assert (answered.body, answered.trailers) == (b"abc", {"x-sum": "42"})


def test_connection_close_of_one_side_closes_that_side_only(stage: Stage) -> None:
    with stage.client() as client:
        client.send(b"GET /closing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = client.answer()
        assert (answer.body, answer.headers["connection"]) == (b"/closing", "close")
        assert client.closed()
    with stage.client() as client:
        client.send(b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.answer().body == b"/next"
    first, second = stage.heard("/closing", "/next")
    assert first.header("connection") == []
    assert first.peer is second.peer


def test_an_engine_that_closes_after_each_answer_is_connected_anew_and_the_client_stays(stage: Stage) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

    async def play(peer: Peer) -> None:
        await peer.head()
        await peer.send(answer)

    stage.engine.perform(play)
    with stage.client() as client:
        for _ in range(20):
            client.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            answered = client.answer()
            assert answered.body == b"ok"
            assert "connection" not in answered.headers
        assert len(stage.engine.peers) == 20


def test_clients_of_http_1_0_get_their_answer_and_the_end_of_the_connection(stage: Stage) -> None:
    for extra in (b"", b"Connection: keep-alive\r\n"):
        with stage.client() as client:
            client.send(b"POST /old HTTP/1.0\r\n" + extra + b"Content-Length: 3\r\n\r\nabc")
            head, _, body = client.rest().partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            assert b"\r\nConnection: close" in head
            assert body == b"/old"
    for heard in stage.heard("/old"):
        assert heard.body == b"abc"
        assert heard.header("host") == [f"127.0.0.1:{stage.engine.port}"]


def test_upgrades_are_refused_clearly_or_not_asked_of_the_engine(stage: Stage) -> None:
    with stage.client() as client:
        client.send(
            b"GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        answer = client.answer()
        assert answer.status == 501
        assert b"does not relay WebSocket" in answer.body
        assert client.closed()
    assert not stage.heard("/socket")
    with stage.client() as client:
        client.send(b"GET /h2c HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n")
        client.send(b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n")
        assert client.answer().body == b"/h2c"
    [heard] = stage.heard("/h2c")
    assert [heard.header(name) for name in ("upgrade", "connection", "http2-settings")] == [[], [], []]


def test_an_engine_that_switches_protocols_unasked_is_not_followed(stage: Stage) -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello"
    stage.answers(switch)
    with stage.client() as client:
        client.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.answer().status == 502
        assert client.closed()


def test_a_host_named_in_the_request_is_never_contacted(stage: Stage) -> None:
    elsewhere = Witness()
    with RawEngine(elsewhere.play) as other, stage.client() as client:
        place = f"127.0.0.1:{other.port}"
        client.send(f"GET http://{place}/absolute?a=b HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
        assert client.answer().body == b"/absolute?a=b"
        client.send(f"GET http://user@{place}?only HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
        assert client.answer().body == b"/?only"
        client.send(f"GET //{place}/double HTTP/1.1\r\nHost: {place}\r\nX-Forwarded-Host: {place}\r\n\r\n".encode())
        assert client.answer().body == f"//{place}/double".encode()
        client.send(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.answer().body == b"*"
        assert other.peers == []
    assert {each.header("host")[0] for each in stage.witness.heard} == {f"127.0.0.1:{stage.engine.port}"}


def test_headers_of_one_hop_end_here_and_all_others_pass(stage: Stage) -> None:
    with stage.client() as client:
        client.send(
            b"GET /hops HTTP/1.1\r\nHost: a\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
            b"TE: trailers\r\nProxy-Authorization: secret\r\nProxy-Connection: keep-alive\r\n"
            b"Authorization: Bearer key\r\nX-Odd: caf\xe9\r\nCookie: a=b\r\nCookie: c=d\r\n\r\n"
        )
        assert client.answer().status == 200
    [heard] = stage.heard("/hops")
    names = [name for name, _ in heard.headers]
    assert sorted(names) == ["authorization", "cookie", "cookie", "host", "traceparent", "x-odd", "x-request-id"]
    assert heard.header("authorization") == ["Bearer key"]
    assert heard.header("x-odd") == ["caf\xe9"]


def test_a_head_that_comes_by_drops_is_given_up_and_hinders_nobody(stage: Stage) -> None:
    slow = [stage.client() for _ in range(100)]
    try:
        given_up: dict[int, bytes] = {}
        drops = iter(b"GET /slow HTTP/1.1\r\nHost: a\r\nX-Slow: " + b"a" * 10_000)
        end = time.monotonic() + 10
        while len(given_up) < len(slow) and time.monotonic() < end:
            drop = bytes([next(drops)])
            for number, client in enumerate(slow):
                if number in given_up:
                    continue
                try:
                    answer = dripped(client, drop)
                except ConnectionError:  # a drop that meets the end of its connection resets it
                    answer = b""
                if answer is not None:
                    given_up[number] = answer
            assert web().get(f"{stage.relay.url}/quick").text == "/quick"
        assert len(given_up) == len(slow)
        heard = {answer.partition(b"\r\n")[0] for answer in given_up.values() if answer}
        assert heard == {b"HTTP/1.1 408 Request Timeout"}
    finally:
        for client in slow:
            client.sock.close()
    eventually(
        lambda: stage.relay.metric("tokentide_refused_requests_total", reason="head_timeout") == len(slow), "the count"
    )
    assert {each.target for each in stage.witness.heard} == {"/quick"}


def dripped(client: RawClient, drop: bytes) -> bytes | None:
    """The answer, once there is one; until then one more byte of a slow head is sent."""
    client.sock.setblocking(False)
    try:
        return client.sock.recv(4096)
    except BlockingIOError:
        client.sock.send(drop)
    return None


def test_a_client_that_stops_sending_has_left_and_the_engine_is_told(stage: Stage) -> None:
    async def play(peer: Peer) -> None:
        await peer.head()
        await peer.body(2)
        await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndata:\r\n")
        await peer.gone()

    def left() -> float:
        return stage.relay.live()["requests"].get("client_disconnect", 0)

    before = left()
    stage.engine.perform(play)
    with stage.client() as client:
        client.send(post(b"/v1/chat/completions", b"Content-Length: 2", body=b"{}"))
        while b"data:" not in client.sock.recv(4096):
            pass
        client.finish()
        assert client.closed()
        eventually(lambda: stage.engine.peers[0].over, "the end of the engine's work")
    eventually(lambda: left() == before + 1, "the record")


@pytest.mark.parametrize("after", [0, 5 << 20], ids=["by its length", "in the middle"])
def test_a_client_that_is_still_sending_hears_why_it_is_refused(stage: Stage, after: int) -> None:
    block = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    for _ in range(5):
        with stage.client() as client:
            client.send(post(b"/refused", *([CHUNKED] if after else [b"Content-Length: 500000000"])))
            for _ in range(after // len(block)):
                client.send(block)
            if after:
                client.send(b"no size\r\n")
            for _ in range(200):
                client.send(block)
            assert client.answer("POST").status == (400 if after else 413)
            assert client.closed()
    assert not stage.heard("/refused")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (post(b"/refused", CHUNKED, b"Content-Length: 5"), 400),
        (post(b"/refused", b"X: " + b"x" * 300_000), 431),
        (post(b"/refused", b"Upgrade: websocket", b"Connection: upgrade", b"Content-Length: 50000000"), 501),
    ],
    ids=["two lengths", "a long head", "an upgrade"],
)
def test_who_is_refused_for_a_head_hears_so_whatever_follows_it(stage: Stage, head: bytes, status: int) -> None:
    for _ in range(5):
        with stage.client() as client:
            client.send(head)
            for _ in range(50):
                client.send(b"x" * 65_536)
            assert client.answer("POST").status == status
            assert client.closed()
    assert not stage.heard("/refused")


def test_a_client_that_is_one_too_many_hears_so_though_it_sends_in_pieces(tmp_path: Path) -> None:
    async def play(peer: Peer) -> None:
        await peer.gone()

    settings = "[limits]\nconnections = 1\n"
    with RawEngine(play) as engine, sidecar(engine.url, tmp_path, settings=settings) as relay, RawClient(relay.port):
        for _ in range(10):
            with RawClient(relay.port) as second:
                for _ in range(30):
                    second.send(b"x" * 65_536)
                assert second.answer("POST").status == 503
                assert second.closed()


def cut_off(sock: socket.socket) -> bool:
    """Sends until the other side is gone; False if it takes everything for too long."""
    end = time.monotonic() + 5
    with contextlib.suppress(ConnectionError):
        while time.monotonic() < end:
            sock.send(b"x" * 65_536)
        return False
    return True


def test_who_sends_on_after_a_refusal_is_cut_off_after_a_while() -> None:
    async def story() -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            lingering = Lingering(0.2)
            lingering.begin(ours.dup())
            ours.close()
            theirs.settimeout(5)
            assert theirs.recv(1) == b""
            assert await asyncio.to_thread(cut_off, theirs)

    asyncio.run(story())


HUGE = 100 << 20


@pytest.mark.parametrize(
    ("target", "most"), [(b"/v1/files", 4), (b"/v1/chat/completions", 24)], ids=["not observed", "observed"]
)
def test_a_body_of_100_mb_passes_both_ways_without_being_held(stage: Stage, target: bytes, most: int) -> None:
    block = bytes(range(256)) * 4096
    uploads: list[str] = []

    async def play(peer: Peer) -> None:
        await peer.head()
        digest = hashlib.sha256()
        for _ in range(HUGE // len(block)):
            digest.update(await peer.block(len(block)))
        uploads.append(digest.hexdigest())
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % HUGE)
        for _ in range(HUGE // len(block)):
            await peer.send(block)
        await peer.gone()

    whole = hashlib.sha256(block * (HUGE // len(block))).hexdigest()
    stage.engine.perform(play)
    stage.relay.forget_peak("tokentide-relay")
    before, _ = stage.relay.memory("tokentide-relay")
    with stage.client(timeout=60) as client:
        client.send(post(target, b"Content-Length: %d" % HUGE))
        for _ in range(HUGE // len(block)):
            client.send(block)
        digest = hashlib.sha256()
        data = b""
        while b"\r\n\r\n" not in data:
            data += client.sock.recv(1 << 16)
        data = data.partition(b"\r\n\r\n")[2]
        left = HUGE - len(data)
        digest.update(data)
        while left:
            data = client.sock.recv(1 << 18)
            assert data
            digest.update(data)
            left -= len(data)
    assert uploads == [whole]
    assert digest.hexdigest() == whole
    _, peak = stage.relay.memory("tokentide-relay")
    print(f"{target.decode()}: relay {before:.1f} MB before, {peak:.1f} MB at most")
    assert peak - before < most
