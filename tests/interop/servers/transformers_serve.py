"""`transformers serve` with the tiny model: usage inside the finish chunk, and no `[DONE]`."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.interop import environments
from tests.interop.servers.base import Address, started


class TransformersServe:
    """Generates as fast as one core can, one request after the other; refuses `stream_options`."""

    name = "transformers serve"
    environments = ("engine",)
    packages = ("transformers", "torch")
    options = ()
    head_with_content = False

    @contextlib.contextmanager
    def running(self, port: int, folder: Path, model: Path) -> Iterator[Address]:
        url = f"http://127.0.0.1:{port}"
        command = [
            environments.program("engine", "transformers"), "serve", model,
            "--host", "127.0.0.1", "--port", port, "--device", "cpu",
        ]  # fmt: skip
        log = folder / "transformers.log"
        with started(command, log, f"{url}/v1/models", HF_HUB_OFFLINE="1", OMP_NUM_THREADS="1"):
            yield Address(url, str(model), model)
