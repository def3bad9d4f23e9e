"""A load of many kinds of requests on a sidecar that a real Prometheus scrapes."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import httpx

from tests.fakes.processes import Sidecar
from tests.fakes.prometheus import Prometheus

LOAD_SECONDS = 10.0
CLIENTS = 6
MODELS = ("gpt-4o", "tiny/llama-3.1")
JOB = "tokentide"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the tests ask: Prometheus, the sidecar, and the seconds since the epoch between which there was load."""

    prometheus: Prometheus
    sidecar: Sidecar
    start: float
    end: float


def request(client: int, turn: int) -> dict[str, Any]:
    """One of the many kinds of requests: short and long, two models, chat and completions, streams and not, broken."""
    kind = client + turn * CLIENTS
    script: dict[str, Any] = {
        "ttft_ms": 20 + 15 * client,
        "itl_ms": 4,
        "tokens": (8, 40, 90, 300)[kind % 4],
        "tokens_per_chunk": 1 + kind % 2,
        "usage": "never" if kind % 5 == 0 else "always",
    }
    if kind % 11 == 7:
        script["status"] = 503
    if kind % 11 == 9:
        script["break_after"] = 3
    prompt = "apple " * (5, 70, 700, 2500)[kind // 4 % 4]
    body: dict[str, Any] = {"model": MODELS[kind % 2], "stream": kind % 7 != 3, "x_script": script}
    if kind % 3 == 0:
        body["max_tokens"] = 512
    return body | ({"prompt": prompt} if kind % 6 == 1 else {"messages": [{"role": "user", "content": prompt}]})


async def ask(client: httpx.AsyncClient, body: dict[str, Any], *, leave: bool) -> None:
    """Sends one request and reads the answer, or leaves after its first bytes."""
    path = "/v1/completions" if "prompt" in body else "/v1/chat/completions"
    try:
        async with client.stream("POST", path, json=body) as answer:
            async for _ in answer.aiter_bytes():
                if leave:
                    return
    except httpx.RemoteProtocolError:
        assert "break_after" in body["x_script"], "only what the script breaks may break"


async def load(url: str) -> int:
    """Clients that ask without pause; the number of requests sent."""
    end = time.monotonic() + LOAD_SECONDS
    sent = 0

    async def keep_asking(number: int) -> None:
        nonlocal sent
        turn = 0
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            while time.monotonic() < end:
                body = request(number, turn)
                sent += 1
                turn += 1
                await ask(client, body, leave=bool(body["stream"]) and turn % 9 == 4)

    await asyncio.gather(*(keep_asking(number) for number in range(CLIENTS)))
    return sent
