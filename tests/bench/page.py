"""What the scrape page costs: `python -m tests.bench.page` renders about 9,000 series and measures who waits meanwhile.

Three models with two operations each, filled with requests of all lengths and with exemplars, behind the admin port as
the observer serves it: from a thread, while the observer's own loop goes on. Another process scrapes and asks `/live`.
"""

import asyncio
import gc
import multiprocessing
import random
import socket
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import httpx
import uvicorn
import uvloop

from exporter.admin.app import app
from exporter.admin.live import About
from exporter.observe.observation import Measurement
from exporter.observe.trace import Trace
from exporter.sinks.prometheus import Page
from exporter.sinks.store import Store
from tests.unit.exporter.sinks.measurements import steps, streamed

REQUESTS = 3_000
ENDS = (("completed", 200, None), ("client_disconnect", 200, "reset"), ("mid_stream_error", 200, "upstream_reset"))
MODELS = ("meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen2.5-72B-Instruct", "mistralai/Mixtral-8x7B-Instruct-v0.1")
OPERATIONS = ("chat", "text_completion")
POSITIONS = (2, 20, 100, 300, 2000, 5000)
FORMATS = {"Prometheus text": "text/plain;version=0.0.4", "OpenMetrics": "application/openmetrics-text;version=1.0.0"}
ROUNDS = 25
SCRAPES = 6
Milliseconds = list[float]
Answers: TypeAlias = "multiprocessing.Queue[tuple[Milliseconds, Milliseconds, Milliseconds]]"


def filled() -> Store:
    """A store whose page has about 9,000 series."""
    numbers = random.Random(1)  # noqa: S311 - lengths and times need no secrecy
    store = Store()
    for model in MODELS:
        for operation in OPERATIONS:
            for i in range(REQUESTS):
                store.accept(request(numbers, model, operation, ENDS[0 if i % 10 else i // 10 % len(ENDS)]))
    return store


def request(numbers: random.Random, model: str, operation: str, end: tuple[str, int, str | None]) -> Measurement:
    """One of all lengths and times; `end` is its outcome, status and error."""
    isl, osl = (int(2 ** numbers.uniform(0, most)) for most in (18, 14))
    waits = [(int(1e7 * numbers.uniform(0.5, 3)), 1, position) for position in (2, 20, 100, 300, 2000, 5000)]
    first = int(10 ** numbers.uniform(4, 6.5))
    facts = {"model": model, "operation": operation, "input_tokens": isl, "output_tokens": osl, "ttft_us": first}
    facts |= {"system_tokens": 5, "history_tokens": 7, "user_tokens": 9, "tool_tokens": 11}
    facts |= dict(zip(("outcome", "http_status", "error_type"), end, strict=True))
    trace = Trace(f"{numbers.getrandbits(128):032x}", f"{numbers.getrandbits(64):016x}", sampled=True)
    return replace(streamed(**facts), steps=steps(*waits), waits_ns=steps(*waits).gap_ns, trace=trace)


def series(page: bytes) -> int:
    """Samples on a page."""
    return sum(1 for line in page.splitlines() if not line.startswith(b"#"))


def timed(call: Callable[[], object]) -> float:
    """Milliseconds that a call takes."""
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1e3


def rendering(store: Store) -> None:
    """Prints how long the page takes by itself."""
    page = Page(store.snapshot)
    for name, accept in FORMATS.items():
        body, _ = page.render(accept)
        took = [timed(lambda accept=accept: page.render(accept)) for _ in range(ROUNDS)]  # type: ignore[misc]  # the loop's own
        print(f"{name}: {series(body):,} series, {len(body) / 1e6:.2f} MB: {told(took)} ms")


def told(figures: Milliseconds) -> str:
    """Median and maximum."""
    return f"{statistics.median(figures):.1f}, at most {max(figures):.1f}"


def waiting(store: Store) -> None:
    """Prints how long `/live` and the observer's loop wait while pages are rendered."""
    listener = socket.socket(fileno=socket.create_server(("127.0.0.1", 0)).detach())  # inherited, as the observer's is
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    pages = app(Page(store.snapshot).render, store.snapshot, About("bench", "bench"))
    server = uvicorn.Server(uvicorn.Config(pages, log_level="error", access_log=False, lifespan="off", loop="asyncio"))
    threading.Thread(target=server.run, args=([listener],), daemon=True).start()
    apart = multiprocessing.get_context("spawn")
    found: Answers = apart.Queue()
    client = apart.Process(target=ask, args=(url, found))
    client.start()
    late = uvloop.run(ticking(client.is_alive))
    idle, busy, scrapes = found.get()
    print(f"/metrics as OpenMetrics, seen from another process: {told(scrapes)} ms")
    print(f"/live without a scrape: {told(idle)} ms; while a page is rendered: {told(busy)} ms")
    print(f"the observer's loop was late by: {told(late)} ms")
    server.should_exit = True


async def ticking(alive: Callable[[], bool]) -> Milliseconds:
    """How late a loop wakes that sleeps for 2 ms again and again: what events in the observer wait."""
    late: Milliseconds = []
    while alive():
        due = time.perf_counter() + 0.002
        await asyncio.sleep(0.002)
        late.append(max(time.perf_counter() - due, 0) * 1e3)
    return late


def ask(url: str, found: Answers) -> None:
    """Asks `/live` alone, then while another thread scrapes, each time more than a second after the scrape before."""
    client = httpx.Client(timeout=30)
    live = f"{url}/live"
    client.get(live)
    idle = [timed(lambda: client.get(live)) for _ in range(50)]
    busy: Milliseconds = []
    scrapes: Milliseconds = []
    headers = {"accept": FORMATS["OpenMetrics"]}
    for _ in range(SCRAPES):
        time.sleep(1.1)
        scraper = threading.Thread(
            target=lambda: scrapes.append(timed(lambda: httpx.get(f"{url}/metrics", headers=headers, timeout=30)))
        )
        scraper.start()
        while scraper.is_alive():
            busy.append(timed(lambda: client.get(live)))
        scraper.join()
    found.put((idle, busy, scrapes))


def main() -> None:
    """Measures and prints."""
    store = filled()
    gc.collect()
    gc.freeze()  # as the observer does
    rendering(store)
    waiting(store)


if __name__ == "__main__":
    main()
