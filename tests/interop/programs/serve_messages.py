"""A scripted server of the Anthropic form: words at fixed times, counted as tokens; runs in `.venv`."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

TTFT_S = 0.08
ITL_S = 0.012
MODEL = "scripted"


def words(told: Any) -> int:
    """How many words a prompt has, which are the tokens of this server."""
    if isinstance(told, str):
        return len(told.split())
    if isinstance(told, list):
        return sum(map(words, told))
    return sum(words(told[key]) for key in ("system", "messages", "content", "text") if key in told)


def message(tokens: int, text: str, output: int) -> dict[str, Any]:
    """A message as far as it is known."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": "end_turn" if text else None,
        "stop_sequence": None,
        "usage": {"input_tokens": tokens, "output_tokens": output},
    }


def event(kind: str, **told: Any) -> bytes:
    """One server-sent event."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **told})}\n\n".encode()


async def stream(tokens: int, output: int) -> AsyncIterator[bytes]:
    """The events of an answer; the count of the output comes at the end."""
    yield event("message_start", message=message(tokens, "", 1))
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    yield event("ping")
    await asyncio.sleep(TTFT_S)
    for text in answer(output):
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})
        await asyncio.sleep(ITL_S)
    yield event("content_block_stop", index=0)
    stopped = {"stop_reason": "end_turn", "stop_sequence": None}
    yield event("message_delta", delta=stopped, usage={"output_tokens": output})
    yield event("message_stop")


def answer(output: int) -> Iterator[str]:
    """As many words as asked for."""
    yield from ("word " for _ in range(output))


async def messages(request: Request) -> Response:
    """POST /v1/messages."""
    told = await request.json()
    tokens, output = words(told), told["max_tokens"]
    if told.get("stream"):
        return StreamingResponse(stream(tokens, output), media_type="text/event-stream")
    await asyncio.sleep(TTFT_S + output * ITL_S)
    return JSONResponse(message(tokens, "".join(answer(output)), output))


async def models(_: Request) -> Response:
    """GET /v1/models, which says that the server is there."""
    return JSONResponse({"data": [{"type": "model", "id": MODEL}]})


if __name__ == "__main__":
    app = Starlette(routes=[Route("/v1/messages", messages, methods=["POST"]), Route("/v1/models", models)])
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
