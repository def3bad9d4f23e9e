"""guidellm's mock server: answers of invented words, with the times of a real engine."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.interop import environments
from tests.interop.servers.base import Address, started

TTFT_MS = 150
ITL_MS = 12
OUTPUT_TOKENS = 60


class GuidellmMock:
    """Several requests at once; usage where `stream_options` ask for it."""

    name = "guidellm mock-server"
    environments = ("guidellm", "engine")
    packages = ("guidellm",)
    options = ("usage",)
    head_with_content = True

    @contextlib.contextmanager
    def running(self, port: int, folder: Path, model: Path) -> Iterator[Address]:
        url = f"http://127.0.0.1:{port}"
        command = [
            environments.program("guidellm", "guidellm"), "mock-server", "--host", "127.0.0.1", "--port", port,
            "--model", "mock", "--ttft-ms", TTFT_MS, "--itl-ms", ITL_MS, "--output-tokens", OUTPUT_TOKENS,
        ]  # fmt: skip
        with started(command, folder / "mock.log", f"{url}/v1/models"):
            yield Address(url, "mock", model)
