"""A proxy of a few lines with aiohttp on both sides: `aiohttp_proxy.py PORT ENGINE_PORT`."""

import sys
from collections.abc import AsyncIterator

import aiohttp
import uvloop
from aiohttp import web

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "upgrade", "te"}


def application(engine: str) -> web.Application:
    """The proxy to `engine` as an application."""
    app = web.Application(client_max_size=1 << 30)
    app.cleanup_ctx.append(_client)

    async def relay(request: web.Request) -> web.StreamResponse:
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP_BY_HOP}
        body = request.content if request.body_exists else None
        async with app[_SESSION].request(
            request.method, engine + request.path_qs, headers=headers, data=body
        ) as answer:
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP}
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response

    app.router.add_route("*", "/{path:.*}", relay)
    return app


_SESSION = web.AppKey("session", aiohttp.ClientSession)


async def _client(app: web.Application) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None), auto_decompress=False
    ) as session:
        app[_SESSION] = session
        yield


if __name__ == "__main__":
    uvloop.install()
    web.run_app(
        application(f"http://127.0.0.1:{sys.argv[2]}"),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=None,
        print=None,
        backlog=4096,
    )
