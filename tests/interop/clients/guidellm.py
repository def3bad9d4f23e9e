"""guidellm, which sends no request id and tells the first and last token of each request, not those between."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.interop import environments
from tests.interop.clients.base import Order, output_of
from tests.interop.seen import Definition, Recorded, Seen, Times, latency, ttft

INPUT = (128, 40)
OUTPUT = (32, 8)
"""Tokens: mean and standard deviation."""


def mean_gap(record: Recorded) -> Times:
    """The mean time between content events."""
    return (sum(record.gaps_ms) / len(record.gaps_ms),) if record.gaps_ms else ()


def per_token_from_start(record: Recorded) -> Times:
    """E2E / N."""
    return (record.e2e_ms / record.output_tokens,) if record.e2e_ms and record.output_tokens else ()


def per_token(record: Recorded) -> Times:
    """The time from first to last content event over N − 1."""
    tokens = record.output_tokens or 0
    return (sum(record.gaps_ms) / (tokens - 1),) if record.gaps_ms and tokens > 1 else ()


class Guidellm:
    """Several streams at once, one worker process."""

    name = "guidellm"
    environments = ("guidellm", "engine")
    packages = ("guidellm", "httpx")
    definitions = (
        Definition(
            "TTFT",
            "`time_to_first_token_ms`, from the first byte of the request head that it writes; ours is `ttft_us`",
            ttft,
            own_time=True,
        ),
        Definition(
            "chunk gaps",
            "their mean, (`last_token_iteration` − `first_token_iteration`) / (`token_iterations` − 1), because it "
            "keeps no single gap; ours is the mean of `chunk_gaps_us`",
            mean_gap,
        ),
        Definition(
            "latency",
            "`request_latency`, which ends with the stream, after finish, usage and `[DONE]`; ours, `e2e_us`, ends "
            "with the last content event, and the server writes all of them at once",
            latency,
            own_time=True,
        ),
        Definition(
            "TPOT",
            "`time_per_output_token_ms`, (last token − start) / N; ours is `e2e_us` / `output_tokens`",
            per_token_from_start,
        ),
        Definition(
            "ITL",
            "`inter_token_latency_ms`, (last token − first token) / (N − 1); ours is the sum of `chunk_gaps_us` over "
            "`output_tokens` − 1",
            per_token,
        ),
    )

    def run(self, order: Order) -> list[Seen]:
        target = order.folder / "guidellm.json"
        data = {
            "kind": "synthetic_text",
            "prompt_tokens": INPUT[0],
            "prompt_tokens_stdev": INPUT[1],
            "output_tokens": OUTPUT[0],
            "output_tokens_stdev": OUTPUT[1],
        }
        command = [
            environments.program("guidellm", "guidellm"), "run",
            "--backend", f"kind=openai_http,target={order.at.url},model={order.at.model}",
            "--profile", f"kind=concurrent,streams={order.streams}",
            "--constraint", f"kind=max_requests,count={order.warm_up + order.requests}",
            "--tokenizer", f"kind=huggingface_auto,model={order.at.vocabulary}",
            "--data", ",".join(f"{name}={value}" for name, value in data.items()),
            "--output", f"kind=json,path={target}", "--disable-console-interactive",
        ]  # fmt: skip
        output_of(command, order.folder / "guidellm.log", HF_HUB_OFFLINE="", GUIDELLM__MAX_WORKER_PROCESSES="1")
        return reported(target)[order.warm_up :]


def reported(file: Path) -> list[Seen]:
    """The finished requests of a report in order of start."""
    (benchmark,) = json.loads(file.read_text())["benchmarks"]
    return sorted((_seen(each) for each in benchmark["requests"]["successful"]), key=lambda each: each.started)


def _seen(told: Mapping[str, Any]) -> Seen:
    times = told["info"]["timings"]
    figures: dict[str, Times] = {"latency": (told["request_latency"] * 1000,)}
    steps = times["token_iterations"] - 1
    if steps > 0:
        whole = times["last_token_iteration"] - times["first_token_iteration"]
        figures["chunk gaps"] = (whole / steps * 1000,)
    for name, figure in (
        ("TTFT", "time_to_first_token_ms"),
        ("TPOT", "time_per_output_token_ms"),
        ("ITL", "inter_token_latency_ms"),
    ):
        if told[figure] is not None:
            figures[name] = (told[figure],)
    return Seen(
        told["request_start_time"],
        times["last_token_iteration"] or told["request_end_time"],
        told["prompt_tokens"],
        told["output_tokens"],
        figures,
    )
