"""No word of any prompt or answer, and no API key, is found in anything that the sidecar leaves behind or says."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from exporter.catalog import METRICS
from exporter.record import COLUMNS
from tests.e2e.test_fail_open import QUICK
from tests.fakes.clients import RawClient
from tests.fakes.processes import Engine, Sidecar, eventually, free_port, sidecar
from tests.fakes.vocabularies import word_tokenizer
from tests.fakes.web import web

pytestmark = pytest.mark.e2e

MARKS = ("zirconquilt", "vexhalberd", "quohogmist", "jaspervellum", "wyvernplum", "oxlipbrandy")

KEYS = {
    "authorization": "Bearer fernglimmer",
    "x-api-key": "cobaltnettle",
    "api-key": "hollowmarten",
    "cookie": "session=plumemortar",
    "proxy-authorization": "Basic tansyfjord",
    "x-team": "sorreldrift",
}
HASH_KEY = "bracketdusk-which-is-long-enough"
SECRETS = (*(value.rpartition(" ")[2].rpartition("=")[2] for value in KEYS.values()), "murkwindow", "bracketdusk")
"""What must be nowhere: the keys above, one in a query, and the key of the hashes."""


def bodies() -> list[bytes]:
    """Requests with a marked word wherever text can stand, in good and in broken bodies."""
    system, user, tool, argument, key, broken = MARKS
    messages = [
        {"role": "system", "content": f"{system} rules"},
        {"role": "user", "content": [{"type": "text", "text": f"{user} asks"}]},
        {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": f'{{"{key}": "{argument}"}}'}}]},
        {"role": "user", "content": user},
    ]
    tools = [{"type": "function", "function": {"name": "f", "description": tool, "parameters": {"type": "object"}}}]
    whole = {
        "model": "gpt-4o",
        "messages": messages,
        "tools": tools,
        "x_script": {"ttft_ms": 5, "itl_ms": 2, "tokens": 200},
    }
    endings: list[dict[str, object]] = [
        {},
        {"break_after": 3},
        {"error_after": 2},
        {"status": 400},
        {"garble_after": 2},
        {"tool_call": True, "reasoning_tokens": 5},
    ]
    scripted = [{**whole, "stream": True, "x_script": {"ttft_ms": 5, "itl_ms": 2, **ending}} for ending in endings]
    good = [json.dumps(body).encode() for body in (whole, *scripted)]
    return [
        *good,
        f'{{"model": "gpt-4o", "messages": [{{"role": "user", "content": "{broken}'.encode(),
        json.dumps({"model": "gpt-4o", "messages": broken}).encode(),
        json.dumps(
            {"model": "gpt-4o", "max_tokens": broken, "messages": [{"role": "user", "content": broken}]}
        ).encode(),
        broken.encode() * 100,
    ]


def other_apis() -> list[tuple[str, bytes]]:
    """The same for the input of every other API, and for what says why it cannot be read."""
    system, user, tool, *_ = MARKS
    requests: list[tuple[str, object]] = [
        ("/v1/responses", {"instructions": system, "input": user, "tools": [{"type": "function", "name": tool}]}),
        (
            "/v1/messages",
            {"system": system, "messages": [{"role": "user", "content": user}], "tools": [{"name": tool}]},
        ),
        ("/v1/embeddings", {"input": [user]}),
        ("/v1/rerank", {"query": system, "documents": [user]}),
        ("/v2/models/m/generate_stream", {"text_input": user, "parameters": {"stop": tool}}),
        ("/generate_stream", {"inputs": user}),
        ("/generate", {"text": user}),
        ("/", {"inputs": user}),
    ]
    whole = [(path, json.dumps(body).encode()) for path, body in requests]
    return whole + [(path, body[:-9]) for path, body in whole]


def everything_left(folder: Path) -> bytes:
    """All files below the folder, as bytes, and their names."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return b"\n".join([str(path).encode() + b"\n" + path.read_bytes() for path in files])


