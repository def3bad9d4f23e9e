"""HTTP/1.1 of the scripted engine: requests in, answers out, one after another on each connection."""

import asyncio
import socket
import time
from collections import deque
from dataclasses import dataclass, field

import httptools
import orjson

from scripted_engine.answer import Answer
from scripted_engine.batching import Pool
from scripted_engine.frames import CREATED, answer_id, error_body
from scripted_engine.log import Log
from scripted_engine.pacer import Pacer
from scripted_engine.script import Asked, Script, UnusableRequest, parse_script, understand
from scripted_engine.storyboard import head, storyboard

COMPLETIONS = ("/v1/chat/completions", "/v1/completions")
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Engine:
    """What all connections share. `timing` is the script of requests that carry none; absent: the simulated pool's."""

    pacer: Pacer
    pool: Pool
    log: Log
    models: tuple[str, ...]
    timing: Script | None


@dataclass(slots=True)
class Request:
    """One request while it arrives; `received_ns` is when its last byte was read."""

    method: str = ""
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    received_ns: int = 0
    keep_alive: bool = True
    begun: bool = False


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._parser = httptools.HttpRequestParser(self)
        self._request = Request()
        self._waiting: deque[Request] = deque()
        self._answering: Request | None = None
        self._answer: Answer | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = transport  # type: ignore[assignment]  # the loop passes a Transport to a stream protocol
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._reply(400, error_body(f"This is not HTTP/1.1: {error}", "BadRequestError", 400))
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 – the loop's signature
        """Called by the loop."""
        if self._answer is not None:
            self._answer.abandon()

    def on_message_begin(self) -> None:
        """Called by the parser."""
        self._request = Request()

    def on_url(self, url: bytes) -> None:
        """Called by the parser."""
        self._request.path += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser."""
        self._request.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        request = self._request
        request.method = self._parser.get_method().decode()
        request.keep_alive = self._parser.should_keep_alive()
        if request.headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if '"early"' in request.headers.get("x-script", ""):
            self._take(request)

    def on_body(self, data: bytes) -> None:
        """Called by the parser."""
        self._request.body += data

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._take(self._request)

    def _take(self, request: Request) -> None:
        if request.begun:
            return
        request.begun = True
        request.received_ns = time.monotonic_ns()
        self._waiting.append(request)
        if self._answering is None:
            self._serve_next()

    def _serve_next(self) -> None:
        self._answering = self._answer = None
        if self._waiting:
            self._answering = self._waiting.popleft()
            self._serve(self._answering)

    def _ended(self) -> None:
        """The answer is out: close the connection if the client or the framing says so, else take the next request."""
        if self._answering is not None and not self._answering.keep_alive:
            self._transport.close()
        else:
            self._serve_next()

    def _serve(self, request: Request) -> None:
        path = request.path.partition("?")[0]
        try:
            if request.method == "POST" and path in COMPLETIONS:
                self._complete(path, request)
                return
            status, body = self._look_up(request.method, path)
        except UnusableRequest as error:
            status, body = 400, error_body(str(error), "BadRequestError", 400)
        self._reply(status, body)
        self._ended()

    def _look_up(self, method: str, path: str) -> tuple[int, bytes]:
        if path == "/health":
            return 200, b""
        if path == "/v1/models":
            models = [
                {"id": m, "object": "model", "created": CREATED, "owned_by": "scripted"} for m in self._engine.models
            ]
            return 200, orjson.dumps({"object": "list", "data": models})
        if path == "/engine/answers":
            answers = self._engine.log.as_json()
            if method == "DELETE":
                self._engine.log.clear()
            return 200, answers
        return 404, error_body(f"There is no {method} {path} here.", "NotFoundError", 404)

    def _complete(self, path: str, request: Request) -> None:
        raw = request.headers.get("x-script")
        script = parse_script(raw.encode("latin-1")) if raw else None
        asked = understand(path, bytes(request.body or b"{}" if script and script.early else request.body), script)
        identity = answer_id(bytes(request.body))
        request.keep_alive = request.keep_alive and asked.manner.framing == "chunked"
        request_id = request.headers.get("x-request-id", identity)
        entry = self._engine.log.open(request_id, path, request.received_ns, asked.prompt_tokens)
        timed = _with_timing(asked, self._engine.timing)
        answer = Answer(storyboard(timed, identity), self._transport, entry, self._ended)
        self._answer = answer
        if timed.script is not None:
            answer.follow_schedule(self._engine.pacer)
        else:
            answer.follow_engine(self._engine.pool, asked.prompt_tokens, asked.output_tokens, stream=asked.stream)

    def _reply(self, status: int, body: bytes) -> None:
        self._transport.write(head(status, JSON, Script(), len(body)) + body)


def _with_timing(asked: Asked, timing: Script | None) -> Asked:
    if asked.script is not None or timing is None:
        return asked
    return Asked(
        chat=asked.chat,
        model=asked.model,
        stream=asked.stream,
        prompt_tokens=asked.prompt_tokens,
        max_tokens=asked.max_tokens,
        n=asked.n,
        include_usage=asked.include_usage,
        script=timing,
        natural_tokens=asked.natural_tokens,
    )
