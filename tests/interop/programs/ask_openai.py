"""Asks through the OpenAI SDK and prints what it saw of each request, a line of JSON each; runs in `sdk`."""

import argparse
import json
import random
import time
import uuid
from collections.abc import Iterable
from typing import Any

import openai

LENGTHS = (4, 200)
OUTPUTS = (8, 64)
SEED = 4


def main() -> None:
    """Streams all requests but every fourth, one after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--requests", type=int, required=True)
    parser.add_argument("--warm-up", type=int, default=0)
    parser.add_argument("--usage", action="store_true", help="ask for usage in streams")
    told = parser.parse_args()
    sent: list[int] = []
    http = openai.DefaultHttpxClient(event_hooks={"request": [lambda _: sent.append(time.monotonic_ns())]})
    client = openai.OpenAI(base_url=f"{told.url}/v1", api_key="none", http_client=http, max_retries=0)
    chance = random.Random(SEED)
    for number in range(told.warm_up + told.requests):
        asked: dict[str, Any] = {
            "model": told.model,
            "messages": [
                {"role": "system", "content": "You say what comes next."},
                {"role": "user", "content": prompt(chance)},
            ],
            "max_tokens": chance.randint(*OUTPUTS),
            "stream": number % 4 != 3,
            "extra_headers": {"x-request-id": str(uuid.uuid4())},
        }
        if asked["stream"] and told.usage:
            asked["stream_options"] = {"include_usage": True}
        started = time.time()
        answer = client.chat.completions.create(**asked)
        seen = streamed(answer) if asked["stream"] else whole(answer)
        if number >= told.warm_up:
            seen |= {"id": asked["extra_headers"]["x-request-id"], "started": started, "sent_ns": sent[-1]}
            print(json.dumps(seen), flush=True)


def prompt(chance: random.Random) -> str:
    """Invented words, another number of them each time."""
    return " ".join(f"{chance.choice('bdgkmnprst')}{chance.choice('aeiou')}" for _ in range(chance.randint(*LENGTHS)))


def streamed(answer: Iterable[Any]) -> dict[str, Any]:
    """When each chunk with text came out of the SDK."""
    content_ns, usage = [], None
    for chunk in answer:
        now = time.monotonic_ns()
        if chunk.choices and chunk.choices[0].delta.content:
            content_ns.append(now)
        usage = chunk.usage or usage
    return {"content_ns": content_ns, "usage": counts(usage)}


def whole(answer: Any) -> dict[str, Any]:
    """When an answer in one piece came out of the SDK."""
    return {"ended_ns": time.monotonic_ns(), "usage": counts(answer.usage)}


def counts(usage: Any) -> list[int] | None:
    """Prompt and completion tokens as the server counts them."""
    return None if usage is None else [usage.prompt_tokens, usage.completion_tokens]


if __name__ == "__main__":
    main()
