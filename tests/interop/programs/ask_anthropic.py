"""Asks through the Anthropic SDK and prints what it saw of each request, a line of JSON each; runs in `sdk`."""

from typing import Any

import anthropic
from asking import Asked, ask, options
from wire import Transport, Wire


def main() -> None:
    """Streams all requests but every fourth, one after the other."""
    told, wire = options(), Wire()
    http = anthropic.DefaultHttpxClient(transport=Transport(wire))
    client = anthropic.Anthropic(base_url=told.url, api_key="none", http_client=http, max_retries=0)

    def one(asked: Asked) -> dict[str, Any]:
        answer = client.messages.create(
            model=told.model,
            system=asked.system,
            messages=[{"role": "user", "content": asked.prompt}],
            max_tokens=asked.output,
            stream=asked.stream,
            extra_headers={"x-request-id": asked.request_id},
        )
        if not asked.stream:
            return {"ended_ns": wire.came_ns, "usage": [answer.usage.input_tokens, answer.usage.output_tokens]}
        return streamed(answer, wire)

    ask(told, wire, one)


def streamed(answer: Any, wire: Wire) -> dict[str, Any]:
    """When the bytes of each event with text came; input is counted at the start, output at the end."""
    came_ns, usage = [], [0, 0]
    for event in answer:
        if event.type == "content_block_delta" and event.delta.type == "text_delta" and event.delta.text:
            came_ns.append(wire.came_ns)
        elif event.type == "message_start":
            usage[0] = event.message.usage.input_tokens
        elif event.type == "message_delta":
            usage[1] = event.usage.output_tokens
    return {"came_ns": came_ns, "usage": usage}


if __name__ == "__main__":
    main()
