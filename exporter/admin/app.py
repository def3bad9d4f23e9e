"""The pages of the admin port: `/metrics` for Prometheus, `/live` for people, `/` to find them."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response

from exporter.admin.live import About, Live, Snapshot, live

FRESH_SECONDS = 1.0
_REMEMBERED_ACCEPTS = 8

INDEX = """\
tokentide {version} on {instance}
/metrics  Prometheus text or OpenMetrics
/live     what is going on now, as JSON
"""


@dataclass(frozen=True, slots=True)
class _Rendered:
    """A page and when it was rendered."""

    at: float
    body: bytes
    content_type: str


class Metrics:
    """The metrics page, rendered in a thread, at most once a second for each `Accept` header.

    Rendering takes tens of milliseconds, in which the observer's loop goes on; scrapes that come meanwhile wait for the
    same page.
    """

    def __init__(self, render: Callable[[str], tuple[bytes, str]], clock: Callable[[], float] = time.monotonic) -> None:
        self._render = render
        self._clock = clock
        self._lock = asyncio.Lock()
        self._pages: dict[str, _Rendered] = {}

    async def page(self, accept: str) -> Response:
        """The page for an `Accept` header, at most a second old."""
        async with self._lock:
            page = self._pages.get(accept)
            if page is None or self._clock() - page.at >= FRESH_SECONDS:
                at = self._clock()
                page = _Rendered(at, *await asyncio.to_thread(self._render, accept))
                if len(self._pages) >= _REMEMBERED_ACCEPTS:
                    self._pages.clear()
                self._pages[accept] = page
        return Response(page.body, headers={"content-type": page.content_type})


def app(
    render: Callable[[str], tuple[bytes, str]],
    snapshot: Callable[[], Snapshot],
    about: About,
    clock: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """The admin application.

    `render` gives body and content type of the metrics page for an `Accept` header and `snapshot` the metrics at this
    moment; both are called on other threads. `clock` is monotonic, in seconds. There are no documentation pages: those
    of FastAPI load scripts from elsewhere.
    """
    pages = FastAPI(title="tokentide", version=about.version, docs_url=None, redoc_url=None, openapi_url=None)
    metrics = Metrics(render, clock)

    @pages.get("/", response_class=PlainTextResponse)
    async def index() -> str:
        """What there is."""
        return INDEX.format(version=about.version, instance=about.instance)

    @pages.get("/metrics", response_class=Response)
    async def metrics_page(request: Request) -> Response:
        """All metrics of the catalogue that have a series."""
        return await metrics.page(request.headers.get("accept", ""))

    @pages.get("/live")
    def live_page() -> Live:
        """What is going on now; FastAPI calls this on another thread because it is not a coroutine."""
        return live(snapshot(), about)

    return pages
