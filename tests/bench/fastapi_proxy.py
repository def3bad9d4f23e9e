"""A proxy of a few lines with FastAPI and httpx, as many gateways begin: `fastapi_proxy.py PORT ENGINE_PORT`."""

import sys

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "upgrade", "te"}


def application(engine: str) -> FastAPI:
    """The proxy to `engine` as an application."""
    app = FastAPI()
    client = httpx.AsyncClient(base_url=engine, timeout=None, limits=httpx.Limits(max_connections=None))  # noqa: S113 - streams last

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def relay(request: Request, path: str) -> StreamingResponse:
        headers = {k: v for k, v in request.headers.items() if k not in _HOP_BY_HOP}
        content = request.stream() if "content-length" in headers or "transfer-encoding" in request.headers else None
        answer = await client.send(
            client.build_request(request.method, "/" + path, headers=headers, content=content), stream=True
        )
        kept = {k: v for k, v in answer.headers.items() if k not in _HOP_BY_HOP}
        return StreamingResponse(answer.aiter_raw(), answer.status_code, kept, background=BackgroundTask(answer.aclose))

    return app


if __name__ == "__main__":
    uvicorn.run(
        application(f"http://127.0.0.1:{sys.argv[2]}"),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="error",
        access_log=False,
        backlog=4096,
    )
