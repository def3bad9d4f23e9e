"""AIPerf, which sends an `x-request-id` and exports every request with every gap."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.interop import environments
from tests.interop.clients.base import Order, output_of
from tests.interop.seen import Definition, Recorded, Seen, Times, gaps, latency, ttft

INPUT = (200, 80)
OUTPUT = (40, 10)
"""Tokens: mean and standard deviation."""
SEED = 1


def second(record: Recorded) -> Times:
    """Between the first and the second content event."""
    return () if record.ttst_ms is None else (record.ttst_ms,)


def per_token(record: Recorded) -> Times:
    """(E2E − TTFT) / (N − 1)."""
    if record.e2e_ms is None or record.ttft_ms is None or record.output_tokens is None or record.output_tokens < 2:
        return ()
    return ((record.e2e_ms - record.ttft_ms) / (record.output_tokens - 1),)


class AIPerf:
    """Several streams at once, one worker process; OSL is the server's usage (`--use-server-token-count`)."""

    name = "AIPerf"
    environments = ("aiperf", "engine")
    packages = ("aiperf", "aiohttp")
    definitions = (
        Definition(
            "TTFT",
            "`time_to_first_token` less `http_req_sending`: AIPerf's clock starts before it has a connection, its HTTP "
            "trace says when the last byte was sent; ours is `ttft_us`",
            ttft,
            own_time=True,
        ),
        Definition("chunk gaps", "`inter_chunk_latency`, a list for each request; ours is `chunk_gaps_us`", gaps),
        Definition(
            "latency",
            "`request_latency` less `http_req_sending`; like ours, `e2e_us`, it ends with the last content",
            latency,
            own_time=True,
        ),
        Definition("TTST", "`time_to_second_token`; ours is `ttst_us`", second),
        Definition(
            "ITL",
            "`inter_token_latency`, (request latency − TTFT) / (OSL − 1), one for each request; ours is "
            "(`e2e_us` − `ttft_us`) / (`output_tokens` − 1)",
            per_token,
        ),
    )

    def run(self, order: Order) -> list[Seen]:
        target = order.folder / "aiperf"
        command = [
            environments.program("aiperf", "aiperf"), "profile", "--url", order.at.url, "--model", order.at.model,
            "--endpoint-type", "chat", "--streaming", "--tokenizer", order.at.vocabulary,
            "--use-server-token-count", "--use-legacy-max-tokens", "--random-seed", SEED,
            "--concurrency", order.streams,
            "--request-count", order.requests, "--warmup-request-count", order.warm_up,
            "--isl", INPUT[0], "--isl-stddev", INPUT[1], "--osl", OUTPUT[0], "--osl-stddev", OUTPUT[1],
            "--workers-max", 1, "--record-processors", 1, "--ui", "none",
            "--no-gpu-telemetry", "--no-server-metrics", "--artifact-dir", target,
        ]  # fmt: skip
        output_of(command, order.folder / "aiperf.log", HF_HUB_OFFLINE="")
        return exported(target / "profile_export.jsonl")


def exported(file: Path) -> list[Seen]:
    """The requests in `profile_export.jsonl` that are not of the warm-up."""
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    return [_seen(row) for row in rows if row["metadata"]["benchmark_phase"] == "profiling"]


def _seen(row: Mapping[str, Any]) -> Seen:
    told = row["metadata"]
    values = {name: metric["value"] for name, metric in row["metrics"].items()}
    sending = values["http_req_sending"]
    figures: dict[str, Times] = {}
    if "time_to_first_token" in values:
        figures["TTFT"] = (values["time_to_first_token"] - sending,)
        figures["latency"] = (values["request_latency"] - sending,)
        figures["chunk gaps"] = tuple(values.get("inter_chunk_latency", ()))
    for name, metric in (("TTST", "time_to_second_token"), ("ITL", "inter_token_latency")):
        if metric in values:
            figures[name] = (values[metric],)
    started = told["request_start_ns"] / 1e9
    return Seen(
        started,
        started + values.get("request_latency", 0) / 1000,
        values.get("usage_prompt_tokens"),
        values.get("usage_completion_tokens"),
        figures,
        told["x_request_id"],
    )
