"""The scripted engine of the examples, which knows itself when it read a request and wrote each content event."""

import contextlib
import json
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.interop import environments
from tests.interop.seen import Recorded
from tests.interop.servers.base import Address, started
from tests.interop.servers.guidellm_mock import ITL_MS, TTFT_MS


class Scripted:
    """Answers in the times of guidellm's mock server; head and first content leave it together, as they do there."""

    name = "scripted engine"
    environments = ("engine",)
    packages = ()
    options = ("usage",)
    head_with_content = True

    @contextlib.contextmanager
    def running(self, port: int, folder: Path, model: Path) -> Iterator[Address]:
        url = f"http://127.0.0.1:{port}"
        engine = environments.ROOT / "examples" / "engine.py"
        command = [sys.executable, engine, "--port", port, "--ttft-ms", TTFT_MS, "--itl-ms", ITL_MS]
        with started(command, folder / "engine.log", f"{url}/v1/models"):
            yield Address(url, "scripted", model)


def answers(url: str) -> list[Recorded]:
    """What the engine did, as a record would tell it if nothing came between; counts are not in it."""
    with urllib.request.urlopen(f"{url}/engine/answers") as answer:  # noqa: S310 - our own address
        told = json.load(answer)
    return [_answer(each, time.time_ns() - time.monotonic_ns()) for each in told if each["written_ns"]]


def _answer(told: Mapping[str, Any], to_unix_ns: int) -> Recorded:
    asked, wrote = told["received_ns"], told["written_ns"]
    return Recorded(
        request_id=told["request_id"],
        started=(asked + to_unix_ns) / 1e9,
        stream=True,
        input_tokens=None,
        output_tokens=sum(told["tokens"]),
        counted_by=frozenset(),
        ttft_ms=(wrote[0] - asked) / 1e6,
        ttst_ms=(wrote[1] - wrote[0]) / 1e6 if len(wrote) > 1 else None,
        e2e_ms=(wrote[-1] - asked) / 1e6,
        gaps_ms=tuple((after - before) / 1e6 for before, after in pairwise(wrote)),
        outcome=told["outcome"],
    )
