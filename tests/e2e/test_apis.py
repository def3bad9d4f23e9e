"""Every API through real processes: relayed byte for byte, observed under its own name, compressed bodies as well."""

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
from backports import zstd

from tests.fakes import transcripts
from tests.fakes.engines import Peer, RawEngine
from tests.fakes.processes import sidecar
from tests.fakes.web import web

pytestmark = pytest.mark.e2e

CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes, "gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstd.compress, "br": brotli.compress,
}  # fmt: skip
SPOKEN = {
    "openai_chat/reasoning_and_tools": "gzip",
    "openai_completions/token_ids": "deflate",
    "openai_responses/stream": "zstd",
    "anthropic_messages/stream": "br",
    "embeddings/texts": "zstd",
    "scores/rerank": "identity",
    "triton_generate/counted_by_vllm": "identity",
    "tgi_generate/stream": "identity",
    "tgi_generate/stream_at_the_root": "gzip",
    "sglang_generate/stream": "identity",
    "other/ollama": "identity",
    "other/root": "identity",
}
"""Transcripts whose tokens the engine has counted, and how their answers are coded."""


def answer(name: str) -> bytes:
    return CODINGS[SPOKEN[name]](b"".join(data for _, data in transcripts.load(name).script.reads))


async def play(peer: Peer) -> None:
    """Answers each request with the transcript that its id names, and ends the connection."""
    head = (await peer.head()).decode().lower()
    name = head.partition("x-request-id: ")[2].partition("\r\n")[0]
    await peer.body(int(head.partition("content-length: ")[2].partition("\r\n")[0]))
    kind = (transcripts.load(name).script.headers or {})["content-type"]
    start = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-encoding: {SPOKEN[name]}\r\nconnection: close\r\n\r\n"
    await peer.send(start.encode() + answer(name))


def ask(url: str, name: str) -> bytes:
    script = transcripts.load(name).script
    headers = {"x-request-id": name}
    with web().stream("POST", url + script.target, json=script.request, headers=headers, timeout=30) as told:
        return b"".join(told.iter_raw())


def test_every_api_is_relayed_as_it_is_and_recorded_with_what_it_holds(tmp_path: Path) -> None:
    with RawEngine(play) as engine, sidecar(engine.url, tmp_path) as running:
        for name in SPOKEN:
            assert ask(running.url, name) == answer(name)
        running.settled(len(SPOKEN))
        assert running.stop() == 0
        rows = {row["request_id"]: row for row in running.rows()}
    for name in SPOKEN:
        expected = transcripts.load(name).record
        counts = {key: value for key, value in expected.items() if not key.endswith("_us") and key != "chunk_tokens"}
        assert {key: rows[name][key] for key in counts} == counts, name
