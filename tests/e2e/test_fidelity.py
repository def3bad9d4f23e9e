"""Clients cannot tell the sidecar from the engine."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import pytest

from tests.fakes.processes import Engine, Sidecar, sidecar
from tests.fakes.web import web

pytestmark = pytest.mark.e2e

QUESTION = [{"role": "user", "content": "apple bread cream"}]


@pytest.fixture(scope="module")
def relay(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    with sidecar(engine.url, tmp_path_factory.mktemp("fidelity")) as running:
        yield running


class Tape(httpx.BaseTransport):
    """A real transport that keeps the bytes of each body."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        tape: list[bytes] = []
        self.bodies.append(b"")
        place = len(self.bodies) - 1
        inner = response.stream

        class Recorded(httpx.SyncByteStream):
            def __iter__(self) -> Iterator[bytes]:
                for piece in inner:  # type: ignore[union-attr]
                    tape.append(piece)
                    yield piece

            def close(self) -> None:
                bodies[place] = b"".join(tape)
                inner.close()  # type: ignore[union-attr]

        bodies = self.bodies
        return httpx.Response(response.status_code, headers=response.headers, stream=Recorded())

    def close(self) -> None:
        self._inner.close()


def asked(url: str, *, stream: bool, chat: bool) -> tuple[bytes, list[object]]:
    """What an OpenAI SDK client gets: the bytes of the body, and what the SDK made of them."""
    tape = Tape()
    script = {"ttft_ms": 5, "itl_ms": 2, "tokens": 12, "usage": "always"}
    with (
        httpx.Client(transport=tape) as http,
        openai.OpenAI(base_url=f"{url}/v1", api_key="none", http_client=http, max_retries=0) as client,
    ):
        extra = {"x_script": script}
        if chat:
            answer = client.chat.completions.create(
                model="gpt-4o",
                messages=QUESTION,
                stream=stream,
                extra_body=extra,  # type: ignore[call-overload]
            )
        else:
            answer = client.completions.create(model="gpt-4o", prompt="apple", stream=stream, extra_body=extra)
        parsed = list(answer) if stream else [answer]
    return tape.bodies[0], parsed


@pytest.mark.parametrize("chat", [True, False], ids=["chat", "completions"])
@pytest.mark.parametrize("stream", [True, False], ids=["streaming", "whole"])
def test_an_openai_client_gets_byte_identical_bodies(engine: Engine, relay: Sidecar, stream: bool, chat: bool) -> None:
    direct, meant = asked(engine.url, stream=stream, chat=chat)
    relayed, understood = asked(relay.url, stream=stream, chat=chat)
    assert len(direct) > 200
    assert relayed == direct
    assert len(understood) == len(meant)


def test_other_paths_pass_through_untouched(engine: Engine, relay: Sidecar) -> None:
    for path in ("/v1/models", "/health", "/nowhere"):
        direct, relayed = web().get(engine.url + path), web().get(relay.url + path)
        assert (relayed.status_code, relayed.content) == (direct.status_code, direct.content)


def test_bodies_that_cannot_be_parsed_are_forwarded_and_recorded_with_what_is_known(
    engine: Engine, relay: Sidecar
) -> None:
    body = b'{"model": "gpt-4o", "messages": [{"role"'
    direct = web().post(f"{engine.url}/v1/chat/completions", content=body)
    relayed = web().post(f"{relay.url}/v1/chat/completions", content=body, headers={"x-request-id": "broken-1"})
    assert (relayed.status_code, relayed.content) == (direct.status_code, direct.content)


def test_the_response_headers_are_the_engines(engine: Engine, relay: Sidecar, tmp_path: Path) -> None:
    direct, relayed = web().get(f"{engine.url}/v1/models"), web().get(f"{relay.url}/v1/models")
    ignored = {"connection", "date"}
    assert {k: v for k, v in relayed.headers.items() if k not in ignored} == {
        k: v for k, v in direct.headers.items() if k not in ignored
    }
