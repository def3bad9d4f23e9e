"""The pages of the admin port: `/metrics` for Prometheus, `/live` for people, `/` to find them."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.admin.live import About, Snapshot, live

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
) -> Starlette:
    """The admin application.

    `render` gives body and content type of the metrics page for an `Accept` header and `snapshot` the metrics at this
    moment; both are called on other threads. `clock` is monotonic, in seconds.
    """
    metrics = Metrics(render, clock)

    async def index(_: Request) -> Response:
        """What there is."""
        return PlainTextResponse(INDEX.format(version=about.version, instance=about.instance))

    async def metrics_page(request: Request) -> Response:
        """All metrics of the catalogue that have a series."""
        return await metrics.page(request.headers.get("accept", ""))

    def live_page(_: Request) -> Response:
        """What is going on now; called on another thread because it is not a coroutine."""
        return Response(orjson.dumps(live(snapshot(), about)), media_type="application/json")

    return Starlette(routes=[Route("/", index), Route("/metrics", metrics_page), Route("/live", live_page)])
