"""The tiny model, made once: a folder for transformers and the clients' tokenizers, a GGUF file beside it."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from tests.interop import environments

PARTS = ("tiny_llama.py", "tiny_gguf.py")


def made(folder: Path) -> Path:
    """The folder of the model; it is made anew where its programs or their environment have changed.

    Raises RuntimeError where it cannot be made.
    """
    model, key = folder / "tiny", folder / "made-by"
    if key.exists() and key.read_text() == _key():
        return model
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for program, options in zip(PARTS, ([model], [model, model.with_suffix(".gguf")]), strict=True):
        command = [environments.python("engine"), environments.PROGRAMS / program, *options]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise RuntimeError(f"{program} failed: {ended.stderr.strip().splitlines()[-1]}")
    key.write_text(_key())
    return model


def _key() -> str:
    needed = [environments.PROGRAMS / part for part in PARTS]
    needed.append(environments.REQUIREMENTS / "engine.txt")
    return hashlib.sha256(b"".join(path.read_bytes() for path in needed)).hexdigest()
