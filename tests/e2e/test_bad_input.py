"""What goes wrong is said clearly, and nothing else goes wrong with it."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.fakes.processes import Engine, Sidecar, eventually, free_port, sidecar
from tests.fakes.web import web

pytestmark = pytest.mark.e2e

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "apple bread"}]}


def test_an_engine_that_cannot_be_reached_is_said_by_us_and_by_readyz_and_can_come_back(tmp_path: Path) -> None:
    port = free_port()
    with sidecar(f"http://127.0.0.1:{port}", tmp_path, ready=False) as running:

        def asked() -> httpx.Response | None:
            answer = web().post(f"{running.url}/v1/chat/completions", json=CHAT)
            return answer if answer.status_code == 502 else None

        answer = eventually(asked, "a 502")
        error = answer.json()["error"]
        assert error["source"] == "tokentide-exporter"
        assert error["type"] == "upstream_unreachable"
        said = eventually(lambda: web().get(f"{running.health}/readyz"), "an answer of /readyz")
        assert said.status_code == 503
        assert f"127.0.0.1:{port} cannot be reached" in said.text
        assert web().get(f"{running.health}/healthz").status_code == 200
        late = Engine("--model", "gpt-4o", port=port)
        try:
            running.wait_ready()
            assert web().post(f"{running.url}/v1/chat/completions", json=CHAT).status_code == 200
        finally:
            late.stop()


def test_malformed_http_gets_400_and_a_closed_connection(engine: Engine, tmp_path: Path) -> None:
    with sidecar(engine.url, tmp_path) as running:
        for nonsense in (
            b"NONSENSE\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", running.port), 5) as sock:
                sock.sendall(nonsense)
                answer = b""
                while piece := sock.recv(4096):
                    answer += piece
            assert answer.startswith(b"HTTP/1.1 400 ")
            assert b"tokentide-exporter" in answer
        assert web().get(f"{running.url}/v1/models").status_code == 200
        eventually(
            lambda: running.metric("tokentide_refused_requests_total", reason="malformed_request") == 2, "the count"
        )


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ({"break_after": 3, "break_with": "rst"}, "mid_stream_error"),
        ({"break_after": 3, "break_with": "fin"}, "mid_stream_error"),
        ({"break_after": "nothing"}, "upstream_error"),
        ({"error_after": 3}, "mid_stream_error"),
        ({"status": 503}, "upstream_error"),
        ({"status": 429}, "refused"),
        ({"garble_after": 3, "garble": "json"}, "completed"),
        ({"garble_after": 3, "garble": "sse"}, "completed"),
        ({"gzip": True}, "completed"),
        ({"whole": True}, "completed"),
        ({"done": False}, "completed"),
    ],
    ids=str,
)
def test_whatever_an_engine_does_is_passed_on_and_recorded(
    engine: Engine, shared: Sidecar, script: dict[str, object], outcome: str
) -> None:
    full = {"ttft_ms": 5, "itl_ms": 2, "tokens": 10, **script}
    name = f"case-{json.dumps(script)}".replace(" ", "")
    body = {**CHAT, "stream": True, "x_script": full}
    relayed = fetched(shared.url, body, name)
    if script.get("break_after") != "nothing":
        assert relayed == fetched(engine.url, body, name)

    def written() -> bool:
        return shared.live()["requests"].get(outcome, 0) > 0

    eventually(written, f"a request with outcome {outcome}")


@pytest.fixture(scope="module")
def shared(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Sidecar:  # type: ignore[misc]
    with sidecar(engine.url, tmp_path_factory.mktemp("bad")) as running:
        yield running


def fetched(url: str, body: dict[str, object], name: str) -> tuple[int, bytes, bool]:
    """Status, raw body and whether the body ended properly."""
    pieces: list[bytes] = []
    headers = {"x-request-id": name, "accept-encoding": "gzip"}
    with web().stream("POST", f"{url}/v1/chat/completions", json=body, headers=headers, timeout=20) as answer:
        try:
            pieces.extend(answer.iter_raw())
        except httpx.HTTPError:
            return answer.status_code, b"".join(pieces), False
        return answer.status_code, b"".join(pieces), True


def test_a_client_that_leaves_is_recorded_and_the_engine_is_told(engine: Engine, tmp_path: Path) -> None:
    with sidecar(engine.url, tmp_path) as running:
        web().delete(f"{engine.url}/engine/answers")
        body = {**CHAT, "stream": True, "x_script": {"ttft_ms": 10, "itl_ms": 20, "tokens": 500}}
        headers = {"x-request-id": "left-early"}
        with web().stream("POST", f"{running.url}/v1/chat/completions", json=body, headers=headers) as answer:
            for number, _ in enumerate(answer.iter_raw()):
                if number == 10:
                    break
        running.settled(1)

        def told() -> bool:
            return any(each["outcome"] == "left" for each in web().get(f"{engine.url}/engine/answers").json())

        eventually(told, "the cancellation at the engine")
        assert running.stop() == 0
        [row] = running.rows()
    assert (row["outcome"], row["request_id"]) == ("client_disconnect", "left-early")
    assert 5 <= row["output_tokens"] <= 40
    assert row["ttft_us"] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve"], "`upstream` is missing"),
        (["serve", "--upstream", "nonsense", "--workers", "0"], "`workers` is wrong"),
        (["serve", "--upstream", "http://127.0.0.1:1", "--settings", "/nowhere.toml"], "cannot be read"),
    ],
)
def test_bad_settings_end_with_two_and_say_why(arguments: list[str], said: str) -> None:
    program = str(Path(sys.executable).with_name("tokentide-exporter"))
    ended = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_in_use_ends_with_two_and_names_it(engine: Engine, tmp_path: Path) -> None:
    with sidecar(engine.url, tmp_path) as running:
        program = str(Path(sys.executable).with_name("tokentide-exporter"))
        command = [program, "serve", "--upstream", engine.url, "--listen", f"127.0.0.1:{running.port}"]
        command += ["--records", str(tmp_path / "other")]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert f"listen address 127.0.0.1:{running.port} cannot be used" in ended.stderr
