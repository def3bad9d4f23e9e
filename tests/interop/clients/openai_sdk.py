"""The OpenAI SDK: each chunk is stamped when the SDK hands it out, the request when the SDK hands it to HTTP."""

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from tests.interop import environments
from tests.interop.clients.base import Order, output_of
from tests.interop.seen import Definition, Seen, Times, gaps, latency, ttft


class OpenAISdk:
    """Streams three requests of four and asks for the fourth in one piece, one after the other."""

    name = "OpenAI SDK"
    environments = ("sdk",)
    packages = {"sdk": ("openai", "httpx2")}
    definitions = (
        Definition(
            "TTFT",
            "from the hand-over of the request to HTTP to the first chunk with text; ours is `ttft_us`",
            ttft,
        ),
        Definition("chunk gaps", "between one chunk with text and the next; ours are `chunk_gaps_us`", gaps),
        Definition(
            "latency",
            "from the same hand-over to the last chunk with text, or to the parsed answer in one piece; ours is `e2e_us`",
            latency,
        ),
    )

    def run(self, order: Order) -> list[Seen]:
        command = [
            environments.python("sdk"), environments.PROGRAMS / "ask_openai.py",
            "--url", order.at.url, "--model", order.at.model,
            "--requests", order.requests, "--warm-up", order.warm_up, *(f"--{each}" for each in order.options),
        ]  # fmt: skip
        said = output_of(command, order.folder / "openai.log")
        return [seen(json.loads(line)) for line in said.splitlines()]


def seen(told: Mapping[str, Any]) -> Seen:
    """A line of `ask_openai.py` or `ask_anthropic.py`."""
    usage = told["usage"] or (None, None)
    figures = _figures(told)
    ended = told["started"] + sum(figures.get("latency", ())) / 1000
    return Seen(told["started"], ended, usage[0], usage[1], figures, told["id"])


def _figures(told: Mapping[str, Any]) -> dict[str, Times]:
    def since_sent(at_ns: int) -> Times:
        return ((at_ns - told["sent_ns"]) / 1e6,)

    if "ended_ns" in told:
        return {"latency": since_sent(told["ended_ns"])}
    came = told["content_ns"]
    if not came:
        return {}
    return {
        "TTFT": since_sent(came[0]),
        "chunk gaps": tuple((after - before) / 1e6 for before, after in pairwise(came)),
        "latency": since_sent(came[-1]),
    }
