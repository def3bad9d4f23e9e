"""No word of any prompt or answer is found in anything that the sidecar leaves behind or says."""

import contextlib
import json
import os
import signal
from pathlib import Path

import httpx
import pytest

from exporter.catalog import METRICS
from exporter.record import COLUMNS
from tests.fakes.processes import Engine, eventually, sidecar

pytestmark = pytest.mark.e2e

MARKS = ("zirconquilt", "vexhalberd", "quohogmist", "jaspervellum", "wyvernplum", "oxlipbrandy")


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
    """All files below the folder, as bytes."""
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_marked_words_are_in_no_record_log_or_metric(engine: Engine, tmp_path: Path) -> None:
    answer_words = httpx.post(f"{engine.url}/v1/chat/completions", content=bodies()[0]).json()
    said_by_engine = answer_words["choices"][0]["message"]["content"].split()
    with sidecar(engine.url, tmp_path) as running:
        asked = 0
        paths = ("/v1/chat/completions", "/v1/completions", "/v1/unknown")
        for path, body in [*((path, body) for path in paths for body in bodies()), *other_apis()]:
            asked += 1
            with contextlib.suppress(httpx.HTTPError):
                httpx.post(running.url + path, content=body, headers={"authorization": f"Bearer {MARKS[4]}"})
        httpx.get(f"{running.url}/v1/models")
        running.settled(asked + 1)
        pages = httpx.get(f"{running.admin}/metrics").content + httpx.get(f"{running.admin}/live").content
        spooled = everything_left(tmp_path)
        os.kill(running.child("tokentide-observer"), signal.SIGKILL)
        eventually(running.rows, "the recovery of the spool")
        running.wait_ready()
        assert running.stop() == 0
        rows = running.rows()
        left = everything_left(tmp_path)
    assert len(rows) == asked + 1
    plain = json.dumps(rows, default=str).encode()
    for mark in MARKS:
        for name, place in {"spool and log": spooled, "files": left, "records": plain, "pages": pages}.items():
            assert mark.encode() not in place, f"{mark} is in the {name}"
    ours = " ".join([column.name for column in COLUMNS] + [f"{m.name} {m.meaning}" for m in METRICS])
    long_words = {word for word in said_by_engine if len(word) >= 6 and word not in ours}
    assert len(long_words) > 5
    for word in long_words:
        assert word.encode() not in plain
        assert word.encode() not in pages
