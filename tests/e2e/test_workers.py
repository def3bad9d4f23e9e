"""Several processes on one port: workers of one sidecar, and a second sidecar that takes over from the first."""

import asyncio
import signal
from pathlib import Path

import httpx
import pytest

from tests.fakes.processes import Engine, Sidecar, eventually, sidecar

pytestmark = pytest.mark.e2e

CHAT = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "apple"}]}
SCRIPT = {"ttft_ms": 20, "itl_ms": 5, "tokens": 10, "usage": "always"}


async def ask(url: str, requests: int, at_once: int = 16) -> list[int]:
    """So many requests, each on a connection of its own; the statuses, 0 for a broken one."""
    gate = asyncio.Semaphore(at_once)

    async def one() -> int:
        async with gate, httpx.AsyncClient(timeout=20) as client:
            try:
                answer = await client.post(f"{url}/v1/chat/completions", json={**CHAT, "x_script": SCRIPT})
            except httpx.HTTPError:
                return 0
            return answer.status_code if answer.text.rstrip().endswith("[DONE]") else 0

    return list(await asyncio.gather(*(one() for _ in range(requests))))


def test_two_workers_share_one_port_and_one_account(engine: Engine, tmp_path: Path) -> None:
    with sidecar(engine.url, tmp_path, "--workers", "2") as running:
        assert asyncio.run(ask(running.url, 200)) == [200] * 200
        running.settled(200)
        assert running.metric("tokentide_forwarded_requests_total") == 200
        assert running.stop() == 0
        rows = running.rows()
    assert len({row["request_id"] for row in rows}) == 200
    assert max(row["concurrency"] for row in rows) > 8


def has_relay(running: Sidecar) -> bool:
    try:
        return running.child("tokentide-relay") > 0
    except AssertionError:
        return False


def test_a_second_sidecar_takes_over_the_port_and_no_request_fails(engine: Engine, tmp_path: Path) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()

    async def story(first: Sidecar) -> list[int]:
        traffic = asyncio.create_task(ask(first.url, 300))
        await asyncio.sleep(0.3)
        ports = [first.url, first.admin, first.health]
        with sidecar(engine.url, folders[1], settings="share_port = true\n", at=ports, ready=False) as second:
            await asyncio.to_thread(eventually, lambda: has_relay(second), "the second relay")
            first.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(first.process.wait, 40) == 0
            statuses = await traffic
            statuses += await ask(second.url, 20)
            assert second.stop() == 0
            assert len(first.rows()) + len(second.rows()) == 320
            assert first.rows()
            assert second.rows()
            return statuses

    with sidecar(engine.url, folders[0], settings="share_port = true\n") as first:
        assert asyncio.run(story(first)) == [200] * 320
