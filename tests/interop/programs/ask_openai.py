"""Asks through the OpenAI SDK and prints what it saw of each request, a line of JSON each; runs in `sdk`."""

from collections.abc import Iterable
from typing import Any

import openai
from asking import Asked, ask, options
from wire import Transport, Wire


def main() -> None:
    """Streams all requests but every fourth, one after the other."""
    told, wire = options(), Wire()
    http = openai.DefaultHttpxClient(transport=Transport(wire))
    client = openai.OpenAI(base_url=f"{told.url}/v1", api_key="none", http_client=http, max_retries=0)

    def one(asked: Asked) -> dict[str, Any]:
        extra = {"stream_options": {"include_usage": True}} if asked.stream and told.usage else {}
        answer = client.chat.completions.create(
            model=told.model,
            messages=[{"role": "system", "content": asked.system}, {"role": "user", "content": asked.prompt}],
            max_tokens=asked.output,
            stream=asked.stream,
            extra_headers={"x-request-id": asked.request_id},
            **extra,
        )
        if not asked.stream:
            return {"ended_ns": wire.came_ns, "usage": counts(answer.usage)}
        return streamed(answer, wire)

    ask(told, wire, one)


def streamed(answer: Iterable[Any], wire: Wire) -> dict[str, Any]:
    """When the bytes of each chunk with text came.

    The SDK reads when it is asked for a chunk, so the latest bytes are the ones that completed it.
    """
    came_ns, usage = [], None
    for chunk in answer:
        if chunk.choices and chunk.choices[0].delta.content:
            came_ns.append(wire.came_ns)
        usage = chunk.usage or usage
    return {"came_ns": came_ns, "usage": counts(usage)}


def counts(usage: Any) -> list[int] | None:
    """Prompt and completion tokens as the server counts them."""
    return None if usage is None else [usage.prompt_tokens, usage.completion_tokens]


if __name__ == "__main__":
    main()
