"""`llama-cpp-python`'s server with the tiny model as GGUF: no usage in a stream, whatever is asked for."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.interop import environments
from tests.interop.servers.base import Address, started

CONTEXT = 4096


class LlamaCpp:
    """Generates as fast as one core can, one request after the other."""

    name = "llama-cpp-python"
    environments = ("llama", "engine")
    packages = ("llama_cpp_python",)
    options = ()
    head_with_content = False

    @contextlib.contextmanager
    def running(self, port: int, folder: Path, model: Path) -> Iterator[Address]:
        url = f"http://127.0.0.1:{port}"
        command = [
            environments.python("llama"), "-m", "llama_cpp.server", "--model", model.with_suffix(".gguf"),
            "--model_alias", "tiny", "--n_ctx", CONTEXT, "--n_threads", 1, "--host", "127.0.0.1", "--port", port,
        ]  # fmt: skip
        with started(command, folder / "llama.log", f"{url}/v1/models"):
            yield Address(url, "tiny", model)
