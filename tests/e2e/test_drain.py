"""SIGTERM: what is idle closes, what runs may finish for a while, and what is left then is cut and on record."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from tests.fakes.clients import RawClient
from tests.fakes.engines import Peer, RawEngine
from tests.fakes.processes import Engine, Sidecar, eventually, sidecar
from tests.fakes.web import web

pytestmark = pytest.mark.e2e

CHAT = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nx-request-id: %b\r\nContent-Length: 2\r\n\r\n{}"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENT = b"a\r\ndata: {}\n\n\r\n"
BLOCK = b"8000\r\n" + b":" * 0x8000 + b"\r\n"


async def play(peer: Peer) -> None:
    """Streams without end: to the client called `stalled` as fast as it can, to others one event."""
    head = await peer.head()
    await peer.body(2)
    await peer.send(STREAM + EVENT)
    while b"x-request-id: stalled" in head:
        await peer.send(BLOCK)
    await peer.gone()


def test_what_outlasts_the_drain_is_cut_visibly_and_recorded_and_a_stalled_client_delays_nothing(
    tmp_path: Path,
) -> None:
    with RawEngine(play) as engine, sidecar(engine.url, tmp_path, settings="drain_seconds = 1.0\n") as relay:
        with RawClient(relay.port) as idle, RawClient(relay.port) as quiet, RawClient(relay.port) as stalled:
            idle.send(b"GET /health HTTP/1.1\r\nHost: a\r\n")
            quiet.send(CHAT % b"quiet")
            stalled.send(CHAT % b"stalled")
            eventually(lambda: relay.live()["in_flight"]["requests"] == 2, "both streams")
            started = time.monotonic()
            relay.process.terminate()
            assert quiet.rest() == STREAM.replace(b"\r\n\r\n", b"\r\n\r\n" + EVENT)
            assert time.monotonic() - started > 0.9, "the stream was not given its time"
            with pytest.raises(ConnectionError):
                RawClient(relay.port)
            assert relay.process.wait(20) == 0
            assert time.monotonic() - started < 10
        assert len(engine.peers) == 2
        rows = relay.rows()
    assert sorted((row["request_id"], row["outcome"], row["error_type"]) for row in rows) == [
        ("quiet", "mid_stream_error", "drained"),
        ("stalled", "mid_stream_error", "drained"),
    ]


def test_what_the_observer_had_not_read_when_the_relays_ended_is_still_on_record(
    engine: Engine, tmp_path: Path
) -> None:
    with sidecar(engine.url, tmp_path, settings="drain_seconds = 1.0\n") as relay:
        relays, observer = relay.child("tokentide-relay"), relay.child("tokentide-observer")
        os.kill(observer, signal.SIGSTOP)
        try:
            for _ in range(40):
                body = {"model": "none", "messages": [{"role": "user", "content": "apple " * 40}]}
                assert web().post(f"{relay.url}/v1/chat/completions", json=body).status_code == 200
            relay.process.terminate()
            eventually(lambda: not Path(f"/proc/{relays}/cmdline").exists(), "the end of the relay")
        finally:
            os.kill(observer, signal.SIGCONT)
        assert relay.process.wait(20) == 0
        assert len(relay.rows()) == 40


def heard(relay: Sidecar, requests: int) -> None:
    """Waits until the observer knows of so many open requests."""
    eventually(lambda: relay.live()["in_flight"]["requests"] == requests, f"{requests} open requests")


def ignored(pid: int) -> set[signal.Signals]:
    """Which of the two signals that ask a program to end a process ignores."""
    mask = int(Path(f"/proc/{pid}/status").read_text().split("SigIgn:")[1].split()[0], 16)
    return {number for number in (signal.SIGTERM, signal.SIGINT) if mask >> (number - 1) & 1}


def test_an_observer_that_is_signalled_with_all_others_and_killed_while_relays_drain_leaves_a_whole_account(
    tmp_path: Path,
) -> None:
    over = asyncio.Event()

    async def speak(peer: Peer) -> None:
        await peer.head()
        await peer.body(2)
        await peer.send(STREAM + EVENT)
        await over.wait()
        await peer.send(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
        await peer.gone()

    with RawEngine(speak) as engine, sidecar(engine.url, tmp_path) as relay, RawClient(relay.port) as client:
        client.send(CHAT % b"open")
        heard(relay, 1)
        observer = relay.child("tokentide-observer")
        assert ignored(observer) == {signal.SIGTERM, signal.SIGINT}
        for pid in (observer, relay.child("tokentide-relay"), relay.process.pid):
            os.kill(pid, signal.SIGTERM)
        eventually(lambda: "Stopping" in relay.log, "the drain")
        os.kill(observer, signal.SIGKILL)
        eventually(lambda: "The observer process ended" in relay.log, "the end of the observer")
        heard(relay, 1)
        engine.call(over.set)
        assert client.answer("POST").body.endswith(b"[DONE]\n\n")
        assert relay.process.wait(30) == 0
        rows = relay.rows()
    assert [row["request_id"] for row in rows] == ["open"]


def taken_no_more(port: int) -> bool:
    """Whether a new connection is refused."""
    try:
        RawClient(port).sock.close()
    except ConnectionError:
        return True
    return False


def test_a_client_that_is_refused_just_before_the_end_still_hears_why(tmp_path: Path) -> None:
    head = b"POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (1 << 40)
    with RawEngine(play) as engine, sidecar(engine.url, tmp_path) as relay:
        with RawClient(relay.port) as client:
            client.send(head)
            eventually(
                lambda: relay.metric("tokentide_refused_requests_total", reason="body_too_large") == 1, "the refusal"
            )
            relay.process.terminate()
            eventually(lambda: taken_no_more(relay.port), "the end of the listening")
            for _ in range(10):
                client.send(b"x" * (1 << 16))
                time.sleep(0.05)
            assert client.answer("POST").status == 413
        assert relay.process.wait(20) == 0
