"""The admin port serves the metrics page, the live figures and an index, and nothing that loads from elsewhere."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette

from exporter.admin.app import app
from exporter.admin.live import About
from exporter.sinks.prometheus import Page
from exporter.sinks.store import Store
from tests.unit.exporter.sinks.measurements import streamed


@dataclass(slots=True)
class Renderer:
    """Renders a page that says how often it was rendered, and remembers on which threads."""

    times: int = 0
    threads: set[int] = field(default_factory=set)

    def __call__(self, accept: str) -> tuple[bytes, str]:
        self.times += 1
        self.threads.add(threading.get_ident())
        return f"{self.times} for {accept}".encode(), "text/plain; version=0.0.4"


@dataclass(slots=True)
class Clock:
    """A clock that stands still until it is moved."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def admin(
    render: Callable[[str], tuple[bytes, str]], clock: Clock | None = None, store: Store | None = None
) -> Starlette:
    return app(render, (store or Store()).snapshot, About("1.2.3", "host"), clock or Clock())


async def ask(pages: Starlette, *paths: str, accept: str = "*/*") -> list[httpx.Response]:
    """The answers to requests made at the same time."""
    transport = httpx.ASGITransport(pages)
    async with httpx.AsyncClient(transport=transport, base_url="http://admin", headers={"accept": accept}) as client:
        return list(await asyncio.gather(*(client.get(path) for path in paths)))


def get(pages: Starlette, path: str, accept: str = "*/*") -> httpx.Response:
    (answer,) = asyncio.run(ask(pages, path, accept=accept))
    return answer


def test_the_metrics_page_is_what_the_renderer_says() -> None:
    store = Store()
    store.accept(streamed())
    answer = get(admin(Page(store.snapshot).render), "/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'tokentide_request_input_tokens_count{model="llama",operation="chat"} 1.0' in answer.text


def test_a_scraper_that_asks_for_openmetrics_gets_it() -> None:
    answer = get(admin(Page(Store().snapshot).render), "/metrics", "application/openmetrics-text; version=1.0.0")
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")


def test_the_page_is_rendered_once_a_second_off_the_loop() -> None:
    renderer, clock = Renderer(), Clock()
    pages = admin(renderer, clock)
    assert [answer.text for answer in asyncio.run(ask(pages, *["/metrics"] * 5))] == ["1 for */*"] * 5
    clock.now += 0.99
    assert get(pages, "/metrics").text == "1 for */*"
    clock.now += 0.01
    assert get(pages, "/metrics").text == "2 for */*"
    assert threading.get_ident() not in renderer.threads


def test_each_format_has_its_own_page_and_invented_ones_do_not_pile_up() -> None:
    renderer = Renderer()
    pages = admin(renderer)
    assert get(pages, "/metrics", "a").text == "1 for a"
    assert get(pages, "/metrics", "b").text == "2 for b"
    assert get(pages, "/metrics", "a").text == "1 for a"
    for i in range(20):
        get(pages, "/metrics", f"invented/{i}")
    assert get(pages, "/metrics", "invented/19").text == "22 for invented/19"
    assert get(pages, "/metrics", "a").text == "23 for a"


def test_live_is_json() -> None:
    store = Store()
    store.accept(streamed())
    answer = get(admin(Renderer(), store=store), "/live")
    said = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert (said["version"], said["instance"], said["requests"]) == ("1.2.3", "host", {"completed": 1})
    assert said["in_flight"] == {"requests": 0, "streams": 0, "context_tokens": 0}
    assert set(said["models"]["llama"]["isl"]) == {"p50", "p90", "p99"}
    assert "estimated" in said["note"]


def test_the_index_names_the_pages() -> None:
    answer = get(admin(Renderer()), "/")
    assert answer.text.startswith("tokentide 1.2.3 on host\n")
    assert "/metrics" in answer.text
    assert "/live" in answer.text


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/nothing"])
def test_there_are_no_other_pages(path: str) -> None:
    assert get(admin(Renderer()), path).status_code == 404
