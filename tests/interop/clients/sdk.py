"""The SDKs of OpenAI and Anthropic, each in a program of ours that stamps what its HTTP library reads and writes."""

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from tests.interop import environments
from tests.interop.clients.base import Order, output_of
from tests.interop.seen import Definition, Seen, Times, gaps, latency, ttft

DEFINITIONS = (
    Definition(
        "TTFT",
        "from the last byte of the request written to the bytes read that completed the first chunk with text; ours is "
        "`ttft_us`",
        ttft,
    ),
    Definition("chunk gaps", "between the reads that completed chunks with text; ours are `chunk_gaps_us`", gaps),
    Definition(
        "latency",
        "from the last byte written to the read of the last chunk with text, or of an answer in one piece; ours is "
        "`e2e_us`",
        latency,
    ),
)


class OpenAISdk:
    """Chat completions, one after the other, three of four as a stream."""

    name = "OpenAI SDK"
    environments = ("sdk",)
    packages = ("openai", "httpx2")
    definitions = DEFINITIONS

    def run(self, order: Order) -> list[Seen]:
        return _asked("ask_openai.py", order)


class AnthropicSdk:
    """Messages, one after the other, three of four as a stream."""

    name = "Anthropic SDK"
    environments = ("sdk",)
    packages = ("anthropic", "httpx2")
    definitions = DEFINITIONS

    def run(self, order: Order) -> list[Seen]:
        return _asked("ask_anthropic.py", order)


def _asked(program: str, order: Order) -> list[Seen]:
    command = [
        environments.python("sdk"), environments.PROGRAMS / program, "--url", order.at.url, "--model", order.at.model,
        "--requests", order.requests, "--warm-up", order.warm_up, *(f"--{each}" for each in order.options),
    ]  # fmt: skip
    said = output_of(command, order.folder / "sdk.log")
    return [seen(json.loads(line)) for line in said.splitlines()]


def seen(told: Mapping[str, Any]) -> Seen:
    """A line that a program of ours printed."""
    usage = told["usage"] or (None, None)
    figures = _figures(told)
    ended = told["started"] + sum(figures.get("latency", ())) / 1000
    return Seen(told["started"], ended, usage[0], usage[1], figures, told["id"])


def _figures(told: Mapping[str, Any]) -> dict[str, Times]:
    def since_sent(at_ns: int) -> Times:
        return ((at_ns - told["sent_ns"]) / 1e6,)

    if "ended_ns" in told:
        return {"latency": since_sent(told["ended_ns"])}
    came = told["came_ns"]
    if not came:
        return {}
    return {
        "TTFT": since_sent(came[0]),
        "chunk gaps": tuple((after - before) / 1e6 for before, after in pairwise(came)),
        "latency": since_sent(came[-1]),
    }
