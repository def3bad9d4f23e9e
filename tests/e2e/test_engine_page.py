"""What docs/engine.md promises: usage that clients do not see, limits and load as engines tell them."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import openai
import pytest

from tests.fakes.processes import Sidecar, eventually, sidecar
from tests.fakes.web import web

pytestmark = pytest.mark.e2e

MODELS = {"object": "list", "data": [{"id": "m", "owned_by": "vllm", "max_model_len": 20}]}
METRICS = 'vllm:num_requests_running{model_name="m"} 3.0\nvllm:kv_cache_usage_perc{model_name="m"} 0.5\n'
TOO_LONG = {"error": {"message": "This model's maximum context length is 20 tokens.", "type": "BadRequestError"}}
REFUSED = {"error": {"message": "Unknown parameter.", "type": "invalid_request_error", "param": "stream_options"}}


class ScriptedEngine(http.server.ThreadingHTTPServer):
    """Streams three words and, where it is asked for, the usage; a `strict` one refuses `stream_options`."""

    daemon_threads = True

    def __init__(self, *, strict: bool) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.strict = strict
        self.asked: list[dict[str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedEngine

    def do_GET(self) -> None:
        pages = {"/v1/models": json.dumps(MODELS), "/metrics": METRICS}
        self.answer(200 if self.path in pages else 404, pages.get(self.path, "").encode())

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked)
        if self.server.strict and "stream_options" in asked:
            self.answer(400, json.dumps(REFUSED).encode())
        elif asked["messages"][0]["content"] == "long":
            self.answer(400, json.dumps(TOO_LONG).encode())
        else:
            self.stream(usage=bool((asked.get("stream_options") or {}).get("include_usage")))

    def stream(self, *, usage: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        common = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        for word, finish in (("a ", None), ("b ", None), ("c", "length")):
            choice = {"index": 0, "delta": {"content": word}, "finish_reason": finish}
            self.event(json.dumps({**common, "choices": [choice]}))
        if usage:
            counts = {"prompt_tokens": 17, "completion_tokens": 3, "total_tokens": 20}
            self.event(json.dumps({**common, "choices": [], "usage": counts}))
        self.event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def event(self, data: str) -> None:
        event = f"data: {data}\n\n".encode()
        self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def scripted(*, strict: bool) -> Iterator[ScriptedEngine]:
    with ScriptedEngine(strict=strict) as engine:
        threading.Thread(target=engine.serve_forever, daemon=True).start()
        yield engine
        engine.shutdown()


@pytest.fixture(scope="module")
def lenient() -> Iterator[ScriptedEngine]:
    with scripted(strict=False) as engine:
        yield engine


@pytest.fixture(scope="module")
def strict() -> Iterator[ScriptedEngine]:
    with scripted(strict=True) as engine:
        yield engine


@pytest.fixture(scope="module")
def relay(
    lenient: ScriptedEngine, strict: ScriptedEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sidecar]:
    settings = f"""
include_usage = true
[questions]
limits_seconds = 0.5
metrics_seconds = 0.5
[[upstreams]]
name = "strict"
prefix = "/strict"
url = "{strict.url}"
metrics_url = "{strict.url}/nowhere"
[[upstreams]]
name = "lenient"
url = "{lenient.url}"
"""
    with sidecar("", tmp_path_factory.mktemp("engine"), settings=settings) as running:
        yield running


def stream(url: str, **options: Any) -> tuple[bytes, list[Any]]:
    """The bytes of a streamed answer and what the OpenAI client made of them."""
    bodies: list[bytes] = []

    class Tape(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = super().handle_request(request)
            bodies.append(answer.read())
            return answer

    with (
        httpx.Client(transport=Tape(), timeout=30) as http_client,
        openai.OpenAI(base_url=f"{url}/v1", api_key="none", http_client=http_client, max_retries=0) as client,
    ):
        question: Any = [{"role": "user", "content": "short"}]
        parsed = list(client.chat.completions.create(model="m", messages=question, stream=True, **options))
    return bodies[-1], parsed


def test_the_engine_is_asked_for_usage_and_the_client_gets_the_same_bytes(
    lenient: ScriptedEngine, relay: Sidecar
) -> None:
    direct, _ = stream(lenient.url)
    relayed, parsed = stream(relay.url)
    assert relayed == direct
    assert len(parsed) == 3
    assert "stream_options" not in lenient.asked[-2]
    assert lenient.asked[-1]["stream_options"] == {"include_usage": True}
    eventually(lambda: relay.metric("tokentide_token_count_source_total", side="output", source="usage"), "the usage")


def test_a_client_that_asks_for_usage_gets_it(lenient: ScriptedEngine, relay: Sidecar) -> None:
    direct, _ = stream(lenient.url, stream_options={"include_usage": True})
    relayed, parsed = stream(relay.url, stream_options={"include_usage": True})
    assert relayed == direct
    assert parsed[-1].usage.total_tokens == 20


def test_an_engine_that_refuses_is_asked_once_and_its_client_notices_nothing(
    strict: ScriptedEngine, relay: Sidecar
) -> None:
    direct, _ = stream(strict.url)
    strict.asked.clear()
    for _ in range(2):
        relayed, _ = stream(f"{relay.url}/strict")
        assert relayed == direct
    assert ["stream_options" in asked for asked in strict.asked] == [True, False, False]
    assert "refuses stream_options.include_usage" in relay.log


def test_limits_are_discovered_and_requests_are_counted_against_them(relay: Sidecar) -> None:
    def limit() -> bool:
        return relay.metric("tokentide_engine_limit_tokens", model="m", limit="max_seq_len") == 20

    eventually(limit, "the discovery of the limit")
    body = {"model": "m", "messages": [{"role": "user", "content": "long"}], "stream": True}
    refused = web().post(f"{relay.url}/v1/chat/completions", json=body)
    assert (refused.status_code, refused.json()) == (400, TOO_LONG)
    stream(relay.url)
    for how in ("rejected", "truncated"):
        eventually(
            lambda how=how: relay.metric("tokentide_limit_exceeded_total", limit="max_seq_len", how=how),
            f"a request that was {how}",
        )


def test_the_engines_own_metrics_are_told_under_our_names(relay: Sidecar) -> None:
    def told() -> bool:
        running = relay.metric("tokentide_engine_requests_running", upstream="lenient")
        usage = relay.metric("tokentide_engine_kv_cache_usage_ratio", upstream="lenient")
        return (running, usage) == (3.0, 0.5)

    eventually(told, "the engine's load")
    eventually(
        lambda: relay.metric("tokentide_engine_questions_total", upstream="strict", what="metrics", result="failed"),
        "the count of a page that is not there",
    )
    assert relay.log.count("The engine strict does not tell its metrics: status 404.") == 1
    assert relay.metric("tokentide_engine_requests_running", upstream="strict") == 0