@pytest.fixture
def hashing(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Settings for hashing clients, with the key outside; what is temporary lands below `tmp_path`."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    key = tmp_path_factory.mktemp("key") / "key"
    key.write_text(HASH_KEY)
    return f'client_id = "api_key"\nclient_key_file = "{key}"\n'


def pages(running: Sidecar) -> bytes:
    """Everything that the admin and the health port say, asked with marked words where they could be repeated."""
    urls = [f"{running.admin}/{path}" for path in ("metrics", "live", f"live?key={MARKS[0]}", f"{MARKS[1]}", "docs")]
    urls += [f"{running.health}/{path}" for path in ("healthz", "readyz", MARKS[2], f"readyz?key={MARKS[3]}")]
    return b"\n".join(web().get(url, headers=KEYS).content for url in urls)


def assert_nowhere(places: dict[str, bytes]) -> None:
    for secret in (*MARKS, *SECRETS):
        for name, place in places.items():
            assert secret.encode() not in place, f"{secret} is in the {name}"


def test_marked_words_and_keys_are_in_no_record_log_or_metric(engine: Engine, tmp_path: Path, hashing: str) -> None:
    answer_words = web().post(f"{engine.url}/v1/chat/completions", content=bodies()[0]).json()
    said_by_engine = answer_words["choices"][0]["message"]["content"].split()
    with sidecar(engine.url, tmp_path, settings=hashing) as running:
        asked = 0
        paths = ("/v1/chat/completions", "/v1/completions?api-key=murkwindow", f"/v1/{MARKS[3]}")
        for path, body in [*((path, body) for path in paths for body in bodies()), *other_apis()]:
            asked += 1
            with contextlib.suppress(httpx.HTTPError):
                web().post(running.url + path, content=body, headers=KEYS)
        web().get(f"{running.url}/v1/models")
        running.settled(asked + 1)
        said = pages(running)
        spooled = everything_left(tmp_path)
        os.kill(running.child("tokentide-observer"), signal.SIGKILL)
        eventually(running.rows, "the recovery of the spool")
        running.wait_ready()
        assert running.stop() == 0
        rows = running.rows()
        left = everything_left(tmp_path)
    assert len(rows) == asked + 1
    assert len({row["client_id"] for row in rows}) == 2, "one client, and nobody"
    plain = json.dumps(rows, default=str).encode()
    assert_nowhere({"spool and log": spooled, "files": left, "records": plain, "pages": said})
    ours = " ".join([column.name for column in COLUMNS] + [f"{m.name} {m.meaning}" for m in METRICS])
    long_words = {word for word in said_by_engine if len(word) >= 6 and word not in ours}
    assert len(long_words) > 5
    for word in long_words:
        assert word.encode() not in plain
        assert word.encode() not in said


HEADS = (
    "POST /v1/chat/completions HTTP/1.1\r\nhost: e\r\n{keys}bad {mark} line\r\n\r\n",
    "POST /v1/{mark} HTTP/9.9\r\nhost: e\r\n{keys}\r\n",
    "{mark}\r\n\r\n",
    "POST /v1/chat/completions HTTP/1.1\r\nhost: e\r\n{keys}content-length: {mark}\r\n\r\n",
    "POST /v1/chat/completions HTTP/1.1\r\nhost: e\r\n{keys}transfer-encoding: chunked\r\n\r\n{mark}\r\n",
    "POST /v1/chat/completions HTTP/1.1\r\nhost: e\r\n{keys}x-long: " + "{mark}" * 7000 + "\r\n\r\n",
    "POST /v1/chat/completions HTTP/1.1\r\nhost: e\r\n{keys}content-length: 99999999999\r\n\r\n{mark}",
    "GET /v1/{mark} HTTP/1.1\r\nhost: e\r\n{keys}upgrade: {mark}\r\nconnection: upgrade\r\n\r\n",
)
"""Requests that the sidecar itself refuses, with a marked word and all keys."""


def refused(running: Sidecar, head: str) -> bytes:
    """What the sidecar says to it."""
    keys = "".join(f"{name}: {value}\r\n" for name, value in KEYS.items())
    with RawClient(running.port) as client, contextlib.suppress(OSError):
        client.send(head.format(keys=keys, mark=MARKS[0]).encode())
        said = b""
        while piece := client.sock.recv(65536):
            said += piece
    return said


def test_errors_repeat_nothing_of_what_was_asked(tmp_path: Path, hashing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals, an engine that is away, a tokenizer that raises on every text – with Python's own debugging on."""
    monkeypatch.setenv("PYTHONDEVMODE", "1")
    broken = word_tokenizer(tmp_path / "tokenizer.json", unknown=False)
    port = free_port()
    with sidecar(f"http://127.0.0.1:{port}", tmp_path, settings=hashing + broken, ready=False) as running:
        url = f"{running.url}/v1/chat/completions"
        eventually(lambda: web().get(f"{running.admin}/live").status_code == 200, "the observer's start")
        eventually(lambda: web().get(url).status_code == 502, "the relay's start")
        answers = [refused(running, head) for head in HEADS]
        answers += [web().post(url, content=body, headers=KEYS).content for body in bodies()]
        assert b"upstream_unreachable" in answers[-1]
        assert sum(answer.startswith(b"HTTP/1.1 4") for answer in answers) >= len(HEADS) - 1
        engine = Engine("--model", "gpt-4o", port=port)
        try:
            for text in MARKS:
                body = {"model": "gpt-4o", "messages": [{"role": "user", "content": f"{text} "}]}
                script = {**QUICK, "usage": "never"}
                web().post(url, json={**body, "x_script": script}, headers=KEYS)
            running.settled(len(MARKS))
        finally:
            engine.stop()
        said = pages(running)
        assert running.stop() == 0
    assert_nowhere({"answers": b"\n".join(answers), "files": everything_left(tmp_path), "pages": said})


def test_a_traceback_holds_neither_the_key_of_the_hashes_nor_an_upload_s_credentials(
    tmp_path: Path, hashing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRETS[0])
    key = tmp_path / "short"
    key.write_text("bracketdusk")
    program = str(Path(sys.executable).with_name("tokentide-exporter"))
    for settings in (
        f'client_id = "api_key"\nclient_key_file = "{key}"\n',
        hashing + f'[upload]\ntarget = "s3://{SECRETS[1]}:{SECRETS[2]}@bucket"\n',
    ):
        file = tmp_path / "settings.toml"
        file.write_text(f'upstream = "http://127.0.0.1:1"\nrecords = "{tmp_path / "records"}"\n{settings}')
        for command in ("serve", "check"):
            words = [program, "--debug", command, "--settings", str(file), "--listen", "127.0.0.1:0"]
            done = subprocess.run(words, capture_output=True, check=False, timeout=60)
            assert done.returncode != 0
            assert_nowhere({f"output of {command}": done.stdout + done.stderr})
